"""What a key names is read, or there is a reason."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from earshot.containers.identity import track_id_of
from earshot.errors import AudioRejected
from earshot.ids import TrackId
from earshot.reasons import Reason
from earshot.track import TrackInfo
from extractor.bulk import clients
from extractor.bulk.reading import by_name, read
from tests.aws import Account, account

_MOST = 1000


@pytest.fixture
def aws() -> Iterator[Account]:
    with account() as made:
        clients.s3.cache_clear()
        yield made
        clients.s3.cache_clear()


def test_a_file_is_its_audio_wherever_it_lies(aws: Account, tmp_path: Path) -> None:
    path = tmp_path / "Song.mp3"
    path.write_bytes(b"audio" * 30)
    aws.s3.upload_file(str(path), aws.bucket("music"), "albums/Song.mp3")
    with path.open("rb") as file:
        track_id = track_id_of(file)
    here = read(str(path), None, by_name, max_bytes=_MOST)
    there = read("s3://music/albums/Song.mp3", None, by_name, max_bytes=_MOST)
    assert here.info == TrackInfo(track_id, "file", title="Song", preview_url=path.as_uri())
    assert there.info == TrackInfo(track_id, "file", title="Song")
    assert here.audio == there.audio == path.read_bytes()


def test_what_a_manifest_says_counts(tmp_path: Path) -> None:
    path = tmp_path / "x.mp3"
    path.write_bytes(b"audio" * 30)
    said = {"track_id": "deezer:1", "source": "deezer", "title": "Song", "artists": ["Band"]}
    assert read(str(path), said, by_name, max_bytes=_MOST).info == TrackInfo(
        TrackId("deezer:1"), "deezer", "Song", ("Band",)
    )
    assert read(str(path), {"title": "Song"}, by_name, max_bytes=_MOST).info.source == "file"


def test_a_preview_carries_its_track_and_its_time(aws: Account) -> None:
    info = TrackInfo(TrackId("deezer:1"), "deezer", "Song", ("Band",))
    previews = aws.previews_bucket()
    previews.put(info, b"audio", provider="itunes")
    kept = previews.get(info.track_id)
    assert kept is not None
    found = read("s3://previews/previews/deezer%3A1", None, by_name, max_bytes=_MOST)
    assert (found.info, found.at, found.provider, found.audio) == (info, kept.fetched_at, "itunes", b"audio")


def test_what_cannot_be_read_has_a_reason(aws: Account, tmp_path: Path) -> None:
    (tmp_path / "large.mp3").write_bytes(bytes(_MOST + 1))
    os.mkfifo(tmp_path / "pipe.mp3")
    aws.s3.put_object(Bucket=aws.bucket("music"), Key="large.mp3", Body=bytes(_MOST + 1))
    aws.bucket("previews")
    reasons = {
        f"{tmp_path}/gone.mp3": Reason.FILE_GONE,
        f"{tmp_path}/large.mp3": Reason.TOO_LARGE,
        f"{tmp_path}/pipe.mp3": Reason.UNREADABLE_FILE,
        f"{tmp_path}/a\0b.mp3": Reason.UNREADABLE_FILE,
        "s3://music/gone.mp3": Reason.FILE_GONE,
        "s3://music/large.mp3": Reason.TOO_LARGE,
        "s3://previews/previews/deezer%3A1": Reason.FILE_GONE,
    }
    for key, reason in reasons.items():
        with pytest.raises(AudioRejected) as caught:
            read(key, None, by_name, max_bytes=_MOST)
        assert caught.value.reason is reason, key
