import os
from pathlib import Path
from typing import Any

import pytest

from crawler.cutting.cutter import Cutter
from crawler.file import source as source_module
from crawler.file.memory import Memory
from crawler.file.source import FolderSource
from earshot.errors import PlaylistNotFound
from earshot.folders import Folders
from earshot.playlists import PlaylistRef
from earshot.reasons import Reason
from tests.stubs.audio import write_sweep


def _source(folder: Path) -> FolderSource:
    return FolderSource(Folders([folder]), Cutter(), Memory(None), "musicnn-msd@1")


def _read(folder: Path, cursor: str | None = None) -> list[tuple[str | None, Reason | None]]:
    """Title and reason of the entries of a page, and of those that follow."""
    page = _source(folder).read_page(PlaylistRef("file", "folder", str(folder)), cursor)
    entries = [(entry.info.title if entry.info else None, entry.reason) for entry in page.entries]
    return entries + _read(folder, page.next_cursor) if page.next_cursor else entries


def _close(monkeypatch: pytest.MonkeyPatch, *folders: Path) -> None:
    """Take away the right to list `folders`, from root too."""
    scandir = os.scandir

    def scan(path: Path) -> Any:
        if path in folders:
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", scan)


def test_links_that_lead_nowhere_are_counted_and_stop_nothing(tmp_path: Path) -> None:
    (tmp_path / "around").symlink_to("around")
    (tmp_path / "around.mp3").symlink_to("around.mp3")
    (tmp_path / "broken.mp3").symlink_to("gone.mp3")
    (tmp_path / "broken.txt").symlink_to("gone.txt")
    write_sweep(tmp_path / "sound.mp3", 1)
    assert _read(tmp_path) == [(None, "unreadable_file"), (None, "unreadable_file"), ("sound", None)]


def test_a_folder_inside_that_cannot_be_listed_is_counted_once_on_whatever_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_module, "PAGE_SIZE", 1)
    for name in ("a", "b", "c"):
        write_sweep(tmp_path / name / "sound.mp3", 1)
    _close(monkeypatch, tmp_path / "a", tmp_path / "c")
    assert _read(tmp_path) == [(None, "unreadable_file"), ("sound", None), (None, "unreadable_file")]


def test_a_page_holds_as_many_files_as_it_opens_and_more_of_those_that_have_not_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_module, "PAGE_SIZE", 2)
    music, ref = tmp_path / "music", PlaylistRef("file", "folder", str(tmp_path / "music"))
    for number in range(5):
        write_sweep(music / f"{number}.mp3", 1)

    def pages() -> list[list[str]]:
        source = FolderSource(Folders([music]), Cutter(), Memory(tmp_path / "files"), "musicnn-msd@1")
        read: list[list[str]] = []
        cursor = None
        while not read or cursor:
            page = source.read_page(ref, cursor)
            read.append([entry.name for entry in page.entries])
            assert [entry.number for entry in page.entries] == [int(entry.name[0]) for entry in page.entries]
            cursor = page.next_cursor
        return read

    assert pages() == [["0.mp3", "1.mp3"], ["2.mp3", "3.mp3"], ["4.mp3"]]
    assert pages() == [["0.mp3", "1.mp3", "2.mp3", "3.mp3", "4.mp3"]]
    for number in (1, 2, 4):
        write_sweep(music / f"{number}.mp3", 2 + number)
    assert pages() == [["0.mp3", "1.mp3", "2.mp3", "3.mp3"], ["4.mp3"]]


def test_a_folder_that_cannot_be_listed_is_named_with_the_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _close(monkeypatch, tmp_path)
    with pytest.raises(PlaylistNotFound, match="Permission denied") as caught:
        _read(tmp_path)
    assert str(tmp_path) in caught.value.message
    (tmp_path / "around").symlink_to("around")
    with pytest.raises(PlaylistNotFound, match="symbolic links"):
        _read(tmp_path / "around")


@pytest.mark.parametrize("name", ["two words ", "音楽\u3000集", "a\u00a0b", "é ü – x?#%", "caf\udce9"])
def test_whatever_a_file_and_its_folder_are_called_the_clip_is_found_again(tmp_path: Path, name: str) -> None:
    path = write_sweep(tmp_path / name / f"{name}.mp3", 1)
    source = _source(tmp_path)
    (entry,) = source.read_page(PlaylistRef("file", "folder", str(tmp_path)), None).entries
    assert entry.info is not None
    entry.info.title.encode()
    assert source.clip(entry.info, max_bytes=1_000_000) == path.read_bytes()
