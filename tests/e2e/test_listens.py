"""Plays of long ago on the whole stack: ten thousand sent in from a file, some of them again, are as many plays."""

import json
import os
import subprocess
import sys
from pathlib import Path

from earshot.api_client import ApiClient
from earshot.stores.plays_lake import PlaysLake
from listening.parquet import Plays
from tests.e2e.conftest import ROOT, LocalStack, until

_PLAYS, _KEY = 10_000, "somebody who has played for years"
_ENDED_AT, _AGAIN = 1_700_000_000, 1_000


def _earshot(stack: LocalStack, *words: str) -> subprocess.CompletedProcess[str]:
    env = stack.env | {"EARSHOT_API_KEY": _KEY, "PATH": os.environ["PATH"]}
    command = [sys.executable, "-m", "cli", *words, "--api", f"http://127.0.0.1:{stack.port}"]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=180, check=False)


def _kept(stack: LocalStack, listener: str, folder: Path) -> set[str]:
    """What the lake holds of the listener."""
    lake = PlaysLake(stack.deployment.session.client("s3"), stack.deployment.parameters["plays-bucket"])
    reader = Plays(folder)
    bodies = [lake.read(found) or b"" for found in lake.objects()]
    plays = (play for body in bodies for play in reader.unpack(body))
    return {play.key for play in plays if play.listener == listener}


def test_ten_thousand_plays_are_imported_with_a_bar_and_can_be_imported_again(
    stack: LocalStack, tmp_path: Path
) -> None:
    rows = [
        {
            "ts": _ENDED_AT + 200 * number,
            "ms_played": 180_000,
            "master_metadata_track_name": f"Song {number % 50}",
            "master_metadata_album_artist_name": "Aiko Mori",
            "reason_end": "trackdone",
        }
        for number in range(_PLAYS)
    ]
    file = tmp_path / "Streaming_History_Audio_2023_5.json"
    file.write_text(json.dumps(rows))
    for words in ((), ("--from", str(_PLAYS - _AGAIN))):
        run = _earshot(stack, "listens", "import", str(file), *words)
        assert run.returncode == 0, run.stderr
        assert f"{_PLAYS} of {_PLAYS} sent" in run.stdout
    listener = ApiClient(f"http://127.0.0.1:{stack.port}", key=_KEY).get("/listens").checked()["listener"]
    until(lambda: len(_kept(stack, listener, tmp_path)) == _PLAYS, 60, "all are kept")
    assert _earshot(stack, "listens", "forget", "--yes").returncode == 0
