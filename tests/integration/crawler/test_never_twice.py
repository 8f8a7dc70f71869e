"""What is ready, or sounds the same under another id, is not downloaded again."""

import json

import boto3
import pytest

from crawler import bootstrap, handler
from earshot.ids import TrackId
from earshot.reasons import Reason
from earshot.track import Status
from tests.stubs import deezer as deezer_stub
from tests.stubs.audio import sweep
from tests.stubs.crawled import PLAYLIST, audio_of, crawled, make_visible
from tests.stubs.deezer import DeezerStub
from tests.stubs.spotify import SpotifyStub, item, spotify_id, track
from tests.stubs.stack import Stack, sqs_event
from tests.stubs.web import Answer, StubServer, serve

_MP3 = sweep(1)
_SONG = {"name": "Song", "artists": [{"name": "Ann"}], "external_ids": {"isrc": "USUM71703861"}}
"""Of every version."""


def test_a_track_that_is_ready_is_not_downloaded_again_from_another_playlist(
    web_stack: Stack, spotify: SpotifyStub
) -> None:
    with serve(lambda _: Answer(body=_MP3)) as previews:
        wanted = track(1, preview_url=f"{previews.url}/1.mp3")
        crawled(web_stack, wanted, spotify=spotify)
        _make_ready(web_stack, wanted["id"])
        other = spotify_id("other playlist")
        spotify.playlists[other] = [item(wanted)]
        progress = web_stack.crawls.count(web_stack.run(other), web_stack.tracks)
        assert progress.states == {Status.READY: 1}
        assert previews.hits.total() == 1


def _make_ready(stack: Stack, track_id: str, model: str = "musicnn-msd@1") -> None:
    """As the extractor does."""
    preview = stack.previews.get(TrackId(track_id))
    assert preview is not None
    assert stack.tracks.store_embedding(
        preview.info,
        embedding=bytes(1248),
        drift=bytes(1248),
        tags=(),
        model=model,
        preview_at=preview.fetched_at,
        provider=preview.provider,
    )
    stack.previews.delete(TrackId(track_id))


def test_a_track_ready_in_another_model_is_fetched_again(web_stack: Stack, spotify: SpotifyStub) -> None:
    with serve(lambda _: Answer(body=_MP3)) as previews:
        wanted = track(1, preview_url=f"{previews.url}/1.mp3")
        crawled(web_stack, wanted, spotify=spotify)
        _make_ready(web_stack, wanted["id"], model="older@1")
        web_stack.run(PLAYLIST)
        assert previews.hits.total() == 2
        assert audio_of(web_stack, wanted["id"]) is not None


def test_the_same_recording_under_two_ids_is_downloaded_once_and_reported_as_a_version(
    web_stack: Stack, spotify: SpotifyStub
) -> None:
    with serve(lambda _: Answer(body=_MP3)) as previews:
        first, second = (track(seed, preview_url=f"{previews.url}/{seed}.mp3", **_SONG) for seed in ("single", "album"))
        crawled(web_stack, first, second, spotify=spotify)
        assert previews.hits.total() == 1
        _make_ready(web_stack, first["id"])
        make_visible(web_stack.fetch_queue_url)
        web_stack.settle()
        assert previews.hits.total() == 1
    shared = web_stack.tracks.get(second["id"])
    assert shared is not None
    assert (shared.status, shared.version_of) == (Status.READY, first["id"])
    assert shared.info.album == "Album album"
    progress = web_stack.crawls.count(web_stack.crawls.list()[0].crawl_id, web_stack.tracks)
    assert progress.reasons == {"version": 1}


def test_a_version_gets_its_own_preview_when_the_first_has_none(web_stack: Stack, spotify: SpotifyStub) -> None:
    with serve(lambda _: Answer(body=_MP3)) as previews:
        first = track("single", **_SONG)
        second = track("album", preview_url=f"{previews.url}/2.mp3", **_SONG)
        crawled(web_stack, first, spotify=spotify)
        crawled(web_stack, second, spotify=spotify)
    assert audio_of(web_stack, second["id"]) == (_MP3, "spotify")


def test_a_version_that_got_its_own_preview_serves_the_next_ones(web_stack: Stack, spotify: SpotifyStub) -> None:
    with serve(lambda _: Answer(body=_MP3)) as previews:
        versions = [
            track(name, preview_url=name and f"{previews.url}/{name}.mp3", **_SONG) for name in ("", "second", "third")
        ]
        crawled(web_stack, versions[0], spotify=spotify)
        crawled(web_stack, versions[1], spotify=spotify)
        _make_ready(web_stack, versions[1]["id"])
        crawled(web_stack, versions[2], spotify=spotify)
        assert previews.hits.total() == 1
    shared = web_stack.tracks.get(versions[2]["id"])
    assert shared is not None
    assert (shared.status, shared.version_of) == (Status.READY, versions[1]["id"])


def test_a_wait_for_another_id_is_no_throttle_of_a_provider(
    web_stack: Stack, spotify: SpotifyStub, deezer: DeezerStub, capsys: pytest.CaptureFixture[str]
) -> None:
    deezer.fail = lambda _: Answer(429, b"", {"Retry-After": "7200"})
    first, second = crawled(web_stack, track("single", **_SONG), track("album", **_SONG), spotify=spotify)
    assert [track.reason for track in (first, second)] == [Reason.THROTTLED] * 2
    metrics = [line for line in capsys.readouterr().out.splitlines() if '"ProviderThrottled":' in line]
    assert len(metrics) == 1, "the first's"


def test_a_version_waits_as_long_as_its_recording_is_throttled(
    web_stack: Stack, spotify: SpotifyStub, deezer: DeezerStub, deezer_server: StubServer
) -> None:
    """Hours later both would be downloaded, if the second had lost its patience."""
    first, second = track("single", **_SONG), track("album", **_SONG)
    deezer.fail = lambda _: Answer(429, b"", {"Retry-After": "7200"})
    crawled(web_stack, first, second, spotify=spotify)
    for _ in range(6):
        make_visible(web_stack.fetch_queue_url)
        web_stack.settle()
    waiting = web_stack.tracks.get(second["id"])
    assert waiting is not None
    assert (waiting.status, waiting.reason) == (Status.PENDING, "throttled")
    deezer.fail = lambda _: None
    deezer.tracks[7], deezer.audio[7] = (
        deezer_stub.track(7, isrc="USUM71703861", title="Song", artist={"name": "Ann"}, duration=208),
        _MP3,
    )
    _let_hours_pass(web_stack)
    _make_ready(web_stack, first["id"])
    make_visible(web_stack.fetch_queue_url)
    web_stack.settle()
    shared = web_stack.tracks.get(second["id"])
    assert shared is not None
    assert (shared.status, shared.version_of) == (Status.READY, first["id"])
    assert deezer_server.hits["/previews/7.mp3"] == 1


def _let_hours_pass(stack: Stack) -> None:
    """Nobody waits any more: neither the provider's bucket nor a message."""
    boto3.client("dynamodb").delete_item(
        TableName="crawls", Key={"crawl_id": {"S": "provider#deezer"}, "entry": {"S": "bucket"}}
    )
    bootstrap.fetch.cache_clear()
    sqs = boto3.client("sqs")
    make_visible(stack.fetch_queue_url)
    while messages := sqs.receive_message(QueueUrl=stack.fetch_queue_url, MaxNumberOfMessages=10).get("Messages"):
        due = [
            message | {"Body": json.dumps(json.loads(message["Body"]) | {"not_before": None})} for message in messages
        ]
        handler.fetch_preview(sqs_event(due), None)  # type: ignore[arg-type]
        for message in messages:
            sqs.delete_message(QueueUrl=stack.fetch_queue_url, ReceiptHandle=message["ReceiptHandle"])


def test_songs_that_carry_one_isrc_are_each_downloaded(web_stack: Stack, spotify: SpotifyStub) -> None:
    with serve(lambda _: Answer(body=_MP3)) as previews:
        first, second = (
            track(name, preview_url=f"{previews.url}/{name}.mp3", **{**_SONG, "name": name})
            for name in ("Sign", "Tide")
        )
        crawled(web_stack, first, second, spotify=spotify)
        assert previews.hits.total() == 2
