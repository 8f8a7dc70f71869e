import threading
from typing import Any

import boto3
import pytest

from crawler import handler
from earshot.errors import InvalidTrackId, TrackNotFound, TrackNotReady
from earshot.ids import TrackId
from earshot.intake import request_track
from earshot.messages import FetchPreview
from earshot.stores.message_queue import MessageQueue
from earshot.track import Status, Track
from earshot.uploads import read_uploads
from tests.stubs import deezer as deezer_stub
from tests.stubs.audio import sweep
from tests.stubs.deezer import DeezerStub
from tests.stubs.spotify import SpotifyStub, spotify_id, track
from tests.stubs.stack import Stack, running_stack
from tests.stubs.web import Answer, StubServer

_MP3 = sweep(1)


def _request(stack: Stack, track_id: str, **options: Any) -> Track:
    queue = MessageQueue(boto3.client("sqs"), stack.fetch_now_queue_url)
    return request_track(track_id, tracks=stack.tracks, fetch_queue=queue, model="musicnn-msd@1", **options)


def test_an_unknown_track_is_accepted_looked_up_and_fetched(web_stack: Stack, deezer: DeezerStub) -> None:
    deezer.tracks[7], deezer.audio[7] = deezer_stub.track(7), _MP3
    assert _request(web_stack, "https://www.deezer.com/track/7").status is Status.PENDING
    web_stack.settle()
    stored = web_stack.tracks.get(TrackId("deezer:7"))
    assert stored is not None
    assert stored.info.title == "Title 7"
    assert web_stack.previews.get(TrackId("deezer:7")) is not None


def test_what_somebody_waits_for_stands_behind_no_crawl(web_stack: Stack, deezer: DeezerStub) -> None:
    """Neither on its way to the crawler nor from there to the extractor."""
    for number in (7, 8):
        deezer.tracks[number], deezer.audio[number] = deezer_stub.track(number), _MP3
    MessageQueue(boto3.client("sqs"), web_stack.fetch_queue_url).send(FetchPreview(TrackId("deezer:8")))
    _request(web_stack, "deezer:7")
    while web_stack.deliver(web_stack.fetch_now_queue_url, handler.fetch_preview):
        pass
    assert web_stack.messages(web_stack.fetch_queue_url)["visible"] == 1
    (told,) = boto3.client("sqs").receive_message(QueueUrl=web_stack.extract_now_queue_url)["Messages"]
    assert read_uploads(told["Body"]).tracks == (TrackId("deezer:7"),)
    web_stack.settle()
    assert not any(web_stack.messages(web_stack.extract_now_queue_url)[state] for state in ("visible", "delayed"))


def test_a_track_that_has_to_wait_for_its_provider_waits_in_the_short_queue(
    web_stack: Stack, deezer: DeezerStub
) -> None:
    deezer.fail = lambda _: Answer(429, headers={"Retry-After": "60"})
    _request(web_stack, "deezer:7")
    web_stack.settle()
    assert web_stack.messages(web_stack.fetch_now_queue_url)["delayed"] == 1
    assert not any(web_stack.messages(web_stack.fetch_queue_url).values())


def test_a_deezer_track_is_looked_up_once(web_stack: Stack, deezer: DeezerStub, deezer_server: StubServer) -> None:
    deezer.tracks[7], deezer.audio[7] = deezer_stub.track(7), _MP3
    _request(web_stack, "deezer:7")
    web_stack.settle()
    assert dict(deezer_server.hits) == {"/track/7": 1, "/previews/7.mp3": 1}


def test_a_spotify_track_is_looked_up_and_served_by_another_provider(
    web_stack: Stack, spotify: SpotifyStub, deezer: DeezerStub
) -> None:
    wanted = track(1)
    spotify.tracks[wanted["id"]] = wanted
    deezer.tracks[7], deezer.audio[7] = (
        deezer_stub.track(1, isrc=wanted["external_ids"]["isrc"], duration=208, id=7),
        _MP3,
    )
    _request(web_stack, wanted["id"])
    web_stack.settle()
    preview = web_stack.previews.get(wanted["id"])
    assert preview is not None
    assert (preview.provider, preview.info.title) == ("deezer", "Title 1")


def test_a_track_that_is_ready_is_returned_and_nothing_is_sent(web_stack: Stack, deezer: DeezerStub) -> None:
    deezer.tracks[7], deezer.audio[7] = deezer_stub.track(7), _MP3
    _request(web_stack, "deezer:7")
    web_stack.settle()
    preview = web_stack.previews.get(TrackId("deezer:7"))
    assert preview is not None
    web_stack.tracks.store_embedding(
        preview.info,
        embedding=b"",
        drift=b"",
        tags=(),
        model="musicnn-msd@1",
        preview_at=preview.fetched_at,
    )
    assert _request(web_stack, "deezer:7").status is Status.READY
    assert not any(web_stack.messages(web_stack.fetch_now_queue_url).values())


@pytest.mark.parametrize("track_id", [spotify_id("nobody"), "deezer:404"])
def test_an_id_that_its_provider_does_not_know_is_not_found(web_stack: Stack, track_id: str) -> None:
    _request(web_stack, track_id)
    web_stack.settle()
    for _ in range(2):
        with pytest.raises(TrackNotFound):
            _request(web_stack, track_id)
    assert not any(web_stack.messages(web_stack.fetch_now_queue_url).values())


def test_an_api_that_leads_elsewhere_is_refused_and_not_asked_for_ever(web_stack: Stack, deezer: DeezerStub) -> None:
    deezer.fail = lambda _: Answer(302, headers={"Location": "https://evil.example/track/7"})
    _request(web_stack, "deezer:7")
    web_stack.settle()
    stored = web_stack.tracks.get(TrackId("deezer:7"))
    assert stored is not None
    assert (stored.status, stored.reason) == (Status.NO_PREVIEW, "refused")
    assert not any(web_stack.messages(web_stack.fetch_now_queue_url).values())


def test_who_waits_gets_the_providers_no_at_once(web_stack: Stack, deezer: DeezerStub) -> None:
    deezer.tracks[7] = deezer_stub.track(7)
    answers: list[Exception] = []

    def ask() -> None:
        try:
            _request(web_stack, "deezer:7", wait_s=10)
        except TrackNotReady as error:
            answers.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    while thread.is_alive():
        web_stack.settle()
        thread.join(0.05)
    (error,) = answers
    assert isinstance(error, TrackNotReady)
    assert (error.status, error.reason) == ("no_preview", "miss")


def test_a_track_that_was_given_up_is_tried_again_when_asked_for(web_stack: Stack, deezer: DeezerStub) -> None:
    deezer.tracks[7] = deezer_stub.track(7)
    _request(web_stack, "deezer:7")
    web_stack.settle()
    deezer.audio[7] = _MP3
    assert _request(web_stack, "deezer:7").status is Status.PENDING
    web_stack.settle()
    assert web_stack.previews.get(TrackId("deezer:7")) is not None


@pytest.mark.parametrize("track_id", ["file:2c26b46b68ffc68f", "manifest:2c26b46b68ffc68f"])
def test_what_no_provider_can_look_up_is_not_found(web_stack: Stack, track_id: str) -> None:
    with pytest.raises(TrackNotFound):
        _request(web_stack, track_id)
    assert web_stack.tracks.get(TrackId(track_id)) is None


def test_what_is_no_id_is_refused(web_stack: Stack) -> None:
    with pytest.raises(InvalidTrackId):
        _request(web_stack, "deezer:album:7")


def test_a_source_that_is_switched_off_is_said(monkeypatch: pytest.MonkeyPatch, web_settings: dict[str, str]) -> None:
    with running_stack(monkeypatch, **web_settings | {"providers": "folder"}) as stack:
        _request(stack, "deezer:7")
        stack.settle()
        stored = stack.tracks.get(TrackId("deezer:7"))
    assert stored is not None
    assert (stored.status, stored.reason) == (Status.NO_PREVIEW, "provider_off")
