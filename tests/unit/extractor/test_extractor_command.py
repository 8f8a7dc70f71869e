import base64
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from extractor.__main__ import main
from extractor.audio.decode import decode
from extractor.audio.decoder import MAX_BYTES
from extractor.networks.musicnn import MusicnnMsd
from tests.corpus import clips, hostile_dir
from tests.model import choi_model_dir, model_dir


@pytest.fixture(autouse=True)
def models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARSHOT_MODEL_DIR", str(model_dir()))
    monkeypatch.delenv("EARSHOT_MODEL", raising=False)


def test_it_says_what_it_hears(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(clips()[0].path)]) == 0
    said = capsys.readouterr().out
    assert "musicnn-msd@1, 30.0 s heard" in said
    assert "624 numbers" in said
    assert "tags" in said


def test_json_holds_the_whole_embedding_one_file_a_line(
    capsys: pytest.CaptureFixture[str], network: MusicnnMsd
) -> None:
    paths = [clip.path for clip in clips()[:3]]
    assert main([*map(str, paths), "--json", "--jobs", "2"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["file"] for line in lines] == list(map(str, paths))
    want = network.features(decode(paths[1].read_bytes(), 16_000, 1).samples).embedding.embedding
    np.testing.assert_array_equal(np.frombuffer(base64.b64decode(lines[1]["embedding"]), "<f2"), want.astype("<f2"))
    assert len(lines[1]["tags"]) == 10


def test_a_bad_file_stops_no_other_and_is_counted(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    bad, missing = hostile_dir() / "silence.mp3", tmp_path / "none.mp3"
    assert main([str(bad), str(missing), str(clips()[0].path), "--json"]) == 1
    reasons = [json.loads(line).get("reason") for line in capsys.readouterr().out.splitlines()]
    assert reasons == ["silent", "unreadable", None]


@pytest.mark.parametrize("kind", ["folder", "pipe", "endless device"])
def test_what_is_no_file_is_not_read(kind: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case _:
            path.symlink_to("/dev/zero")
    assert main([str(path), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["reason"] == "unreadable"


def test_a_file_too_large_for_the_decoder_is_not_read(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "album.wav"
    path.touch()
    os.truncate(path, MAX_BYTES + 1)
    assert main([str(path), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["reason"] == "too_large"


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_any_name_can_be_printed(encoding: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = str(tmp_path / os.fsdecode(b"\xc3\xa4\xff.mp3"))
    shutil.copy(clips()[0].path, path)
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, encoding, write_through=True))
    assert [main([path]), main([path, "--json"])] == [0, 0]
    assert json.loads(printed.getvalue().splitlines()[-1])["file"] == path


def test_a_reader_that_has_seen_enough_ends_it_quietly() -> None:
    command = [sys.executable, "-m", "extractor", *[str(clip.path) for clip in clips()[:4]]]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout
    assert process.stderr
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=20) == 1


def test_the_network_is_a_choice(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARSHOT_MODEL_DIR", str(choi_model_dir()))
    assert main([str(clips()[0].path), "--model", "choi-2017@1"]) == 0
    assert "160 numbers" in capsys.readouterr().out


def test_a_missing_model_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EARSHOT_MODEL_DIR", str(tmp_path))
    assert main([str(clips()[0].path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "make model" in line
