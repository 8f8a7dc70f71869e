from pathlib import Path

import pytest

from crawler.cutting.cutter import Cutter
from crawler.file import source as source_module
from crawler.file.memory import Memory
from crawler.file.sheets import sheets_in
from crawler.file.source import FolderSource
from crawler.source import PAGE_SIZE, PlaylistEntry
from earshot.folders import Folders
from earshot.playlists import PlaylistRef
from earshot.reasons import Reason
from tests.stubs.audio import write_sweep


def _sheet(file: str, tracks: int = 2) -> str:
    parts = (f'  TRACK {n + 1:02d} AUDIO\n    TITLE "T{n}"\n    INDEX 01 00:{n:02d}:00\n' for n in range(tracks))
    return f'TITLE "Album"\nFILE "{file}" WAVE\n{"".join(parts)}'


def _parted(folder: Path, files: list[str], sheets: dict[str, str]) -> dict[str, list[str]]:
    for name, text in sheets.items():
        (folder / name).write_text(text)
    found = sheets_in(folder, [*files, *sheets], Folders([folder]))
    return {name: [part.title for part in parts] for name, parts in found.parts.items()}


@pytest.mark.parametrize(
    ("file", "sheet", "says"),
    [
        ("album.flac", "album.cue", "album.flac"),
        ("Album.flac", "x.cue", "ALBUM.FLAC"),
        ("album.flac", "x.cue", "album.wav"),
        ("album.flac", "x.cue", "C:\\rips\\album.wav"),
        ("Ann - One.ape", "Ann - One.cue", "CDImage.wav"),
        ("Ann - One.ape", "Ann - One.ape.cue", "CDImage.wav"),
        ("Été.flac", "x.cue", "E\u0301te\u0301.flac"),
    ],
)
def test_a_sheet_parts_the_file_that_it_means(tmp_path: Path, file: str, sheet: str, says: str) -> None:
    assert _parted(tmp_path, [file, "other.mp3"], {sheet: _sheet(says)}) == {file: ["T0", "T1"]}


def test_where_two_files_may_be_meant_none_is_parted(tmp_path: Path) -> None:
    assert _parted(tmp_path, ["album.flac", "album.mp3"], {"album.cue": _sheet("album.wav")}) == {}


def test_of_two_sheets_the_one_that_names_the_file_exactly_counts(tmp_path: Path) -> None:
    sheets = {"a.cue": _sheet("album.wav", 2), "b.cue": _sheet("album.flac", 3), "c.cue": _sheet("album.flac", 4)}
    assert _parted(tmp_path, ["album.flac"], sheets) == {"album.flac": ["T0", "T1", "T2"]}


def test_a_sheet_of_a_file_for_each_track_parts_none(tmp_path: Path) -> None:
    assert _parted(tmp_path, ["1.flac", "2.flac"], {"x.cue": _sheet("1.flac", 1) + _sheet("2.flac", 1)}) == {}


def test_a_track_of_data_is_none_and_ends_the_one_before_it(tmp_path: Path) -> None:
    (tmp_path / "x.cue").write_text(_sheet("a.flac", 3).replace("03 AUDIO", "03 MODE1/2352"))
    (parts,) = sheets_in(tmp_path, ["a.flac", "x.cue"], Folders([tmp_path])).parts.values()
    assert [part.window and part.window.end_ms for part in parts] == [1000, 2000]


def test_no_sheet_is_read_that_lies_outside_or_is_no_file(tmp_path: Path) -> None:
    music = tmp_path / "music"
    music.mkdir()
    (tmp_path / "x.cue").write_text(_sheet("a.flac"))
    (music / "x.cue").symlink_to(tmp_path / "x.cue")
    (music / "folder.cue").mkdir()
    found = sheets_in(music, ["a.flac", "x.cue", "folder.cue"], Folders([music]))
    assert (found.parts, {name: why[0] for name, why in found.unused.items()}) == ({}, {"x.cue": Reason.BAD_SHEET})


def _crawled(path: Path, roots: Path) -> list[PlaylistEntry]:
    source = FolderSource(Folders([roots]), Cutter(), Memory(None), "musicnn-msd@1")
    entries: list[PlaylistEntry] = []
    cursor: str | None = "0:"
    while cursor is not None:
        page = source.read_page(PlaylistRef("file", "folder", str(path)), cursor)
        assert len(page.entries) <= PAGE_SIZE
        entries += page.entries
        cursor = page.next_cursor
    return entries


@pytest.mark.parametrize("size", [1, 2, 3, 50])
def test_the_parts_of_a_file_are_entries_on_whatever_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(source_module, "PAGE_SIZE", size)
    for name in ("a.mp3", "m/album.mp3", "m/z.mp3", "n.mp3"):
        write_sweep(tmp_path / name, 6, channels=1, rate=22050)
    (tmp_path / "m" / "x.cue").write_text(_sheet("album.mp3", 5))
    entries = _crawled(tmp_path, tmp_path)
    parts = [f"m/album.mp3/{n:03d}" for n in range(1, 6)]
    assert [entry.name for entry in entries] == ["a.mp3", *parts, "m/z.mp3", "n.mp3"]
    assert [entry.number for entry in entries] == list(range(8))
    assert [entry.name for entry in _crawled(tmp_path / "m" / "album.mp3", tmp_path)] == [
        part.removeprefix("m/") for part in parts
    ]
