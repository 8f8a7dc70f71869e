"""What was lost is given back, and what will never come is ended: by the clock alone."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from crawler import bootstrap, handler
from earshot.crawls import CrawlSummary
from earshot.ids import CrawlId, TrackId
from earshot.messages import CrawlPlaylist, FetchPreview
from earshot.reasons import Reason
from earshot.track import Status, TrackInfo
from earshot.uploads import PreviewUploaded, read_uploads
from tests.integration.crawler.conftest import Later
from tests.stubs.audio import sweep
from tests.stubs.stack import Stack, invoke

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


class _Function:
    """How long the function may still run."""

    def __init__(self, left_ms: int = 900_000) -> None:
        self.left_ms = left_ms

    def get_remaining_time_in_millis(self) -> int:
        return self.left_ms


def _woken(what: str, function: _Function | None = None) -> None:
    handler.reconcile({"what": what}, function or _Function())  # type: ignore[arg-type]


def _taken(url: str) -> list[str]:
    """The messages of a queue; they are not there any more."""
    sqs, bodies = boto3.client("sqs"), []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        bodies += [message["Body"] for message in messages]
    return bodies


def _songs(folder: Path, count: int) -> None:
    for number in range(count):
        (folder / f"{number:03}.wav").write_bytes(sweep(0.2, "wav", rate=8000, pitch=200 + number))


def _summary(stack: Stack, crawl_id: str) -> CrawlSummary:
    return stack.crawls.summary(crawl_id)


def test_a_catalogue_is_completed_though_every_queue_loses_every_message(
    folder_stack: Stack, folder: Path, later: Later
) -> None:
    _songs(folder, 70)
    crawl_id = folder_stack.start(str(folder))
    queues = folder_stack.crawl_queue_url, folder_stack.fetch_queue_url
    for _ in range(2):  # the first page's message, then the second's
        for queue in queues:
            _taken(queue)  # and nobody works on it
        later(2 * _HOUR)
        _woken("crawls")
        assert folder_stack.deliver(folder_stack.crawl_queue_url, handler.crawl_playlist) == 1
    folder_stack.settle()
    assert _summary(folder_stack, crawl_id).finished
    registered = {track.track_id for track in folder_stack.tracks.scan()}
    assert len(registered) == 70
    assert set(folder_stack.previews.track_ids()) < registered
    later(13 * _HOUR)
    _woken("tracks")
    folder_stack.settle()
    assert set(folder_stack.previews.track_ids()) == registered
    later(13 * _HOUR)
    _woken("tracks")
    uploads = map(read_uploads, _taken(folder_stack.extract_queue_url))
    assert {track_id for upload in uploads for track_id in upload.tracks} == registered


def test_what_may_still_be_on_its_way_is_left_alone(folder_stack: Stack, folder: Path, later: Later) -> None:
    _songs(folder, 60)
    folder_stack.start(str(folder))
    folder_stack.deliver(folder_stack.crawl_queue_url, handler.crawl_playlist)
    for queue in (folder_stack.crawl_queue_url, folder_stack.fetch_queue_url):
        _taken(queue)
    later(_HOUR / 2)
    _woken("crawls")
    _woken("tracks")
    assert _taken(folder_stack.crawl_queue_url) == _taken(folder_stack.fetch_queue_url) == []


def test_a_crawl_that_waits_for_its_provider_is_not_taken_for_lost(folder_stack: Stack, later: Later) -> None:
    message = CrawlPlaylist(CrawlId("one"), "deezer:playlist:1")
    folder_stack.crawls.start(message)
    folder_stack.crawls.hand_on(message, due_in_s=20 * 3600)
    later(20 * _HOUR)
    _woken("crawls")
    assert _taken(folder_stack.crawl_queue_url) == []
    later(2 * _HOUR)
    _woken("crawls")
    assert _taken(folder_stack.crawl_queue_url) == [message.to_json()]
    later(_HOUR / 2)
    _woken("crawls")
    assert _taken(folder_stack.crawl_queue_url) == []


def test_a_crawl_that_never_goes_on_is_ended_with_an_error_and_a_finished_one_is_not(
    folder_stack: Stack, later: Later
) -> None:
    for name in ("lost", "read"):
        folder_stack.crawls.start(CrawlPlaylist(CrawlId(name), "/music"))
    folder_stack.crawls.finish(CrawlId("read"))
    later(3 * _DAY)
    _woken("crawls")
    assert (_summary(folder_stack, "lost").error or {})["code"] == "crawl_aborted"
    assert _summary(folder_stack, "read").error is None


def test_a_track_that_has_waited_longer_than_any_message_lives_gets_its_reason(
    folder_stack: Stack, later: Later
) -> None:
    folder_stack.tracks.register(TrackInfo(TrackId("deezer:1"), "deezer", title="Song"))
    later(16 * _DAY)
    folder_stack.tracks.register(TrackInfo(TrackId("deezer:2"), "deezer", title="Song"))
    _woken("tracks")
    states = folder_stack.tracks.states([TrackId("deezer:1"), TrackId("deezer:2")])
    assert states == {
        "deezer:1": (Status.NO_PREVIEW, Reason.INTERNAL_ERROR),
        "deezer:2": (Status.PENDING, None),
    }
    assert Reason.INTERNAL_ERROR.is_worth_retrying
    folder_stack.tracks.reopen(TrackId("deezer:1"))
    _woken("tracks")
    assert folder_stack.tracks.states([TrackId("deezer:1")])[TrackId("deezer:1")] == (Status.PENDING, None)


def test_a_scan_that_runs_out_of_time_goes_on_the_next_time(folder_stack: Stack, later: Later) -> None:
    ids = [TrackId(f"deezer:{number}") for number in range(40)]
    for track_id in ids:  # a page of a scan holds a megabyte
        folder_stack.tracks.register(TrackInfo(track_id, "deezer", title="x" * 60_000))
    later(13 * _HOUR)
    given_back: list[str] = []
    for _ in range(4):
        _woken("tracks", _Function(left_ms=1_000))
        given_back += _taken(folder_stack.fetch_queue_url)
    assert len(set(given_back)) == len(ids)
    assert len(given_back) < 2 * len(ids)


def test_a_process_that_dies_before_it_has_sent_leaves_its_tracks_to_the_next(
    folder_stack: Stack, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [TrackId(f"deezer:{number}") for number in range(40)]
    for track_id in ids:
        folder_stack.tracks.register(TrackInfo(track_id, "deezer", title="x" * 60_000))
    later(13 * _HOUR)
    with monkeypatch.context() as patch:
        patch.setattr(bootstrap.reconcile().fetch_queue, "send_all", _die)
        with pytest.raises(ConnectionError):
            _woken("tracks", _Function(left_ms=1_000))
    _woken("tracks")
    given_back = {FetchPreview.from_json(body).track_id for body in _taken(folder_stack.fetch_queue_url)}
    assert given_back == set(ids)


def test_where_messages_are_known_to_be_lost_no_track_is_passed_over(folder_stack: Stack, later: Later) -> None:
    """Though an earlier call has stopped in the middle."""
    ids = [TrackId(f"deezer:{number}") for number in range(40)]
    for track_id in ids:
        folder_stack.tracks.register(TrackInfo(track_id, "deezer", title="x" * 60_000))
    later(13 * _HOUR)
    _woken("tracks", _Function(left_ms=1_000))
    assert set(bootstrap.reconcile().at_once().give_back_tracks().to_fetch) == set(ids)


def _die(*_: object) -> None:
    raise ConnectionError("the process ends here")


def test_a_message_that_killed_its_function_every_time_ends_its_crawl_or_its_track(folder_stack: Stack) -> None:
    for crawl in ("one", "two"):
        folder_stack.crawls.start(CrawlPlaylist(CrawlId(crawl), "/music"))
    folder_stack.crawls.finish_step(CrawlId("two"), None)
    heard, sought = (TrackInfo(TrackId(f"deezer:{number}"), "deezer", title="Song") for number in (1, 2))
    for info in (heard, sought):
        folder_stack.tracks.register(info)
    folder_stack.previews.put(heard, b"audio", provider="deezer")
    letters = {
        "crawl": [CrawlPlaylist(CrawlId(crawl), "/music").to_json() for crawl in ("one", "two")] + ["gibberish"],
        "fetch": [FetchPreview(sought.track_id).to_json(), FetchPreview(heard.track_id).to_json()],
        "extract": [PreviewUploaded("previews", heard.track_id, "eu-central-1").to_json()],
    }
    sqs = boto3.client("sqs")
    for queue, bodies in letters.items():
        for body in bodies:
            sqs.send_message(QueueUrl=folder_stack.dead[queue], MessageBody=body)
    _woken("crawls")
    assert (_summary(folder_stack, "one").error or {})["code"] == "crawl_aborted"
    assert _summary(folder_stack, "two").finished is None  # a duplicate of a step that was done
    assert folder_stack.tracks.states([heard.track_id, sought.track_id]) == {
        heard.track_id: (Status.FAILED, Reason.INTERNAL_ERROR),
        sought.track_id: (Status.NO_PREVIEW, Reason.INTERNAL_ERROR),
    }
    assert list(folder_stack.previews.track_ids()) == []
    left = {queue: folder_stack.messages(url)["in_flight"] for queue, url in folder_stack.dead.items()}
    assert left == dict.fromkeys(left, 0) | {"crawl": 1}


def test_a_database_that_is_away_ends_a_crawl_only_at_its_last_delivery(
    folder_stack: Stack, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _songs(folder, 3)
    crawl_id = folder_stack.start(str(folder))
    work = bootstrap.crawl()

    def away(*_: Any, **__: Any) -> None:
        raise ConnectionError("no database today")

    monkeypatch.setattr(work.tracks, "register", away)
    (message,) = boto3.client("sqs").receive_message(QueueUrl=folder_stack.crawl_queue_url)["Messages"]
    for delivery in range(1, 6):
        assert _summary(folder_stack, crawl_id).finished is None
        failed = _delivered(message, delivery)
        assert failed == (delivery < 5)
    error = _summary(folder_stack, crawl_id).error or {}
    assert error["code"] == "crawl_aborted"
    assert "ConnectionError" in error["message"]


def _delivered(message: Any, delivery: int) -> bool:
    """Whether the function failed on the nth delivery of a message of the crawl queue."""
    again = {**message, "Attributes": {"ApproximateReceiveCount": str(delivery)}}
    return bool(invoke(handler.crawl_playlist, [again], "crawl"))
