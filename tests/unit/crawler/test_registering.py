"""What a crawl writes down of tracks, and how little it asks of those that are as they were."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from crawler.awaited import Awaited
from crawler.registering import Registering
from crawler.source import Page, PlaylistEntry
from earshot.clock import now_iso
from earshot.ids import CrawlId, TrackId
from earshot.messages import CrawlPlaylist
from earshot.stores.digests import Digests
from earshot.stores.message_queue import MessageQueue
from earshot.stores.song_keys import SongKeys
from earshot.stores.tracks_table import Standing
from earshot.stores.wanted_songs import WantedSongs
from earshot.track import Status, TrackInfo
from tests.aws import Account, account

_MESSAGE = CrawlPlaylist(CrawlId("one"), "/music")
_OLD_ID = TrackId("file:00000000000000ff")


def _song(number: int = 1, source: str = "file", **said: Any) -> TrackInfo:
    said = {"title": f"Number {number}", "artists": ("Ann Lee",), "album": "Blue"} | said
    return TrackInfo(TrackId(f"{source}:{number:016x}" if source == "file" else f"{source}:{number}"), source, **said)


class _Killed(BaseException):
    """The process is gone."""


class _World:
    """Registering, with all requests that it sends to DynamoDB."""

    def __init__(self, aws: Account) -> None:
        self.aws = aws
        self.tracks, crawls = aws.tracks_table(), aws.crawls_table()
        queue = MessageQueue(aws.sqs, aws.queue("any"))
        self.songs, self.digests = SongKeys(aws.dynamodb, "crawls"), Digests(aws.dynamodb, "crawls")
        awaited = Awaited(WantedSongs(aws.dynamodb, "crawls"), crawls, queue)
        self._registering = Registering(self.tracks, self.songs, self.digests, awaited, queue)
        self.requests: list[str] = []
        self.dies_after: int | None = None
        aws.dynamodb.meta.events.register("before-call.dynamodb", self._noted)

    def _noted(self, model: Any, **_: Any) -> None:
        if len(self.requests) == self.dies_after:
            raise _Killed
        self.requests.append(model.name)

    def read(
        self, *infos: TrackInfo, former: TrackId | None = None, held: frozenset[TrackInfo] = frozenset()
    ) -> dict[TrackId, Standing]:
        """A page that says this; how those stood that were known."""
        entries = [PlaylistEntry(number, info, former_id=former) for number, info in enumerate(infos)]
        self.requests.clear()
        return self._registering.run(Page(tuple(entries), None), _MESSAGE, held)

    @property
    def only_looked(self) -> bool:
        """Whether the last page cost a look at its tracks and nothing else."""
        return self.requests == ["GetItem", "BatchGetItem"]

    def title(self, track_id: TrackId) -> str | None:
        track = self.tracks.get(track_id)
        return track.info.title if track else None

    def are_found(self, *infos: TrackInfo) -> bool:
        """Whether lists that name the songs find them."""
        named = {i: TrackInfo(TrackId("manifest:1"), "manifest", title=i.title, artists=i.artists) for i in infos}
        return all(info.track_id in self.songs.find(wanted) for info, wanted in named.items())


@pytest.fixture
def world() -> Iterator[_World]:
    with account() as aws:
        yield _World(aws)


def test_tracks_that_are_described_as_before_cost_a_look_and_no_more(world: _World) -> None:
    songs = [_song(number) for number in range(3)]
    assert world.read(*songs, former=_OLD_ID) == {}
    known = world.read(*songs, former=_OLD_ID)
    assert world.only_looked
    assert {standing.status for standing in known.values()} == {Status.PENDING}
    assert world.are_found(*songs)


def test_whatever_is_said_otherwise_is_written_down_also_when_it_is_said_as_once_before(world: _World) -> None:
    for title in ("One", "Two", "One"):
        world.read(_song(title=title))
        assert world.title(_song().track_id) == title
        assert world.are_found(_song(title=title))


def test_what_others_write_counts_only_until_the_next_crawl(world: _World) -> None:
    world.read(_song())
    world.tracks.register(_song(title="What a provider calls it"))
    world.read(_song())
    assert world.title(_song().track_id) == _song().title
    world.read(_song())
    assert world.only_looked


def test_a_track_that_is_gone_is_registered_again(world: _World) -> None:
    world.read(_song(1), _song(2))
    world.tracks.delete(_song(1).track_id)
    assert world.read(_song(1), _song(2)).keys() == {_song(2).track_id}
    assert world.title(_song(1).track_id) == "Number 1"


def test_what_a_death_at_any_line_cut_short_is_done_by_the_next_crawl(world: _World) -> None:
    """Two songs, of which one is new and one has another title by now."""
    deaths = 0
    while deaths < 20:
        new, changed = _song(2 * deaths, isrc="GBAYE0601498"), _song(2 * deaths + 1)
        world.read(replace(changed, title="Before"))
        world.dies_after = deaths
        with suppress(_Killed):
            world.read(new, changed)
            break
        world.dies_after = None
        world.read(new, changed)
        assert world.are_found(new, changed)
        assert [world.title(info.track_id) for info in (new, changed)] == [new.title, changed.title]
        world.read(new, changed)
        assert world.only_looked
        deaths += 1
    assert deaths > 7


def test_a_track_of_an_older_version_gets_its_keys_and_its_digest(world: _World) -> None:
    world.tracks.register(_song())
    assert not world.are_found(_song())
    world.read(_song())
    assert world.are_found(_song())
    world.read(_song())
    assert world.only_looked


def test_where_the_crawls_table_was_lost_its_keys_are_noted_again(world: _World) -> None:
    world.read(_song())
    world.aws.dynamodb.delete_table(TableName="crawls")
    world.aws.crawls_table()
    world.read(_song())
    assert world.are_found(_song())


def test_an_own_file_that_says_less_by_now_keeps_what_it_said_and_costs_no_more_for_it(world: _World) -> None:
    world.read(_song(genres=("pop",)))
    world.read(_song())
    track = world.tracks.get(_song().track_id)
    assert track is not None
    assert track.info.genres == ("pop",)
    world.read(_song())
    assert world.only_looked


def test_pages_of_a_service_that_say_more_and_less_of_a_track_do_not_take_turns(world: _World) -> None:
    world.read(_song(1, "deezer", isrc="GBAYE0601498"))
    world.read(_song(1, "deezer"))
    assert "UpdateItem" not in world.requests
    world.read(_song(1, "deezer", isrc="GBAYE0601498"))
    assert world.only_looked


def test_a_list_that_found_a_file_in_the_catalogue_has_not_described_it(world: _World) -> None:
    song = _song(cover_id="picture")
    world.read(song)
    assert world.tracks.note_cover(song.track_id, "drawn", cover_id="picture")
    held = replace(song, cover="drawn")
    world.read(held, held=frozenset([held]))
    world.read(song)
    assert world.only_looked


def test_after_an_import_tracks_that_came_under_their_former_ids_get_their_new_ones(world: _World) -> None:
    world.read(_song(), former=_OLD_ID)
    world.tracks.store_embedding(
        _song(), embedding=b"\1" * 4, drift=b"\1" * 4, tags=(), model="any", preview_at=now_iso()
    )
    world.tracks.register(TrackInfo(_OLD_ID, "file", title="As an older version had it"))
    world.digests.renew()
    world.read(_song(), former=_OLD_ID)
    assert [track.track_id for track in world.tracks.scan()] == [_song().track_id]
    world.read(_song(), former=_OLD_ID)
    assert world.only_looked
