"""Cutting in the confined process gives what cutting in this one gives."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.cutting.clip import clip_of
from crawler.cutting.cutter import Cutter
from earshot.errors import AudioRejected
from tests.corpus import hostile_dir
from tests.stubs.audio import write_sweep

_MOST = 10 * 2**20


@pytest.fixture(scope="module")
def cutter() -> Iterator[Cutter]:
    cutter = Cutter()
    yield cutter
    cutter.close()


def _there(cutter: Cutter, path: Path) -> bytes | str:
    with path.open("rb") as file:
        file.read(1)  # somebody has read in it before
        try:
            return cutter.clip(file, max_bytes=_MOST)
        except AudioRejected as error:
            return f"{error.reason}: {error.message}"


def _here(path: Path) -> bytes | str:
    try:
        return clip_of(io.BytesIO(path.read_bytes()), max_bytes=_MOST)
    except AudioRejected as error:
        return f"{error.reason}: {error.message}"


@pytest.mark.parametrize("kind", ["mp3", "flac", "opus", "ogg", "m4a", "wav"])
def test_files_of_every_kind(cutter: Cutter, tmp_path: Path, kind: str) -> None:
    path = write_sweep(tmp_path / f"a.{kind}", 40)
    clip = _there(cutter, path)
    assert clip == _here(path)
    assert len(clip) < path.stat().st_size


def test_hostile_files(cutter: Cutter) -> None:
    before = cutter.pid
    for path in sorted(hostile_dir().iterdir()):
        if path.is_file():
            assert _there(cutter, path) == _here(path), path.name
    assert before in (None, cutter.pid), "none of them killed it"


def test_no_process_is_started_before_the_first_file() -> None:
    assert Cutter().pid is None
