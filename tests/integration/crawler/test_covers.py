"""Covers from where they are found to where they are kept: in files, beside them, shared, replaced, removed."""

import base64
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import boto3
import mutagen
import numpy as np
import pytest
from mutagen import apev2, asf, flac, id3, mp4
from mutagen.asf._attrs import ASFByteArrayAttribute

from crawler.covers.sweep import CoverSweep
from earshot.covers import SIZES, cover_of
from earshot.stores.covers_bucket import CoversBucket
from earshot.stores.message_queue import MessageQueue
from earshot.track import NO_COVER, TrackInfo
from tests.music.encoding import Kind, encoded
from tests.stubs.audio import sweep, write_sweep
from tests.stubs.pictures import picture
from tests.stubs.stack import Stack, running_stack


def _bomb() -> bytes:
    """A PNG of 30,000 by 30,000 pixels in a few kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(9_000_000)))
        + chunk(b"IEND", b"")
    )


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch, folder: Path, tmp_path: Path) -> Iterator[Stack]:
    own = {"folder_roots": str(folder), "file_memory": str(tmp_path / "files.sqlite3"), "covers_bucket": "covers"}
    with running_stack(monkeypatch, **own) as running:
        location = {"LocationConstraint": "eu-central-1"}
        boto3.client("s3").create_bucket(Bucket="covers", CreateBucketConfiguration=location)  # type: ignore[arg-type]
        yield running


def _kept() -> CoversBucket:
    return CoversBucket(boto3.client("s3"), "covers")


def _infos(stack: Stack) -> dict[str, TrackInfo]:
    return {Path(track.info.preview_url or "").name: track.info for track in stack.tracks.scan()}


def _wma() -> bytes:
    return encoded(np.sin(np.arange(88_200) / 20, dtype=np.float32), 44_100, Kind("asf", "wmav2", 96_000))


def _id3(path: Path, content: bytes) -> None:
    tags = id3.ID3()
    tags.add(id3.APIC(3, "image/jpeg", 4, "back", picture(1)))
    tags.add(id3.APIC(3, "image/jpeg", 3, "", content))
    tags.save(path)


def _block(content: bytes) -> flac.Picture:
    block = flac.Picture()
    block.data, block.type, block.mime = content, 3, "image/jpeg"
    return block


def _flac(path: Path, content: bytes) -> None:
    file = flac.FLAC(path)
    file.add_picture(_block(content))
    file.save()


def _vorbis(path: Path, content: bytes) -> None:
    file = mutagen.File(path)
    file["metadata_block_picture"] = [base64.b64encode(_block(content).write()).decode()]
    file.save()


def _mp4(path: Path, content: bytes) -> None:
    file = mp4.MP4(path)
    file["covr"] = [mp4.MP4Cover(content)]
    file.save()


def _ape(path: Path, content: bytes) -> None:
    tags = apev2.APEv2()
    tags["Cover Art (Front)"] = apev2.APEValue(b"cover.jpg\0" + content, apev2.BINARY)
    tags.save(path)


def _asf(path: Path, content: bytes) -> None:
    file = asf.ASF(path)
    texts = "image/jpeg\0".encode("utf-16-le") + "\0".encode("utf-16-le")
    file["WM/Picture"] = [ASFByteArrayAttribute(struct.pack("<BI", 3, len(content)) + texts + content)]
    file.save()


@pytest.mark.parametrize(
    ("name", "embed"),
    [("a.mp3", _id3), ("b.flac", _flac), ("c.ogg", _vorbis), ("d.opus", _vorbis), ("e.m4a", _mp4), ("f.mp3", _ape),
     ("g.wma", _asf), ("h.flac", _id3)],
)  # fmt: skip
def test_the_front_cover_in_a_file_is_kept_small(
    stack: Stack, folder: Path, name: str, embed: Callable[[Path, bytes], None]
) -> None:
    content = picture(250)
    path = folder / name
    path.write_bytes(sweep(2, path.suffix[1:]) if path.suffix != ".wma" else _wma())
    embed(path, content)
    stack.run(str(folder))
    assert _infos(stack)[name].own_cover == cover_of(content)
    for size in SIZES:
        kept = _kept().get(cover_of(content), size)
        assert kept
        (frame,) = (f for f in av.VideoCodecContext.create("mjpeg", "r").decode(av.Packet(kept)) if f)
        assert (frame.width, frame.height) == (size, round(size * 2 / 3))
        assert np.abs(frame.to_ndarray(format="rgb24")[5, 5].astype(int) - (250, 40, 200)).max() < 12


@pytest.mark.parametrize("codec", ["mjpeg", "png", "libwebp"])
@pytest.mark.parametrize("name", ["Folder.JPG", "cover.png", "AlbumArt_{7B}_Large.jpg", "front cover.webp"])
def test_a_picture_in_the_folder_of_the_discs_is_the_cover(stack: Stack, folder: Path, name: str, codec: str) -> None:
    disc = folder / "Album" / "CD1"
    disc.mkdir(parents=True)
    write_sweep(disc / "one.mp3", 2)
    (folder / "Album" / name).write_bytes(picture(90, codec=codec))
    (folder / "Album" / "cover back.jpg").write_bytes(picture(9))
    stack.run(str(folder))
    assert _infos(stack)["one.mp3"].own_cover == cover_of(picture(90, codec=codec))


def test_an_albums_tracks_share_one_cover_and_each_picture_is_asked_for_once(stack: Stack, folder: Path) -> None:
    for number in range(4):
        _id3(write_sweep(folder / f"{number}.mp3", 2 + number), picture(77))
    stack.read(str(folder))
    assert stack.messages(stack.fetch_queue_url)["visible"] == 4 + 1
    stack.settle()
    assert {info.own_cover for info in _infos(stack).values()} == {cover_of(picture(77))}
    assert [cover for cover, _ in _kept().held()] == [cover_of(picture(77))]


_DAMAGED = (_bomb(), picture(5)[:200], b"\xff\xd8\xff" + bytes(range(256)) * 4000, b"\x89PNG\r\n\x1a\n")


@pytest.mark.parametrize("bad", _DAMAGED, ids=("bomb", "cut off", "noise", "empty"))
def test_a_picture_that_is_damaged_or_a_bomb_costs_itself_alone(stack: Stack, folder: Path, bad: bytes) -> None:
    _id3(write_sweep(folder / "alone.mp3", 2), bad)
    beside = folder / "With a picture beside"
    beside.mkdir()
    _id3(write_sweep(beside / "beside.mp3", 3), bad)
    (beside / "folder.jpg").write_bytes(picture(33))
    stack.run(str(folder))
    infos = _infos(stack)
    assert infos["beside.mp3"].own_cover == cover_of(picture(33))
    assert infos["alone.mp3"].cover in (NO_COVER, cover_of(bad))
    assert len(list(stack.previews.track_ids())) == 2


def test_another_cover_replaces_the_one_before_and_none_removes_it(stack: Stack, folder: Path) -> None:
    path = write_sweep(folder / "one.mp3", 2)
    _id3(path, picture(10))
    stack.run(str(folder))
    _id3(path, picture(200))
    stack.run(str(folder))
    assert _infos(stack)["one.mp3"].own_cover == cover_of(picture(200))
    (folder / "cover.jpg").write_bytes(picture(120))
    id3.ID3(path).delete(path)
    stack.run(str(folder))
    assert _infos(stack)["one.mp3"].own_cover == cover_of(picture(120))
    (folder / "cover.jpg").unlink()
    stack.run(str(folder))
    assert _infos(stack)["one.mp3"].own_cover is None


def test_links_out_of_the_folder_and_pictures_that_are_too_large_are_no_covers(
    stack: Stack, folder: Path, tmp_path: Path
) -> None:
    write_sweep(folder / "one.mp3", 2)
    (tmp_path / "secret.jpg").write_bytes(picture(3))
    (folder / "cover.jpg").symlink_to(tmp_path / "secret.jpg")
    stack.run(str(folder))
    assert _infos(stack)["one.mp3"].own_cover is None


def test_what_no_track_uses_goes_after_a_day_and_what_is_missing_is_asked_for_again(
    stack: Stack, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_sweep(folder / "one.mp3", 2)
    _id3(path, picture(10))
    stack.run(str(folder))
    _kept().put("0" * 32, dict.fromkeys(SIZES, b"unused"))
    sweep = CoverSweep(stack.tracks, _kept(), MessageQueue(boto3.client("sqs"), stack.fetch_queue_url))
    assert (sweep.run().removed, sweep.run().asked) == (0, 0)
    monkeypatch.setattr("crawler.covers.sweep._YOUNG_S", -60.0)
    assert sweep.run().removed == 1
    assert [cover for cover, _ in _kept().held()] == [cover_of(picture(10))]
    _kept().delete(cover_of(picture(10)))
    assert sweep.run().asked == 1
    stack.settle()
    assert _kept().exists(cover_of(picture(10)))
