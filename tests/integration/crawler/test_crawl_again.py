import json

import boto3
import pytest

from crawler import handler
from earshot.clock import Timestamp
from earshot.errors import CrawlNotFound
from earshot.ids import CrawlId
from earshot.messages import CrawlPlaylist
from earshot.track import Status
from tests.stubs.spotify import SpotifyStub, item, spotify_id, track
from tests.stubs.stack import Stack

_PLAYLIST = spotify_id("playlist")


def test_a_new_crawl_gives_what_was_given_up_another_chance(spotify_stack: Stack, spotify: SpotifyStub) -> None:
    spotify.playlists[_PLAYLIST] = [item(track(1))]
    spotify_stack.run(_PLAYLIST)
    crawl_id = spotify_stack.start(_PLAYLIST)
    spotify_stack.deliver(spotify_stack.crawl_queue_url, handler.crawl_playlist)
    assert spotify_stack.crawls.count(crawl_id, spotify_stack.tracks).states == {Status.PENDING: 1}
    assert spotify_stack.messages(spotify_stack.fetch_queue_url)["visible"] == 1


def test_a_scheduled_crawl_touches_only_what_is_new(spotify_stack: Stack, spotify: SpotifyStub) -> None:
    spotify.playlists[_PLAYLIST] = [item(track(1)), item(track(2))]
    spotify_stack.run(_PLAYLIST)
    before = spotify_stack.tracks.get(spotify_id(1))
    spotify.playlists[_PLAYLIST] = [item(track(3)), item(track(1))]
    # As EventBridge Scheduler sends it: no function of ours has started this crawl.
    body = {"crawl_id": "d3a2f0c1-execution", "playlist": _PLAYLIST, "only_new": True}
    boto3.client("sqs").send_message(QueueUrl=spotify_stack.crawl_queue_url, MessageBody=json.dumps(body))
    spotify_stack.deliver(spotify_stack.crawl_queue_url, handler.crawl_playlist)
    progress = spotify_stack.crawls.count("d3a2f0c1-execution", spotify_stack.tracks)
    assert progress.states == {Status.PENDING: 1, Status.NO_PREVIEW: 1}
    assert spotify_stack.messages(spotify_stack.fetch_queue_url)["visible"] == 1
    assert spotify_stack.tracks.get(spotify_id(1)) == before
    assert spotify_stack.tracks.get(spotify_id(2)) is not None, "what left the playlist stays"


def test_crawls_are_listed_newest_first(spotify_stack: Stack) -> None:
    crawls = spotify_stack.crawls
    for day in ("20261101T", "20261102T", "20261103T"):
        crawls.start(CrawlPlaylist(CrawlId(day), f"playlist of {day}"))
    assert [summary.crawl_id for summary in crawls.list(2)] == ["20261103T", "20261102T"]
    assert [summary.crawl_id for summary in crawls.list(2, offset=2)] == ["20261101T"]
    assert len(crawls.list(None)) == 3


def test_a_crawl_that_starts_twice_keeps_its_start(spotify_stack: Stack) -> None:
    spotify_stack.crawls.start(CrawlPlaylist(CrawlId("one"), "playlist"))
    started = spotify_stack.crawls.summary("one").started
    spotify_stack.crawls.start(CrawlPlaylist(CrawlId("one"), "playlist"))
    assert spotify_stack.crawls.summary("one").started == started


def test_the_latest_wait_is_shown_until_it_is_over(spotify_stack: Stack) -> None:
    crawls = spotify_stack.crawls
    crawls.start(CrawlPlaylist(CrawlId("one"), "playlist"))
    for until in ("2999-01-01T00:00:00.000000Z", "2998-01-01T00:00:00.000000Z"):
        crawls.wait_until(CrawlId("one"), Timestamp(until))
    assert crawls.summary("one").waiting_until == "2999-01-01T00:00:00.000000Z"
    crawls.start(CrawlPlaylist(CrawlId("two"), "playlist"))
    crawls.wait_until(CrawlId("two"), Timestamp("2020-01-01T00:00:00.000000Z"))
    assert crawls.summary("two").waiting_until is None


def test_a_wait_does_not_invent_a_crawl(spotify_stack: Stack) -> None:
    spotify_stack.crawls.wait_until(CrawlId("nobody"), Timestamp("2999-01-01T00:00:00.000000Z"))
    with pytest.raises(CrawlNotFound):
        spotify_stack.crawls.summary("nobody")


def test_a_track_deleted_since_is_counted_as_missing(spotify_stack: Stack, spotify: SpotifyStub) -> None:
    spotify.playlists[_PLAYLIST] = [item(track(1)), item(track(2))]
    crawl_id = spotify_stack.run(_PLAYLIST)
    spotify_stack.tracks.delete(spotify_id(1))
    assert spotify_stack.crawls.count(crawl_id, spotify_stack.tracks).states == {
        Status.NO_PREVIEW: 1,
        "missing": 1,
    }
