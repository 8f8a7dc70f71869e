"""A watched folder is crawled once it has changed and nobody is at work in it any more."""

import shutil
from pathlib import Path

from earshot.watching import Recurring, Watched


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


def test_a_server_is_crawled_at_once_and_then_from_time_to_time() -> None:
    seconds = [0.0]
    recurring = Recurring("subsonic:all", 60, now=lambda: seconds[0])
    seen = []
    for seconds[0] in (0.0, 1.0, 59.9, 60.0, 61.0, 300.0, 301.0):
        seen.append(recurring.is_to_be_crawled())
    assert seen == [True, False, False, True, False, True, False]
