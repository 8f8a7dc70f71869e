import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from earshot.errors import InvalidInput, InvalidSettings
from extractor.model import checkpoint
from extractor.model.__main__ import main
from extractor.networks.loading import load_network
from extractor.networks.model_files import is_complete, load_model_files
from tests.model import model_dir

MODEL = "musicnn-msd@1"


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    shutil.copytree(model_dir(), tmp_path / "model")
    return tmp_path / "model"


def test_files_that_are_missing_say_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="no usable model musicnn-msd@1") as caught:
        load_model_files(tmp_path, MODEL)
    assert "make model" in caught.value.hint


def test_a_damaged_file_is_never_used(copied: Path) -> None:
    graph = copied / f"{MODEL}.onnx"
    graph.write_bytes(graph.read_bytes()[:-1] + b"\0")
    with pytest.raises(InvalidSettings, match="damaged"):
        load_model_files(copied, MODEL)


@pytest.mark.parametrize("description", ["", "{}", "[]", '{"sha256": {}, "tags": [], "recipe": ""}'])
def test_a_damaged_description_is_never_used(copied: Path, description: str) -> None:
    (copied / f"{MODEL}.json").write_text(description)
    with pytest.raises(InvalidSettings, match="no usable model"):
        load_model_files(copied, MODEL)
    assert not is_complete(copied, MODEL, "")


def test_a_build_cut_short_is_not_complete(copied: Path) -> None:
    recipe = json.loads((copied / f"{MODEL}.json").read_text())["recipe"]
    assert is_complete(copied, MODEL, recipe)
    assert not is_complete(copied, MODEL, "another recipe")
    (copied / f"{MODEL}.mel.npy").unlink()
    assert not is_complete(copied, MODEL, recipe)


def test_a_build_that_is_current_does_nothing_and_imports_no_tensorflow() -> None:
    script = (
        "import sys; from extractor.model.__main__ import main; code = main([]); "
        "print(code, 'tensorflow' in sys.modules, 'librosa' in sys.modules)"
    )
    model_dir()
    outcome = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "up to date" in outcome.stdout
    assert outcome.stdout.splitlines()[-1] == "0 False False"


def test_a_wheel_of_other_contents_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / checkpoint.WHEEL
    fake.write_bytes(b"something else")
    monkeypatch.setenv(checkpoint.WHEEL_SETTING, str(fake))
    with pytest.raises(InvalidInput, match=r"has SHA-256 .* expected"):
        checkpoint.wheel_path()


def test_a_wheel_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(checkpoint.WHEEL_SETTING, "/nowhere/musicnn.whl")
    with pytest.raises(InvalidInput, match=r"/nowhere/musicnn\.whl is not a file"):
        checkpoint.wheel_path()


def test_without_a_network_one_line_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checkpoint, "_CACHE", tmp_path)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("EARSHOT_MODEL_DIR", str(tmp_path / "model"))
    assert main([]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "pip download --no-deps musicnn==0.1.0" in line
    assert checkpoint.WHEEL_SETTING in line


def test_the_tags_are_read_without_running_the_wheels_code() -> None:
    tags = checkpoint.read_tags(checkpoint.wheel_path())
    assert (len(tags), tags[0], tags[-1]) == (50, "rock", "happy")


def test_choi_wants_its_weights_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EARSHOT_MODEL_DIR", str(tmp_path))
    assert main(["choi-2017@1", "--weights", str(tmp_path / "none.hdf5")]) == 1
    assert "no weight file at" in capsys.readouterr().err


def test_an_unknown_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InvalidSettings, match="EARSHOT_MODEL='vgg' is none of musicnn-msd@1, musicnn-mn04@2, choi-2017@1"
    ):
        load_network("vgg", tmp_path)
