"""Playlists as things of their own: named by their source, cancelled, crawled again by the clock; removals."""

from datetime import timedelta
from pathlib import Path

import boto3
import pytest

from crawler import handler
from crawler.source import PAGE_SIZE
from earshot.ids import TrackId
from earshot.intake import request_track
from earshot.messages import ForgetPlaylist
from earshot.reasons import Reason
from earshot.stores.message_queue import MessageQueue
from earshot.stores.playlists import Again, Playlist, Playlists
from earshot.track import Status
from tests.integration.crawler.conftest import Later
from tests.stubs.audio import sweep
from tests.stubs.deezer import DeezerStub, track
from tests.stubs.stack import Stack

_CHECKED = timedelta(minutes=15)


def _playlists() -> Playlists:
    return Playlists(boto3.client("dynamodb"), "crawls")


def _only() -> Playlist:
    (playlist,) = _playlists().some(None, 10)
    return playlist


def _clock() -> None:
    handler.reconcile({"what": "crawls"}, None)  # type: ignore[arg-type]  # it is asked nothing


def _songs(deezer: DeezerStub, playlist: str, *numbers: int) -> None:
    for number in numbers:
        deezer.tracks[number], deezer.audio[number] = track(number), sweep(1)
    deezer.playlists[playlist] = [track(number) for number in numbers]


def test_a_playlist_has_its_sources_title_and_first_tracks(web_stack: Stack, deezer: DeezerStub) -> None:
    _songs(deezer, "7", *range(1, 20))
    deezer.titles["7"] = "Rock of the Week"
    crawl_id = web_stack.read("https://www.deezer.com/fr/playlist/7")
    playlist = _only()
    assert (playlist.title, playlist.crawl_id) == ("Rock of the Week", crawl_id)
    assert playlist.first == tuple(f"deezer:{number}" for number in range(1, 9))
    again = web_stack.read("deezer:playlist:7")
    assert (_only().playlist_id, _only().crawl_id) == (playlist.playlist_id, again)


def test_a_playlist_that_cannot_be_read_is_one_too_so_that_it_can_be_tried_again(web_stack: Stack) -> None:
    crawl_id = web_stack.read("deezer:playlist:404")
    assert (_only().crawl_id, _only().title, _only().first) == (crawl_id, "", ())


def test_a_crawl_that_is_cancelled_reads_no_further_and_fetches_nothing_more(folder_stack: Stack, folder: Path) -> None:
    for number in range(PAGE_SIZE + 5):
        (folder / f"{number:03}.wav").write_bytes(sweep(0.2, "wav", rate=8000, pitch=200 + number))
    crawl_id = folder_stack.start(str(folder))
    folder_stack.deliver(folder_stack.crawl_queue_url, handler.crawl_playlist)
    folder_stack.crawls.cancel(crawl_id)
    folder_stack.settle()
    progress = folder_stack.crawls.count(crawl_id, folder_stack.tracks)
    assert (progress.summary.error or {})["code"] == "crawl_cancelled"
    assert progress.done
    assert progress.states == {Status.NO_PREVIEW: PAGE_SIZE}
    assert progress.reasons == {Reason.CANCELLED: PAGE_SIZE}
    assert list(folder_stack.previews.track_ids()) == []
    again = folder_stack.run(str(folder))
    assert len(list(folder_stack.previews.track_ids())) == PAGE_SIZE + 5
    assert not folder_stack.crawls.summary(again).error


@pytest.mark.parametrize("first", ["cancelled", "other"])
def test_what_another_crawl_wants_too_is_fetched_in_whatever_order_messages_come(
    web_stack: Stack, deezer: DeezerStub, first: str
) -> None:
    _songs(deezer, "7", 1, 2)
    _songs(deezer, "8", 2, 3)
    if first == "other":
        web_stack.read("deezer:playlist:8")
    cancelled = web_stack.read("deezer:playlist:7")
    if first == "cancelled":
        web_stack.read("deezer:playlist:8")
    web_stack.crawls.cancel(cancelled)
    web_stack.settle()
    assert set(web_stack.previews.track_ids()) == {"deezer:2", "deezer:3"}
    given_up = web_stack.tracks.get(TrackId("deezer:1"))
    assert given_up
    assert (given_up.status, given_up.reason) == (Status.NO_PREVIEW, Reason.CANCELLED)


def test_a_playlist_is_crawled_again_by_the_clock_once_a_day_for_what_is_new(
    web_stack: Stack, deezer: DeezerStub, later: Later
) -> None:
    _songs(deezer, "7", 1)
    first = web_stack.run("deezer:playlist:7")
    _clock()
    assert web_stack.messages(web_stack.crawl_queue_url)["visible"] == 0
    _playlists().schedule(_only().playlist_id, Again.DAILY)
    later(timedelta(days=1) + _CHECKED)
    _songs(deezer, "7", 1, 2)
    _clock()
    _clock()
    assert web_stack.messages(web_stack.crawl_queue_url)["visible"] == 1
    web_stack.settle()
    assert _only().crawl_id != first
    assert web_stack.tracks.get(TrackId("deezer:2"))
    later(3 * timedelta(days=1))  # asleep meanwhile
    _clock()
    web_stack.settle()
    _clock()
    assert web_stack.messages(web_stack.crawl_queue_url)["visible"] == 0
    assert len(web_stack.crawls.list(10)) == 3


def test_a_clock_that_dies_after_asking_asks_for_the_same_crawl(
    web_stack: Stack, deezer: DeezerStub, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    _songs(deezer, "7", 1)
    web_stack.run("deezer:playlist:7")
    _playlists().schedule(_only().playlist_id, Again.WEEKLY)
    later(timedelta(days=7) + _CHECKED)
    with monkeypatch.context() as killed:
        killed.setattr(Playlists, "put_off", _die)
        with pytest.raises(KeyboardInterrupt):
            _clock()
    _clock()
    web_stack.settle()
    assert len(web_stack.crawls.list(10)) == 2


def _die(*_: object) -> None:
    raise KeyboardInterrupt


def test_none_begins_while_the_one_before_is_read(web_stack: Stack, deezer: DeezerStub, later: Later) -> None:
    _songs(deezer, "7", 1)
    web_stack.run("deezer:playlist:7")
    _playlists().schedule(_only().playlist_id, Again.DAILY)
    slow = web_stack.start("deezer:playlist:7")
    web_stack.crawls.note_place(slow, "deezer:playlist:7")
    _playlists().note_crawl(web_stack.crawls.summary(slow), "")
    later(timedelta(days=1) + _CHECKED / 2)
    _clock()
    assert len(web_stack.crawls.list(10)) == 2


def test_a_playlist_that_is_forgotten_is_none_and_is_not_crawled_again(
    web_stack: Stack, deezer: DeezerStub, later: Later
) -> None:
    _songs(deezer, "7", 1)
    crawl_id = web_stack.run("deezer:playlist:7")
    _playlists().schedule(_only().playlist_id, Again.DAILY)
    MessageQueue(boto3.client("sqs"), web_stack.crawl_queue_url).send(ForgetPlaylist(crawl_id, remove_tracks=False))
    web_stack.settle()
    assert _playlists().some(None, 10) == []
    later(timedelta(days=2))
    _clock()
    assert web_stack.messages(web_stack.crawl_queue_url)["visible"] == 0


def test_a_track_that_was_removed_stays_away_until_it_is_asked_for(web_stack: Stack, deezer: DeezerStub) -> None:
    removed = TrackId("deezer:1")
    _songs(deezer, "7", 1, 2)
    web_stack.run("deezer:playlist:7")
    web_stack.previews.delete(removed)
    assert web_stack.tracks.remove(removed)
    assert not web_stack.tracks.remove(removed)
    crawl_id = web_stack.run("deezer:playlist:7")
    assert web_stack.tracks.get(removed) is None
    assert removed not in web_stack.previews.track_ids()
    progress = web_stack.crawls.count(crawl_id, web_stack.tracks)
    assert progress.states == {Status.PENDING: 1, "missing": 1}
    request_track(removed, tracks=web_stack.tracks, fetch_queue=web_stack.fetch_queue)
    web_stack.settle()
    back = web_stack.tracks.get(removed)
    assert back
    assert (back.status, back.info.title) == (Status.PENDING, "Title 1")
    assert removed in web_stack.previews.track_ids()


def test_a_file_that_was_removed_stays_away_and_comes_back_too(folder_stack: Stack, folder: Path) -> None:
    (folder / "song.wav").write_bytes(sweep(0.2, "wav", rate=8000))
    folder_stack.run(str(folder))
    (removed,) = folder_stack.previews.track_ids()
    folder_stack.previews.delete(removed)
    folder_stack.tracks.remove(removed)
    folder_stack.run(str(folder))
    assert list(folder_stack.previews.track_ids()) == []
    assert list(folder_stack.tracks.scan()) == []
    request_track(removed, tracks=folder_stack.tracks, fetch_queue=folder_stack.fetch_queue)
    folder_stack.settle()
    assert list(folder_stack.previews.track_ids()) == [removed]
