"""One reader for the tags of every format."""

import errno
import io
import struct
from pathlib import Path

import mutagen
import numpy as np
import pytest
from mutagen import apev2, id3
from mutagen.asf import ASF
from mutagen.mp4 import MP4, MP4FreeForm
from mutagen.wave import WAVE
from numpy.typing import NDArray

from crawler.file.tags import Tags, read_tags
from tests.music.encoding import Kind, encoded
from tests.stubs.audio import sweep

_MBID = "4e0d8f4a-32a5-4a2e-8b0a-5cf0f2e1d111"
_FULL = Tags(
    title="Pier",
    artists=("Mira Sol", "Ben Oak"),
    album="Tides",
    album_artist="Various Artists",
    genres=("Folk", "Rock"),
    year=2001,
    track_number=3,
    disc_number=2,
    isrc="GBAYE0601498",
    mbid=_MBID,
)


def _write(path: Path, kind: str) -> Path:
    path.write_bytes(sweep(1, kind))
    return path


def _read(path: Path) -> Tags:
    with path.open("rb") as file:
        found = read_tags(file)
    values = {name: getattr(found, name) for name in Tags.__dataclass_fields__ if name != "length_s"}
    return Tags(**values)


def _frames(tags: id3.ID3) -> None:
    for frame in (
        id3.TIT2(3, ["Pier"]), id3.TPE1(3, ["Mira Sol", "Ben Oak"]), id3.TALB(3, ["Tides"]), id3.TCON(3, ["Folk",
        "(17)"]),
        id3.TPE2(3, ["Various Artists"]), id3.TDRC(3, ["2001-05-03"]), id3.TRCK(3, ["3/12"]), id3.TPOS(3, ["2/2"]),
        id3.TSRC(3, ["GB-AYE-06-01498"]), id3.UFID("http://musicbrainz.org", _MBID.encode()),
        id3.TXXX(3, "MusicBrainz Release Track Id", ["00000000-0000-0000-0000-000000000000"]),
    ):  # fmt: skip
        tags.add(frame)


def test_id3_of_an_mp3_and_in_a_chunk_of_a_wav(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.mp3", "mp3")
    tags = id3.ID3()
    _frames(tags)
    tags.save(path)
    assert _read(path) == _FULL
    path = _write(tmp_path / "03 rip.wav", "wav")
    wave = WAVE(path)
    wave.add_tags()
    assert wave.tags is not None
    _frames(wave.tags)
    wave.save()
    assert _read(path) == _FULL


def _with_info(data: bytes, *pairs: tuple[bytes, bytes]) -> bytes:
    chunk = b"INFO"
    for name, text in pairs:
        chunk += name + struct.pack("<I", len(text) + 1) + text + b"\0" * (2 - len(text) % 2)
    return data + b"LIST" + struct.pack("<I", len(chunk)) + chunk


def test_info_of_a_wav(tmp_path: Path) -> None:
    path = tmp_path / "04 rip.wav"
    path.write_bytes(
        _with_info(
            sweep(1, "wav"),
            (b"INAM", b"Pier"), (b"IART", b"Mira Sol"), (b"IPRD", b"Tides"), (b"IGNR", b"Folk/Rock"),
            (b"ICRD", b"2001-05-03"),
            (b"ITRK", b"3"),
        )
    )  # fmt: skip
    assert _read(path) == Tags(
        title="Pier", artists=("Mira Sol",), album="Tides", genres=("Folk", "Rock"), year=2001, track_number=3
    )


@pytest.mark.parametrize("kind", ["flac", "ogg", "opus"])
def test_vorbis_comments(tmp_path: Path, kind: str) -> None:
    path = _write(tmp_path / f"a.{kind}", kind)
    file = mutagen.File(path)
    file["TITLE"], file["ARTIST"], file["ALBUM"] = "Pier", ["Mira Sol", "Ben Oak"], "Tides"
    file["ALBUMARTIST"], file["GENRE"], file["DATE"] = "Various Artists", ["Folk; rock", "Rock", "FOLK"], "2011"
    file["ORIGINALDATE"], file["TRACKNUMBER"], file["DISCNUMBER"] = "2001", "03", "2"
    file["ISRC"], file["MUSICBRAINZ_TRACKID"] = "GBAYE0601498", _MBID.upper()
    file.save()
    assert _read(path).genres == ("Folk", "rock")
    file["GENRE"] = ["Folk", "Rock"]
    file.save()
    assert _read(path) == _FULL


def test_mp4(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.m4a", "m4a")
    file = MP4(path)
    file["\xa9nam"], file["\xa9ART"], file["\xa9alb"] = ["Pier"], ["Mira Sol; Ben Oak"], ["Tides"]
    file["aART"], file["\xa9gen"], file["\xa9day"] = ["Various Artists"], ["Folk/Rock"], ["2001-05-03T00:00:00Z"]
    file["trkn"], file["disk"] = [(3, 12)], [(2, 2)]
    file["----:com.apple.iTunes:ISRC"] = [MP4FreeForm(b"GBAYE0601498")]
    file["----:com.apple.iTunes:MusicBrainz Track Id"] = [MP4FreeForm(_MBID.encode())]
    file.save()
    assert _read(path) == _FULL


def test_ape_behind_an_mp3_and_in_wavpack(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.mp3", "mp3")
    tags = apev2.APEv2()
    tags["Title"], tags["Artist"], tags["Album"] = "Pier", ["Mira Sol", "Ben Oak"], "Tides"
    tags["Album Artist"], tags["Genre"], tags["Year"] = "Various Artists", ["Folk", "Rock"], "2001"
    tags["Track"], tags["Disc"], tags["ISRC"], tags["MUSICBRAINZ_TRACKID"] = "3/12", "2", "GBAYE0601498", _MBID
    tags.save(path)
    assert _read(path) == _FULL
    path = tmp_path / "a.wv"
    path.write_bytes(encoded(np_silence(), 44100, Kind("wv", "wavpack")))
    tags.save(path)
    assert _read(path) == _FULL


def test_asf(tmp_path: Path) -> None:
    path = tmp_path / "a.wma"
    path.write_bytes(encoded(np_silence(), 44100, Kind("asf", "wmav2", 128_000)))
    file = ASF(path)
    file["Title"], file["Author"], file["WM/AlbumTitle"] = ["Pier"], ["Mira Sol", "Ben Oak"], ["Tides"]
    file["WM/AlbumArtist"], file["WM/Genre"], file["WM/Year"] = ["Various Artists"], ["Folk", "Rock"], ["2001"]
    file["WM/TrackNumber"], file["WM/PartOfSet"], file["WM/ISRC"] = ["3"], ["2/2"], ["GBAYE0601498"]
    file["MusicBrainz/Track Id"] = [_MBID]
    file.save()
    assert _read(path) == _FULL


def np_silence() -> NDArray[np.float32]:
    return (0.1 * np.sin(np.arange(44100) / 20)).astype(np.float32)


@pytest.mark.parametrize(
    ("written", "year"),
    [("2001", 2001), ("2001-05-03", 2001), ("20010503", 2001), ("03.05.2001", 2001), ("2001/2011", 2001),
    ("0000", None),
     ("98", None), ("c. 1890", 1890), ("12001", None), ("", None)],
)  # fmt: skip
def test_years_as_people_write_them(tmp_path: Path, written: str, year: int | None) -> None:
    path = _write(tmp_path / "a.flac", "flac")
    file = mutagen.File(path)
    file["DATE"] = written
    file.save()
    assert _read(path).year == year


@pytest.mark.parametrize(
    ("written", "genres"),
    [
        (["Folk/Rock"], ("Folk", "Rock")),
        (["Folk; Rock;folk"], ("Folk", "Rock")),
        (["Singer/Songwriter"], ("Singer/Songwriter",)),
        (["Folk, World, & Country"], ("Folk, World, & Country",)),
        (["R&B\\\\Soul"], ("R&B", "Soul")),
        (["Unknown", "other", "N/A"], ()),
        (["(17)"], ("(17)",)),
    ],
)
def test_genres_as_people_write_them(tmp_path: Path, written: list[str], genres: tuple[str, ...]) -> None:
    path = _write(tmp_path / "a.flac", "flac")
    file = mutagen.File(path)
    file["GENRE"] = written
    file.save()
    assert _read(path).genres == genres


def test_whatever_bytes_come_no_tags_are_none() -> None:
    assert read_tags(io.BufferedReader(io.FileIO("/dev/null"))) == Tags()


class _FailingDisk(io.FileIO):
    """Reads nothing any more once it has been read a few times."""

    reads = 0

    def read(self, size: int | None = -1) -> bytes:
        self.reads += 1
        if self.reads > 3:
            raise OSError(errno.EIO, "Input/output error")
        return super().read(-1 if size is None else size) or b""


@pytest.mark.parametrize("kind", ["mp3", "flac", "wav"])
def test_a_disk_that_fails_is_not_taken_for_a_file_without_tags(tmp_path: Path, kind: str) -> None:
    """Such a file would be remembered without its title for as long as it does not change."""
    with _FailingDisk(_write(tmp_path / f"a.{kind}", kind)) as file, pytest.raises(OSError, match="Input/output"):
        read_tags(file)
