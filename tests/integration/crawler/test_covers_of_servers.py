"""Covers that media servers have: theirs are kept small like those of files, and a server without any loses nothing."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import boto3
import pytest

from earshot.covers import SIZES, cover_of
from earshot.ids import TrackId
from earshot.stores.covers_bucket import CoversBucket
from earshot.track import NO_COVER, TrackInfo
from tests.stubs import jellyfin, subsonic
from tests.stubs.audio import sweep
from tests.stubs.jellyfin import JellyfinStub, guid
from tests.stubs.pictures import picture
from tests.stubs.stack import Stack, running_stack
from tests.stubs.subsonic import SubsonicStub
from tests.stubs.web import Answer, Request, serve

Fail = Callable[[Request], Answer | None]
Server = Callable[[pytest.MonkeyPatch, list[bytes], Fail], AbstractContextManager[Stack]]


@contextmanager
def _of_subsonic(monkeypatch: pytest.MonkeyPatch, pictures: list[bytes], fail: Fail) -> Iterator[Stack]:
    """A server with two songs of an album and one that has no cover."""
    songs = [subsonic.song(1, coverArt="al-1"), subsonic.song(2, coverArt="al-1"), subsonic.song(3, coverArt="")]
    stub = SubsonicStub({"a": songs}, audio={str(n): sweep(1 + n) for n in (1, 2, 3)}, fail=fail)
    stub.pictures = dict(zip(["al-1"], pictures, strict=False))
    with serve(stub) as server:
        user = {"subsonic_user": subsonic.USER, "subsonic_password": subsonic.PASSWORD}
        with _running(monkeypatch, subsonic_url=server.url, **user) as stack:
            stack.run("subsonic:all")
            yield stack


@contextmanager
def _of_jellyfin(monkeypatch: pytest.MonkeyPatch, pictures: list[bytes], fail: Fail) -> Iterator[Stack]:
    """The same, at Jellyfin, where the album has the cover."""
    songs = [jellyfin.song(1), jellyfin.song(2), jellyfin.song(3, AlbumPrimaryImageTag=None)]
    stub = JellyfinStub(songs, audio={guid(n): sweep(1 + n) for n in (1, 2, 3)}, fail=fail)
    stub.pictures = dict(zip([guid("Album One")], pictures, strict=False))
    with serve(stub) as server:
        user = {"jellyfin_user": jellyfin.USER, "jellyfin_token": jellyfin.API_KEY}
        with _running(monkeypatch, jellyfin_url=server.url, **user) as stack:
            stack.run("jellyfin:all")
            yield stack


@contextmanager
def _running(monkeypatch: pytest.MonkeyPatch, **settings: str) -> Iterator[Stack]:
    with running_stack(monkeypatch, covers_bucket="covers", **settings) as stack:
        location = {"LocationConstraint": "eu-central-1"}
        boto3.client("s3").create_bucket(Bucket="covers", CreateBucketConfiguration=location)  # type: ignore[arg-type]
        yield stack


def _covers(stack: Stack, ids: list[str]) -> list[str | None]:
    infos: dict[TrackId, TrackInfo] = {track.track_id: track.info for track in stack.tracks.scan()}
    assert len(list(stack.previews.track_ids())) == len(infos) == 3
    return [infos[TrackId(track_id)].cover for track_id in ids]


_SERVERS = pytest.mark.parametrize(
    ("server", "ids"),
    [
        (_of_subsonic, ["subsonic:1", "subsonic:2", "subsonic:3"]),
        (_of_jellyfin, [f"jellyfin:{guid(n)}" for n in (1, 2, 3)]),
    ],
    ids=("subsonic", "jellyfin"),
)


def _never(_: Request) -> Answer | None:
    return None


@_SERVERS
def test_the_cover_of_a_servers_album_is_asked_for_once_and_kept_small(
    monkeypatch: pytest.MonkeyPatch, server: Server, ids: list[str]
) -> None:
    asked: list[str] = []

    def note(request: Request) -> Answer | None:
        asked.extend([request.path] if "getCoverArt" in request.path or "Images" in request.path else [])
        return None

    with server(monkeypatch, [picture(180)], note) as stack:
        assert _covers(stack, ids) == [cover_of(picture(180)), cover_of(picture(180)), None]
        assert len(asked) == 1
        kept = CoversBucket(boto3.client("s3"), "covers")
        assert all(kept.get(cover_of(picture(180)), size) for size in SIZES)


@_SERVERS
@pytest.mark.parametrize("pictures", [[], [b"not a picture at all"]], ids=("gone", "text"))
def test_a_server_that_has_no_picture_costs_its_songs_nothing_but_the_cover(
    monkeypatch: pytest.MonkeyPatch, server: Server, ids: list[str], pictures: list[bytes]
) -> None:
    with server(monkeypatch, pictures, _never) as stack:
        assert _covers(stack, ids) == [NO_COVER, NO_COVER, None]


@_SERVERS
@pytest.mark.parametrize("status", [403, 503])
def test_nor_does_one_that_refuses_or_fails(
    monkeypatch: pytest.MonkeyPatch, server: Server, ids: list[str], status: int
) -> None:
    refused = subsonic.error(50, "User is not authorized for the given operation")

    def fail(request: Request) -> Answer | None:
        return Answer(status, refused.body) if "getCoverArt" in request.path or "Images" in request.path else None

    with server(monkeypatch, [picture(180)], fail) as stack:
        assert _covers(stack, ids) == [None, None, None]
