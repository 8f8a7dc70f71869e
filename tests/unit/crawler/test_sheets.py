from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from mutagen.flac import FLAC, CueSheet, CueSheetTrack, CueSheetTrackIndex

from crawler.cutting.cutter import Cutter
from crawler.file import source as source_module
from crawler.file.memory import Memory
from crawler.file.sheets import sheets_in
from crawler.file.source import FolderSource
from crawler.source import Page, PlaylistEntry
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


def _source(roots: Path) -> FolderSource:
    return FolderSource(Folders([roots]), Cutter(), Memory(roots / ".memory"), "musicnn-msd@1")


def _pages(path: Path, roots: Path) -> Iterator[Page]:
    source = _source(roots)
    cursor: str | None = "0:"
    while cursor is not None:
        page = source.read_page(PlaylistRef("file", "folder", str(path)), cursor)
        yield page
        cursor = page.next_cursor


def _crawled(path: Path, roots: Path) -> list[PlaylistEntry]:
    return [entry for page in _pages(path, roots) for entry in page.entries]


@pytest.mark.parametrize("size", [1, 2, 3, 50])
def test_the_parts_of_a_file_are_entries_on_whatever_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(source_module, "_MOST_ENTRIES", size)
    for name in ("a.mp3", "m/album.mp3", "m/z.mp3", "n.mp3"):
        write_sweep(tmp_path / name, 6, channels=1, rate=22050)
    (tmp_path / "m" / "x.cue").write_text(_sheet("album.mp3", 5))
    pages = list(_pages(tmp_path, tmp_path))
    assert all(len(page.entries) <= size for page in pages)
    entries = [entry for page in pages for entry in page.entries]
    parts = [f"m/album.mp3/{n:03d}" for n in range(1, 6)]
    assert [entry.name for entry in entries] == ["a.mp3", *parts, "m/z.mp3", "n.mp3"]
    assert [entry.number for entry in entries] == list(range(8))
    assert [entry.name for entry in _crawled(tmp_path / "m" / "album.mp3", tmp_path)] == [
        part.removeprefix("m/") for part in parts
    ]


def _image(path: Path, sheet: str = "", starts: Sequence[int] = (), pitch: float = 300) -> Path:
    """A file of six seconds with a sheet in it: a tag, or a block of tracks that start at these seconds."""
    tagged = FLAC(write_sweep(path, 6, channels=1, rate=44100, pitch=pitch))
    tagged["album"] = "Album"
    if sheet:
        tagged["cuesheet"] = sheet
    if starts:
        block = tagged.cuesheet = CueSheet(None)
        tagged.metadata_blocks.append(block)
        for number, start in enumerate([*starts, 6], 1):
            track = CueSheetTrack(170 if start == 6 else number, start * 44100, b"")
            track.indexes += [CueSheetTrackIndex(0, 0), CueSheetTrackIndex(1, 588)] if start < 6 else []
            block.tracks.append(track)
    tagged.save()
    return path


@pytest.mark.parametrize("size", [1, 2, 50])
def test_a_sheet_in_a_file_parts_it_on_one_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(source_module, "_MOST_ENTRIES", size)
    write_sweep(tmp_path / "a.mp3", 1)
    write_sweep(tmp_path / "m.mp3", 1)
    _image(tmp_path / "disc.flac", _sheet("CDImage.wav", 3))
    entries = _crawled(tmp_path, tmp_path)
    assert [e.name for e in entries] == ["a.mp3", *(f"disc.flac/{n:03d}" for n in (1, 2, 3)), "m.mp3"]
    assert [e.number for e in entries] == list(range(5))
    parts = [entry.info for entry in entries[1:4] if entry.info]
    assert [part.title for part in parts] == ["T0", "T1", "T2"]
    assert [(part.preview_url or "").partition("#")[2] for part in parts] == [
        "t=0.000,1.000",
        "t=1.000,2.000",
        "t=2.000",
    ]
    assert [entry.name for entry in _crawled(tmp_path / "disc.flac", tmp_path)] == [e.name for e in entries[1:4]]


def test_a_block_of_a_flac_parts_it_and_its_tag_goes_before(tmp_path: Path) -> None:
    _image(tmp_path / "1.flac", starts=(0, 2, 4))
    _image(tmp_path / "2.flac", _sheet("x", 2), starts=(0, 2, 4), pitch=400)
    infos = [entry.info for entry in _crawled(tmp_path, tmp_path) if entry.info]
    assert [info.title for info in infos] == ["Album 1", "Album 2", "Album 3", "T0", "T1"]
    assert [(i.preview_url or "").partition("#t=")[2] for i in infos[:3]] == ["0.013,2.013", "2.013,4.013", "4.013"]


@pytest.mark.parametrize(
    "sheet",
    [_sheet("one.wav", 1), _sheet("1.wav", 2) + _sheet("2.wav", 2), "no sheet", 'TRACK "', "x" * 70_000],
    ids=["one_track", "two_files", "words", "broken", "endless"],
)
def test_a_file_is_one_track_whose_sheet_makes_nothing_of_it(tmp_path: Path, sheet: str) -> None:
    _image(tmp_path / "one.flac", sheet)
    assert [entry.name for entry in _crawled(tmp_path, tmp_path)] == ["one.flac"]


def test_a_sheet_beside_a_file_goes_before_the_one_in_it(tmp_path: Path) -> None:
    _image(tmp_path / "disc.flac", _sheet("disc.wav", 3))
    (tmp_path / "disc.cue").write_text(_sheet("disc.flac", 2))
    assert [entry.name for entry in _crawled(tmp_path, tmp_path)] == ["disc.flac/001", "disc.flac/002"]


def test_a_track_of_a_sheet_in_a_file_is_heard_from_its_window(tmp_path: Path) -> None:
    _image(tmp_path / "disc.flac", _sheet("x", 3))
    source = _source(tmp_path)
    entries = source.read_page(PlaylistRef("file", "folder", str(tmp_path)), None).entries
    assert entries[1].info
    assert source.clip(entries[1].info, max_bytes=1 << 20)
