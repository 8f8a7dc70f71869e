"""Tracks that have left a playlist stay, unless a crawl is asked to remove them."""

import time
from pathlib import Path
from typing import Any

import boto3
import pytest

from crawler import bootstrap, handler
from earshot.ids import CrawlId, TrackId
from earshot.messages import CrawlPlaylist
from earshot.reasons import Reason
from tests.stubs.audio import write_sweep
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


def _pass_days(days: int) -> None:
    """As DynamoDB does when time has passed: what has expired goes."""
    database, until = boto3.client("dynamodb"), time.time() + days * 24 * 3600
    for row in database.scan(TableName="crawls")["Items"]:
        if "expires_at" in row and float(row["expires_at"]["N"]) <= until:
            database.delete_item(TableName="crawls", Key={name: row[name] for name in ("crawl_id", "entry")})


def test_what_another_playlist_held_when_it_was_last_read_stays_however_long_that_is_ago(
    spotify_stack: Stack, spotify: SpotifyStub
) -> None:
    spotify.playlists = {_ONE: _holds(1, 2), _OTHER: _holds(2)}
    spotify_stack.run(_OTHER)
    spotify_stack.run(_ONE)
    spotify.playlists[_ONE] = _holds(3)
    _pass_days(1000)
    spotify_stack.run(_ONE, remove_missing=True)
    assert _known(spotify_stack) == {2, 3}


def test_what_a_later_crawl_has_replaced_is_forgotten_after_ninety_days(
    spotify_stack: Stack, spotify: SpotifyStub
) -> None:
    spotify.playlists[_ONE] = _holds(1, 2)
    first = spotify_stack.run(_ONE)
    spotify_stack.run(_ONE)
    _pass_days(89)
    assert len(list(spotify_stack.crawls.entries(CrawlId(first)))) == 2
    _pass_days(91)
    assert not list(spotify_stack.crawls.entries(CrawlId(first)))
    assert len(spotify_stack.crawls.list(None)) == 1, "the newest stays"


def test_a_folder_that_cannot_be_read_whole_removes_nothing(folder_stack: Stack, folder: Path) -> None:
    paths = [write_sweep(folder / f"{name}.mp3", 1, pitch=300 + ord(name)) for name in "abc"]
    folder_stack.run(str(folder))
    for track_id in [known.track_id for known in folder_stack.tracks.scan()]:
        folder_stack.tracks.mark_no_preview(track_id, reason=Reason.UNPLAYABLE)
    paths[0].unlink()
    paths[1].unlink()
    paths[1].symlink_to(folder / "nowhere")
    summary = folder_stack.crawls.summary(folder_stack.run(str(folder), remove_missing=True))
    assert (summary.removed, len(list(folder_stack.tracks.scan()))) == (0, 3)
    paths[1].unlink()
    summary = folder_stack.crawls.summary(folder_stack.run(str(folder), remove_missing=True))
    assert (summary.removed, len(list(folder_stack.tracks.scan()))) == (2, 1)


def test_a_crawl_that_goes_on_beside_is_no_proof_of_what_it_has_not_seen(
    spotify_stack: Stack, spotify: SpotifyStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have read the playlist after this one."""
    monkeypatch.setenv("EARSHOT_PAGES_PER_MESSAGE", "1")
    spotify.playlists[_ONE] = [*_holds(1, 2), *[EPISODE] * 150]
    crawl_id = spotify_stack.start(_ONE)
    spotify_stack.deliver(spotify_stack.crawl_queue_url, handler.crawl_playlist)
    while spotify_stack.deliver(spotify_stack.fetch_queue_url, handler.fetch_preview):
        pass
    spotify.playlists[_ONE] = _holds(2)
    crawl = bootstrap.crawl()
    crawl.run(CrawlPlaylist(CrawlId("beside"), _ONE, remove_missing=True))
    assert not spotify_stack.crawls.summary(crawl_id).finished
    assert _known(spotify_stack) == {1, 2}


def test_tables_of_older_versions_lose_no_more_of_what_counts_and_nothing_older_is_removed(
    spotify_stack: Stack, spotify: SpotifyStub
) -> None:
    """They let every crawl expire: who held the tracks from before, nobody knows."""
    spotify.playlists = {_ONE: _holds(1), _OTHER: _holds(9)}
    spotify_stack.run(_ONE)
    spotify_stack.run(_OTHER)
    database = boto3.client("dynamodb")
    soon = {"N": str(int(time.time()) + 24 * 3600)}
    for row in database.scan(TableName="crawls")["Items"]:
        if row["crawl_id"]["S"] == "memory":
            database.delete_item(TableName="crawls", Key={name: row[name] for name in ("crawl_id", "entry")})
        else:
            database.put_item(TableName="crawls", Item={**row, "expires_at": soon})
    row = database.get_item(TableName="tracks", Key={"track_id": {"S": spotify_id(1)}})["Item"]
    database.put_item(TableName="tracks", Item={**row, "created_at": {"S": "2020-01-01T00:00:00.000000Z"}})

    spotify.playlists[_ONE] = _holds(1, 2, 3)
    spotify_stack.run(_ONE, remove_missing=True)
    _pass_days(1000)
    spotify.playlists[_ONE] = _holds(3)
    spotify_stack.run(_ONE, remove_missing=True)
    assert _known(spotify_stack) == {1, 3, 9}
    assert {summary.playlist for summary in spotify_stack.crawls.list(None)} == {_ONE, _OTHER}
