"""Tracks that have left a playlist stay, unless a crawl is asked to remove them."""

from typing import Any

import boto3
import pytest

from crawler import bootstrap, handler
from earshot.ids import CrawlId, TrackId
from earshot.messages import CrawlPlaylist
from tests.stubs.spotify import EPISODE, NULL_ITEM, SpotifyStub, error, item, spotify_id, track
from tests.stubs.stack import Stack

_ONE, _OTHER = spotify_id("one"), spotify_id("other")


def _known(stack: Stack) -> set[int]:
    """The numbers of the tracks that are in the table."""
    ids = {spotify_id(number): number for number in range(200)}
    return {ids[track.track_id] for track in stack.tracks.scan()}


def _holds(*numbers: int) -> list[dict[str, Any]]:
    return [item(track(number)) for number in numbers]


def test_what_has_left_is_removed_when_asked_and_counted(spotify_stack: Stack, spotify: SpotifyStub) -> None:
    spotify.playlists[_ONE] = _holds(1, 2, 3)
    spotify_stack.run(_ONE)
    spotify.playlists[_ONE] = _holds(2, 3, 4)
    spotify_stack.run(_ONE)
    assert _known(spotify_stack) == {1, 2, 3, 4}
    spotify.playlists[_ONE] = [*_holds(3, 5), NULL_ITEM]
    crawl_id = spotify_stack.run(f"https://open.spotify.com/playlist/{_ONE}?si=x", remove_missing=True)
    assert _known(spotify_stack) == {3, 5}, "of all earlier crawls, whatever the playlist was called"
    assert spotify_stack.crawls.summary(crawl_id).removed == 3
    assert spotify_stack.crawls.summary(spotify_stack.run(_ONE, remove_missing=True)).removed == 0


def test_what_another_playlist_holds_stays(spotify_stack: Stack, spotify: SpotifyStub) -> None:
    spotify.playlists = {_ONE: _holds(1, 2, 3), _OTHER: _holds(2, 9)}
    spotify_stack.run(_ONE)
    spotify_stack.run(_OTHER)
    spotify.playlists = {_ONE: _holds(3), _OTHER: _holds(9)}
    spotify_stack.run(_ONE, remove_missing=True)
    assert _known(spotify_stack) == {2, 3, 9}
    spotify_stack.run(_OTHER)
    spotify_stack.run(_ONE, remove_missing=True)
    assert _known(spotify_stack) == {3, 9}, "it has left the other one too"


@pytest.mark.parametrize("now", [[], [NULL_ITEM]])
def test_a_playlist_that_turns_out_empty_removes_nothing(
    spotify_stack: Stack, spotify: SpotifyStub, now: list[Any]
) -> None:
    spotify.playlists[_ONE] = _holds(1, 2)
    spotify_stack.run(_ONE)
    spotify.playlists[_ONE] = now
    spotify_stack.run(_ONE, remove_missing=True)
    assert _known(spotify_stack) == {1, 2}


def test_a_playlist_that_cannot_be_read_to_its_end_removes_nothing(spotify_stack: Stack, spotify: SpotifyStub) -> None:
    spotify.playlists[_ONE] = [*_holds(1, 2), *[EPISODE] * 50, *_holds(3)]
    spotify_stack.run(_ONE)
    spotify.playlists[_ONE] = [*_holds(1), *[EPISODE] * 51, *_holds(3)]
    spotify.fail = lambda request: error(403, "no") if request.query.get("offset") == "50" else None
    spotify_stack.run(_ONE, remove_missing=True)
    assert _known(spotify_stack) == {1, 2, 3}


def test_what_is_on_its_way_is_removed_by_the_next_crawl(spotify_stack: Stack, spotify: SpotifyStub) -> None:
    """Its messages would bring it back."""
    spotify.playlists[_ONE] = _holds(1, 2)
    spotify_stack.start(_ONE)
    spotify_stack.deliver(spotify_stack.crawl_queue_url, handler.crawl_playlist)
    spotify.playlists[_ONE] = _holds(2)
    spotify_stack.run(_ONE, remove_missing=True)
    assert _known(spotify_stack) == {1, 2}
    spotify_stack.run(_ONE, remove_missing=True)
    assert _known(spotify_stack) == {2}


def test_a_removal_that_dies_half_way_is_finished_and_counted_once(
    spotify_stack: Stack, spotify: SpotifyStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    spotify.playlists[_ONE] = _holds(1, 2, 3, 4)
    spotify_stack.run(_ONE)
    spotify.playlists[_ONE] = _holds(4)
    message = CrawlPlaylist(CrawlId("again"), _ONE, remove_missing=True)
    boto3.client("sqs").send_message(QueueUrl=spotify_stack.crawl_queue_url, MessageBody=message.to_json())
    crawl = bootstrap.crawl()
    deleted: list[str] = []
    delete = type(crawl.tracks).delete

    def die_after_one(table: Any, track_id: str) -> None:
        if deleted:
            raise KeyboardInterrupt
        deleted.append(track_id)
        delete(table, TrackId(track_id))

    with monkeypatch.context() as patch:
        patch.setattr(type(crawl.tracks), "delete", die_after_one)
        with pytest.raises(KeyboardInterrupt):
            crawl.run(message)
    spotify_stack.settle()
    assert _known(spotify_stack) == {4}
    summary = spotify_stack.crawls.summary("again")
    assert (summary.removed, summary.finished is not None) == (3, True)
