"""A file's id is the hash of its audio: whoever tags it, and however often, it stays the same track."""

import hashlib
import random
import struct
import time
from collections.abc import Callable
from pathlib import Path

import mutagen
import numpy as np
import pytest
from mutagen import apev2, id3
from mutagen.aiff import AIFF
from mutagen.asf import ASF
from mutagen.easyid3 import EasyID3
from mutagen.flac import FLAC, Picture
from mutagen.mp4 import MP4, MP4Cover
from mutagen.wave import WAVE

from earshot.containers.identity import former_track_id_of, names_file, track_id_of
from earshot.ids import TrackId, parse_track_id
from tests.music.encoding import Kind, encoded
from tests.stubs.audio import sweep

_KINDS = {
    "aiff": Kind("aiff", "pcm_s16be"),
    "w64": Kind("w64", "pcm_s16le"),
    "rf64": Kind("wav", "pcm_s16le", container_options={"rf64": "always"}),
    "wma": Kind("asf", "wmav2", 128_000),
    "aac": Kind("adts", "aac", 128_000),
    "ac3": Kind("ac3", "ac3", 192_000),
    "wv": Kind("wv", "wavpack"),
    "tta": Kind("tta", "tta"),
    "mka": Kind("matroska", "flac"),
    "webm": Kind("webm", "libopus", 96_000),
    "caf": Kind("caf", "pcm_s16be"),
    "oga": Kind("ogg", "flac"),
    "frag.mp4": Kind("mp4", "aac", 128_000, container_options={"movflags": "frag_keyframe+empty_moov"}),
}
_JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 900


def _audio(kind: str, pitch: float = 200.0) -> bytes:
    if kind not in _KINDS:
        return sweep(3, kind, pitch=pitch)
    rate = 48000
    clock = np.arange(3 * rate) / rate
    return encoded((0.3 * np.sin(2 * np.pi * (pitch + 10 * clock) * clock)).astype(np.float32), rate, _KINDS[kind])


def _id(path: Path) -> TrackId:
    with path.open("rb") as file:
        return track_id_of(file)


def _former(path: Path) -> TrackId:
    with path.open("rb") as file:
        return former_track_id_of(file)


def _id3(path: Path, *, version: int = 4, v1: int = 2, cover: bytes = _JPEG) -> None:
    tags = id3.ID3()
    tags.add(id3.TIT2(3, ["Riverlight"]))
    tags.add(id3.APIC(3, "image/jpeg", 3, "", cover))
    tags.update_to_v23() if version == 3 else tags.update_to_v24()
    tags.save(path, v2_version=version, v1=v1)


def _ape(path: Path) -> None:
    tags = apev2.APEv2()
    tags["Title"] = "Riverlight" * 20
    tags.save(path)


def _lyrics(path: Path) -> None:
    field = b"LYR" + b"%05d" % 11 + b"la la la la"
    body = b"LYRICSBEGIN" + field
    path.write_bytes(path.read_bytes() + body + b"%06d" % len(body) + b"LYRICS200")


def _lyrics_1(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"LYRICSBEGINla la laLYRICSEND")


def _enhanced(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"TAG+" + bytes(223) + b"TAG" + bytes(125))


def _easy(path: Path) -> None:
    file = mutagen.File(path, easy=True)
    file["title"], file["artist"] = ["Riverlight" * 300], ["Ash Vale"]
    file.save()


def _picture(path: Path) -> None:
    file = FLAC(path)
    picture = Picture()
    picture.data, picture.mime, picture.type = _JPEG, "image/jpeg", 3
    file.add_picture(picture)
    file["title"] = "Riverlight"
    file.save(padding=lambda _: 0)


def _ogg_cover(path: Path) -> None:
    file = mutagen.File(path)
    file["title"], file["metadata_block_picture"] = ["Riverlight"], ["x" * 300_000]
    file.save()


def _mp4(path: Path) -> None:
    file = MP4(path)
    file["\xa9nam"], file["covr"] = ["Riverlight"], [MP4Cover(_JPEG)]
    file.save()


def _wav(path: Path) -> None:
    file = WAVE(path)
    if file.tags is None:
        file.add_tags()
    assert file.tags is not None
    file.tags.add(id3.TIT2(3, ["Harbour"]))
    file.save()


def _info(path: Path) -> None:
    """As FFmpeg and foobar2000 put it: in front of the samples."""
    data = path.read_bytes()
    text = b"Harbour\0"
    chunk = b"INFO" + b"INAM" + struct.pack("<I", len(text)) + text
    listed = b"LIST" + struct.pack("<I", len(chunk)) + chunk
    at = data.index(b"data")
    path.write_bytes(data[:4] + struct.pack("<I", len(data) - 8 + len(listed)) + data[8:at] + listed + data[at:])


def _aiff(path: Path) -> None:
    file = AIFF(path)
    if file.tags is None:
        file.add_tags()
    assert file.tags is not None
    file.tags.add(id3.TIT2(3, ["Harbour"]))
    file.save()


def _asf(path: Path) -> None:
    file = ASF(path)
    file["Title"], file["WM/Lyrics"] = ["Harbour"], ["la " * 5000]
    file.save()


def _both(*retags: Callable[[Path], object]) -> Callable[[Path], object]:
    def retag(path: Path) -> None:
        for each in retags:
            each(path)

    return retag


_RETAGGED: list[tuple[str, Callable[[Path], object]]] = [
    ("mp3", _id3),
    ("mp3", lambda path: _id3(path, version=3)),
    ("mp3", id3.delete),
    ("mp3", _ape),
    ("mp3", _both(_ape, _id3)),
    ("mp3", _both(_id3, _ape)),
    ("mp3", _both(_lyrics, _id3)),
    ("mp3", _both(lambda path: _id3(path, v1=0), _lyrics_1)),
    ("mp3", _enhanced),
    ("mp3", _easy),
    ("aac", _id3),
    ("ac3", _ape),
    ("wv", _ape),
    ("tta", _ape),
    ("tta", _id3),
    ("flac", _easy),
    ("flac", _picture),
    ("flac", lambda path: _id3(path, cover=b"")),
    ("flac", lambda path: mutagen.File(path).delete()),
    ("ogg", _easy),
    ("ogg", _ogg_cover),
    ("opus", _easy),
    ("opus", _ogg_cover),
    ("oga", _easy),
    ("oga", _ogg_cover),
    ("m4a", _mp4),
    ("m4a", _easy),
    ("wav", _wav),
    ("wav", _info),
    ("wav", _both(_info, _wav)),
    ("rf64", lambda path: path.write_bytes(path.read_bytes() + b"id3 " + struct.pack("<I", 8) + b"ID3\4\0\0\0\0")),
    ("w64", _ape),
    ("aiff", _aiff),
    ("wma", _asf),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "retag"), _RETAGGED)
def test_retagging_changes_the_file_and_not_its_id(tmp_path: Path, kind: str, retag: Callable[[Path], object]) -> None:
    path = tmp_path / f"song.{kind.rpartition('.')[2]}"
    path.write_bytes(_audio(kind))
    before = _id(path)
    assert parse_track_id(before) == before
    for _ in range(2):
        former = _former(path)
        retag(path)
        assert _id(path) == before
        with path.open("rb") as file:
            assert names_file(_former(path), file)
            assert not names_file(former, file) or former in (_former(path), before)


@pytest.mark.parametrize("kind", ["mp3", "flac", "ogg", "opus", "m4a", "wav", *_KINDS])
def test_other_audio_is_another_track_in_every_container(tmp_path: Path, kind: str) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(_audio(kind))
    other.write_bytes(_audio(kind, pitch=230.0))
    assert _id(one) != _id(other)
    assert _id(one) != _former(one) or kind in ("aac", "ac3", "wv", "tta")  # these have nothing but audio


def test_a_webm_whose_tags_are_rewritten_is_the_same_track(tmp_path: Path) -> None:
    path = tmp_path / "song.webm"
    data = _audio("webm")
    path.write_bytes(data)
    before = _id(path)
    path.write_bytes(data.replace(b"Lavf", b"Mine", 1))
    assert _former(path) != f"file:{hashlib.sha256(data).hexdigest()[:16]}"
    assert _id(path) == before


def test_a_new_xing_header_is_no_new_song(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    data = bytearray(_audio("mp3"))
    path.write_bytes(data)
    before = _id(path)
    at = next(found for mark in (b"Xing", b"Info") if (found := data.find(mark)) >= 0)
    data[at + 8 : at + 12] = b"\0\0\1\0"
    path.write_bytes(data)
    assert _id(path) == before


def test_files_without_audio_are_told_apart_by_all_they_hold(tmp_path: Path) -> None:
    ids = set()
    for number, data in enumerate([b"", b"x", b"OggS", b"fLaC", b"RIFF\0\0\0\0WAVE", b"....ftyp", bytes(128), b"ID3"]):
        path = tmp_path / str(number)
        path.write_bytes(data)
        assert _id(path) == _former(path)
        ids.add(_id(path))
    assert len(ids) == 8


@pytest.mark.parametrize(
    "kind", ["mp3", "flac", "ogg", "oga", "m4a", "wav", "rf64", "aiff", "wma", "mka", "caf", "w64"]
)
def test_damaged_files_have_an_id_soon_whatever_is_damaged(tmp_path: Path, kind: str) -> None:
    dice = random.Random(7)
    data, path = _audio(kind)[:60_000], tmp_path / "song"
    began = time.monotonic()
    for _ in range(120):
        broken = bytearray(data[: dice.randrange(len(data))] if dice.random() < 0.3 else data)
        for _ in range(dice.randrange(1, 30)):
            if broken:
                broken[min(len(broken) - 1, int(dice.random() ** 4 * len(broken)))] = dice.choice((0, 0xFF, 0x80, 7))
        path.write_bytes(broken)
        parse_track_id(_id(path))
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    "data",
    [
        b"OggS" + bytes(23) + (b"OggS" + bytes(23)) * 40_000,
        b"RIFF\0\0\0\0WAVE" + (b"JUNK" + bytes(4)) * 200_000,
        b"\0\0\0\x08ftyp" * 200_000,
        b"ID3\4\0\0\0\0\0\0" * 100_000,
        b"APETAGEX" + bytes(24) + (bytes(8) + b"APETAGEX" + bytes(24)) * 30_000,
        b"\x1aE\xdf\xa3\x80" + b"\x18S\x80g\x80" * 200_000,
        b"fLaC" + bytes(4) * 500_000,
    ],
    ids=["pages", "chunks", "boxes", "id3", "ape", "segments", "blocks"],
)  # fmt: skip
def test_files_that_are_all_structure_cost_seconds_at_most(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "hostile"
    path.write_bytes(data)
    began = time.monotonic()
    parse_track_id(_id(path))
    assert time.monotonic() - began < 3


def test_a_tag_is_read_by_the_library_that_wrote_it_and_leaves_the_id_alone(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(_audio("mp3"))
    before = _id(path)
    EasyID3().save(path)
    _easy(path)
    assert mutagen.File(path, easy=True)["artist"] == ["Ash Vale"]
    assert _id(path) == before
