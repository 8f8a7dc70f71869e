"""A watched folder is crawled once it has changed and nobody is at work in it any more."""

import shutil
from pathlib import Path

from earshot.watching import Watched


def test_a_folder_is_crawled_once_after_each_change_when_it_has_come_to_rest(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_bytes(b"1")
    watched = Watched(tmp_path)
    assert [watched.is_to_be_crawled() for _ in range(4)] == [False, True, False, False]
    (tmp_path / "b.mp3").write_bytes(b"1")
    assert not watched.is_to_be_crawled()
    (tmp_path / "b.mp3").write_bytes(b"12")
    assert [watched.is_to_be_crawled() for _ in range(3)] == [False, True, False]
    (tmp_path / "b.mp3").unlink()
    assert [watched.is_to_be_crawled() for _ in range(3)] == [False, True, False]


def test_a_disk_that_is_away_is_no_change(tmp_path: Path) -> None:
    (tmp_path / "nas").mkdir()
    (tmp_path / "nas" / "a.mp3").write_bytes(b"1")
    watched = Watched(tmp_path / "nas")
    assert [watched.is_to_be_crawled() for _ in range(2)] == [False, True]
    shutil.rmtree(tmp_path / "nas")
    assert not any(watched.is_to_be_crawled() for _ in range(3))
    (tmp_path / "nas").mkdir()
    assert not any(watched.is_to_be_crawled() for _ in range(3))
