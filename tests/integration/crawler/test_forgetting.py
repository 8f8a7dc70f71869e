"""A playlist that is forgotten with its tracks leaves nothing that only it wanted, whatever was still on its way."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import boto3
import pytest

from crawler import bootstrap, handler
from crawler.schedules import crawl_id_of
from earshot.clock import Timestamp, now_iso
from earshot.ids import CrawlId, TrackId
from earshot.intake import start_crawl
from earshot.messages import ForgetPlaylist
from earshot.playlists import parse_playlist
from earshot.stores.crawls_table import CrawlsTable
from earshot.stores.message_queue import MessageQueue
from earshot.stores.playlists import Again, Playlist, Playlists
from earshot.stores.tracks_table import TracksTable
from tests.integration.crawler.conftest import Later
from tests.stubs.audio import sweep
from tests.stubs.crawled import make_visible
from tests.stubs.deezer import DeezerStub, track
from tests.stubs.stack import Stack

GoOn = Callable[[Stack], None]
_PLAYLIST, _OTHER = "deezer:playlist:7", "deezer:playlist:8"


@pytest.fixture(autouse=True)
def songs(deezer: DeezerStub) -> None:
    """Two playlists that share one of three tracks."""
    for number in (1, 2, 3):
        deezer.tracks[number], deezer.audio[number] = track(number), sweep(1)
    deezer.playlists |= {"7": [track(1), track(2)], "8": [track(2), track(3)]}


def _forget(stack: Stack, crawl_id: CrawlId, asked: Timestamp | None = None) -> None:
    """As the API asks for it."""
    queue = MessageQueue(boto3.client("sqs"), stack.crawl_queue_url)
    queue.send(ForgetPlaylist(crawl_id, remove_tracks=True, asked=asked or now_iso()))


@pytest.fixture
def go_on(later: Later) -> GoOn:
    """Until no message is left, delayed ones included."""

    def go_on(stack: Stack) -> None:
        for _ in range(10):
            stack.settle()
            if not stack.messages(stack.crawl_queue_url)["delayed"]:
                return
            later(timedelta(minutes=3))
            make_visible(stack.crawl_queue_url)
        raise AssertionError("it never ends")

    return go_on


def _hear(stack: Stack, track_id: TrackId) -> None:
    """As the extractor does."""
    heard = stack.tracks.get(track_id)
    assert heard
    moment = now_iso()
    stack.tracks.store_embedding(
        heard.info, embedding=b"e", drift=b"d", tags=(), model="musicnn-msd@1", preview_at=moment
    )
    stack.previews.delete(track_id)


def _catalogue(stack: Stack) -> set[str]:
    return {track.track_id for track in stack.tracks.scan()}


def _only_playlist() -> Playlist | None:
    return next(iter(Playlists(boto3.client("dynamodb"), "crawls").some(None, 10)), None)


def test_what_still_waits_for_its_preview_goes_and_is_not_fetched(web_stack: Stack, go_on: GoOn) -> None:
    _forget(web_stack, web_stack.read(_PLAYLIST))
    go_on(web_stack)
    assert (_catalogue(web_stack), list(web_stack.previews.track_ids())) == (set(), [])
    assert _only_playlist() is None


def test_what_is_being_heard_goes_once_it_has_come(web_stack: Stack, go_on: GoOn) -> None:
    crawl_id = web_stack.run(_PLAYLIST)
    _forget(web_stack, crawl_id)
    web_stack.settle()
    assert web_stack.crawls.summary(crawl_id).removed == 0
    for number in (1, 2):
        _hear(web_stack, TrackId(f"deezer:{number}"))
    go_on(web_stack)
    assert _catalogue(web_stack) == set()
    summary = web_stack.crawls.summary(crawl_id)
    assert (summary.only_held, summary.removed) == (2, 2)


def test_a_message_of_it_that_comes_late_brings_nothing_back(web_stack: Stack, go_on: GoOn) -> None:
    crawl_id = web_stack.read(_PLAYLIST)
    web_stack.deliver(web_stack.fetch_queue_url, handler.fetch_preview, keep=True)  # and comes again
    for number in (1, 2):
        _hear(web_stack, TrackId(f"deezer:{number}"))
    _forget(web_stack, crawl_id)
    go_on(web_stack)
    boto3.client("sqs").purge_queue(QueueUrl=web_stack.fetch_queue_url)
    for number in (1, 2):
        late = f'{{"track_id": "deezer:{number}", "crawl_id": "{crawl_id}"}}'
        boto3.client("sqs").send_message(QueueUrl=web_stack.fetch_queue_url, MessageBody=late)
    web_stack.settle()
    assert _catalogue(web_stack) == set()


def test_a_crawl_that_has_not_begun_reads_nothing(web_stack: Stack, go_on: GoOn) -> None:
    _forget(web_stack, web_stack.start(_PLAYLIST))
    go_on(web_stack)
    assert (_catalogue(web_stack), _only_playlist()) == (set(), None)


def test_a_page_that_is_being_read_meanwhile_leaves_nothing(
    web_stack: Stack, go_on: GoOn, monkeypatch: pytest.MonkeyPatch
) -> None:
    crawl_id = web_stack.start(_PLAYLIST)
    record = CrawlsTable.record_entries

    def forgotten_meanwhile(*words: Any) -> None:
        bootstrap.forgetting().run(ForgetPlaylist(crawl_id, remove_tracks=True, asked=now_iso()))
        record(*words)

    with monkeypatch.context() as slow:
        slow.setattr(CrawlsTable, "record_entries", forgotten_meanwhile)
        web_stack.deliver(web_stack.crawl_queue_url, handler.crawl_playlist)
    assert len(_catalogue(web_stack)) == 2
    go_on(web_stack)
    assert (_catalogue(web_stack), list(web_stack.previews.track_ids())) == (set(), [])


@pytest.mark.parametrize("other", ["before", "meanwhile"])
def test_what_another_playlist_wants_stays_and_is_fetched(web_stack: Stack, go_on: GoOn, other: str) -> None:
    if other == "before":
        web_stack.read(_OTHER)
    crawl_id = web_stack.read(_PLAYLIST)
    _forget(web_stack, crawl_id)
    if other == "meanwhile":
        web_stack.deliver(web_stack.crawl_queue_url, handler.crawl_playlist)
        web_stack.read(_OTHER)
    go_on(web_stack)
    assert _catalogue(web_stack) == {"deezer:2", "deezer:3"} == set(web_stack.previews.track_ids())


@pytest.mark.parametrize("order", ["read first", "forgotten first", "between two looks"])
def test_a_playlist_that_is_pasted_again_comes_whatever_is_still_on_its_way_of_the_old_one(
    web_stack: Stack, go_on: GoOn, order: str
) -> None:
    old, asked = web_stack.read(_PLAYLIST), now_iso()
    if order == "read first":
        new = web_stack.read(_PLAYLIST)
        _forget(web_stack, old, asked)
    else:
        _forget(web_stack, old, asked)
        if order == "between two looks":
            web_stack.deliver(web_stack.crawl_queue_url, handler.crawl_playlist)
            make_visible(web_stack.crawl_queue_url)
        new = web_stack.start(_PLAYLIST)
    go_on(web_stack)
    assert _catalogue(web_stack) == {"deezer:1", "deezer:2"} == set(web_stack.previews.track_ids())
    assert not web_stack.crawls.summary(new).forgotten
    playlist = _only_playlist()
    assert playlist
    assert playlist.crawl_id == new


def test_what_is_removed_with_a_playlist_that_was_forgotten_before_is_none_of_the_one_pasted_since(
    web_stack: Stack, deezer: DeezerStub, go_on: GoOn
) -> None:
    old = web_stack.run(_PLAYLIST)
    queue = MessageQueue(boto3.client("sqs"), web_stack.crawl_queue_url)
    queue.send(ForgetPlaylist(old, remove_tracks=False, asked=now_iso()))
    web_stack.settle()
    deezer.playlists["7"] = [track(2)]
    new = web_stack.run(_PLAYLIST)
    for number in (1, 2):
        _hear(web_stack, TrackId(f"deezer:{number}"))
    _forget(web_stack, old)
    go_on(web_stack)
    assert _catalogue(web_stack) == {"deezer:2"}
    assert not web_stack.crawls.summary(new).forgotten


def test_a_crawl_that_the_clock_begins_meanwhile_is_forgotten_too_with_what_it_still_fetches(
    web_stack: Stack, deezer: DeezerStub, go_on: GoOn
) -> None:
    crawl_id, asked = web_stack.run(_PLAYLIST), now_iso()
    playlist = _only_playlist()
    assert playlist
    Playlists(boto3.client("dynamodb"), "crawls").schedule(playlist.playlist_id, Again.DAILY)
    scheduled = _only_playlist()
    assert scheduled
    deezer.playlists["7"].append(track(3))
    start_crawl(
        parse_playlist(_PLAYLIST),
        crawls=web_stack.crawls,
        crawl_queue=MessageQueue(boto3.client("sqs"), web_stack.crawl_queue_url),
        only_new=True,
        crawl_id=crawl_id_of(scheduled),
    )
    web_stack.settle()
    _forget(web_stack, crawl_id, asked)
    web_stack.settle()
    assert _only_playlist() is None
    assert web_stack.crawls.summary(crawl_id_of(scheduled)).forgotten
    for number in (1, 2, 3):
        _hear(web_stack, TrackId(f"deezer:{number}"))
    go_on(web_stack)
    assert _catalogue(web_stack) == set()


_WRITES = (
    (CrawlsTable, "cancel"),
    (CrawlsTable, "note_forgotten"),
    (Playlists, "forget"),
    (CrawlsTable, "note_cleared"),
    (TracksTable, "delete"),
    (MessageQueue, "send"),
)


@pytest.mark.parametrize(("store", "name"), _WRITES, ids=[name for _, name in _WRITES])
def test_whoever_dies_before_a_write_is_followed_by_one_who_finishes(
    web_stack: Stack, go_on: GoOn, monkeypatch: pytest.MonkeyPatch, store: type, name: str
) -> None:
    crawl_id = web_stack.run(_PLAYLIST)
    _hear(web_stack, TrackId("deezer:1"))
    _forget(web_stack, crawl_id)

    def dying(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(store, name, dying)
        with pytest.raises(KeyboardInterrupt):
            web_stack.deliver(web_stack.crawl_queue_url, handler.crawl_playlist)
    _forget(web_stack, crawl_id)  # its message comes back
    web_stack.settle()
    _hear(web_stack, TrackId("deezer:2"))
    go_on(web_stack)
    assert (_catalogue(web_stack), _only_playlist()) == (set(), None)
    assert web_stack.crawls.summary(crawl_id).removed == 2
