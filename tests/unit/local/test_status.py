from pathlib import Path

import pytest

from local.__main__ import main


def test_the_status_of_a_stage_in_the_cloud_is_asked_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EARSHOT_LOCAL_DIR", str(tmp_path))
    monkeypatch.setenv("STAGE", "dev")
    for name in ("EARSHOT_STAGE", "EARSHOT_API_URL"):
        monkeypatch.delenv(name, raising=False)
    assert main(["status"]) == 1
    assert "where does the API of stage dev answer?" in capsys.readouterr().err
