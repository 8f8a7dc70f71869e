"""What others know of tracks is asked at their pace, kept with who said it, and never lost or asked twice."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

import earshot.clock
from crawler import bootstrap
from crawler.enrich.asking import Asking
from earshot.errors import InvalidSettings, ProviderRefused
from earshot.facts import Facts, Learned
from earshot.ids import TrackId
from earshot.stores.tracks_table import TracksTable
from earshot.track import Track
from tests.aws import account
from tests.integration.crawler.learning import ALL, KEYS, Clock, Providers, Routes, World, a_track, isrc
from tests.stubs import genius, lastfm
from tests.stubs.listenbrainz import too_many
from tests.stubs.musicbrainz import mbid, recording
from tests.stubs.web import Answer, StubServer, serve


@pytest.fixture(scope="module")
def routes() -> Routes:
    return Routes()


@pytest.fixture(scope="module")
def server(routes: Routes) -> Iterator[StubServer]:
    with serve(routes) as running:
        yield running


@pytest.fixture
def providers(routes: Routes) -> Providers:
    routes.now = Providers()
    return routes.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(earshot.clock, "now", lambda: clock.now)
    monkeypatch.setattr(bootstrap, "Asking", partial(Asking, sleep=clock.sleep))
    return clock


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, server: StubServer, providers: Providers, clock: Clock) -> Iterator[World]:
    urls = {f"EARSHOT_{name.upper()}_API_URL": f"{server.url}/{name}" for name in ALL.split(",")}
    names = {"EARSHOT_TRACKS_TABLE": "tracks", "EARSHOT_CRAWLS_TABLE": "crawls", "EARSHOT_ALLOW_LOOPBACK": "1"}
    urls["EARSHOT_MUSICBRAINZ_API_URL"] += "/ws/2"
    with account(POWERTOOLS_LOG_LEVEL="CRITICAL", **names, **urls) as kept:
        kept.crawls_table()
        yield World(kept.tracks_table(), clock, monkeypatch)
    bootstrap.learning.cache_clear()


def test_each_provider_is_asked_and_its_words_are_kept_with_its_name_and_the_day(
    world: World, providers: Providers
) -> None:
    world.switch_on(ALL)
    world.put(a_track(1, isrc=isrc(1), year=2011))
    providers.musicbrainz_knows(1)
    providers.listenbrainz.names["artist", "title 1"] = (mbid(1), "Artist", "Title 1")
    providers.listenbrainz.counts[mbid(1)] = (90_000, 3_000)
    providers.lastfm.tracks["artist", "title 1"] = lastfm.track("Title 1", "Artist", 250_000, ["electronic", "artist"])
    providers.genius.songs = [genius.song("Title 1", "Artist", 40_000), genius.song("Title 1", "Others", 9)]
    world.learn()

    track = world.track("deezer:1")
    assert {name: learned.facts for name, learned in track.learned.items()} == {
        "musicbrainz": Facts(mbid(1), 1997, mbid(900), "FR", ("french house", "house")),
        "listenbrainz": Facts(mbid=mbid(1), plays=90_000, listeners=3_000),
        "lastfm": Facts(genres=("electronic",), plays=2_000_000, listeners=250_000),
        "genius": Facts(page_views=40_000),
    }
    assert {learned.asked for learned in track.learned.values()} == {f"{world.clock.now:%Y-%m-%d}"}
    assert track.info == a_track(1, isrc=isrc(1), year=2011), "what its own source says stays as it is"
    shown = track.shown
    assert (shown.year, shown.genres, shown.mbid, shown.popularity) == (1997, ("french house", "house"), mbid(1), 78)


def test_a_file_that_names_itself_is_found_by_its_names_and_keeps_its_own_words(
    world: World, providers: Providers
) -> None:
    world.switch_on("musicbrainz,listenbrainz")
    world.put(a_track(1, "file", year=2011, genres=("Filter House",)))
    providers.musicbrainz_knows(1)
    providers.listenbrainz.names["artist", "title 1"] = (mbid(1), "Artist", "Title 1")
    world.learn()
    assert world.facts("file:1", "musicbrainz") == Facts(mbid(1), 1997, mbid(900), "FR", ("french house", "house"))
    shown = world.track("file:1").shown
    assert (shown.year, shown.genres, shown.mbid) == (2011, ("Filter House",), mbid(1))


def test_a_track_that_came_while_listenbrainz_rested_is_asked_about_once_its_recording_is_known(
    world: World, providers: Providers
) -> None:
    world.put(a_track(1, "file"))
    providers.musicbrainz_knows(1)
    providers.listenbrainz.names["artist", "title 1"] = (mbid(1), "Artist", "Title 1")
    world.switch_on("musicbrainz")
    world.learn()
    assert (providers.asked, world.facts("file:1", "musicbrainz")) == ([], None), "there is nothing to ask it by"
    world.switch_on("musicbrainz,listenbrainz")
    world.clock.pass_(days=1)
    world.learn()
    assert world.track("file:1").shown.year == 1997


def test_what_is_asked_anew_keeps_the_recording_that_was_found(world: World, providers: Providers) -> None:
    world.switch_on("listenbrainz")
    world.put(a_track(1, "file"))
    providers.listenbrainz.names["artist", "title 1"] = (mbid(1), "Artist", "Title 1")
    for listeners in (10, 12):
        providers.listenbrainz.counts[mbid(1)] = (20, listeners)
        world.learn()
        assert world.facts("file:1", "listenbrainz") == Facts(mbid=mbid(1), plays=20, listeners=listeners)
        world.clock.pass_(days=200)


def test_what_only_resembles_the_track_is_not_believed(world: World, providers: Providers) -> None:
    world.switch_on(ALL)
    world.put(a_track(1, isrc=isrc(1)))
    providers.musicbrainz.recordings[1] = recording(1, "Another", "Somebody", "1997")
    providers.musicbrainz.isrcs[isrc(1)] = [1]
    providers.listenbrainz.names["artist", "title 1"] = (mbid(1), "Artist", "Title 1 (live)")
    providers.lastfm.tracks["artist", "title 1"] = lastfm.track("Title 1", "Another", 5, "")
    providers.genius.songs = [genius.song("Title 1", "Artist", None), genius.song("Title 1", "Artist", 4)]
    world.learn()
    assert [world.facts("deezer:1", name) for name in ALL.split(",")] == [Facts()] * 4


def test_nobody_is_asked_who_is_not_switched_on_or_lacks_its_key(world: World, providers: Providers) -> None:
    world.put(a_track(1, isrc=isrc(1), mbid=mbid(1)))
    world.switch_on("")
    world.learn()
    for name, needed in zip(ALL.split(","), KEYS, strict=True):
        world.switch_on(name, **{other: value for other, value in KEYS.items() if other != needed})
        with pytest.raises(InvalidSettings, match=f"EARSHOT_{needed}"):
            world.learn()
    assert providers.asked == []


def test_nobody_is_asked_faster_than_it_allows(world: World, providers: Providers) -> None:
    world.switch_on("musicbrainz")
    for number in range(4):
        world.put(a_track(number, isrc=isrc(number)))
    providers.musicbrainz_knows(*range(4))
    world.learn()
    assert len(providers.times) == 4 * 2 + 1, "the artist's country is asked for once"
    gaps = [later - before for before, later in zip(providers.times, providers.times[1:], strict=False)]
    assert min(gaps) >= 1.0


def test_many_recordings_are_asked_about_in_one_go(world: World, providers: Providers) -> None:
    world.switch_on("listenbrainz")
    for number in range(5):
        world.put(a_track(number, **({"mbid": mbid(number)} if number else {})))
    providers.listenbrainz.counts[mbid(3)] = (10, 2)
    world.learn()
    assert len(providers.asked) == 2, "one for names, one for counts"
    assert world.facts("deezer:3", "listenbrainz") == Facts(mbid=mbid(3), plays=10, listeners=2)


def test_a_wait_of_seconds_is_waited_for_and_a_longer_one_stands_in_the_bucket(
    world: World, providers: Providers
) -> None:
    world.switch_on("listenbrainz,musicbrainz")
    world.put(a_track(1, mbid=mbid(1)))
    providers.musicbrainz_knows(1)
    answers = [too_many(3), too_many(1800)]
    providers.listenbrainz.fail = lambda _: answers.pop(0) if answers else None
    world.learn()
    assert 3 <= world.clock.slept < 10, "nobody sleeps for half an hour"
    assert world.facts("deezer:1", "listenbrainz") is None
    assert world.facts("deezer:1", "musicbrainz"), "who waits holds up nobody else"
    asked = len(providers.asked)
    world.learn()
    assert len(providers.asked) == asked, "the whole wait is kept, by whoever asks"
    world.clock.pass_(seconds=1800)
    world.learn()
    assert world.facts("deezer:1", "listenbrainz") == Facts(mbid=mbid(1))


@pytest.mark.parametrize("name", ALL.split(","))
def test_damaged_answers_make_no_facts(world: World, providers: Providers, name: str) -> None:
    world.switch_on(name)
    bodies = [b"<html>", b"[]", b'{"error": "x"}', b'[{"index": 9}, 4]']
    for number, body in enumerate(bodies):
        world.put(a_track(number, isrc=isrc(number)))
        getattr(providers, name).fail = lambda _, body=body: Answer(200, body)
        with suppress(ProviderRefused):  # an error that Last.fm has no number for
            world.learn()
        assert world.facts(f"deezer:{number}", name) in (None, Facts())
        world.clock.pass_(days=1)
    getattr(providers, name).fail = lambda _: None
    for _ in range(2):
        world.learn()
        world.clock.pass_(days=1)
    assert {world.facts(f"deezer:{number}", name) for number in range(len(bodies))} == {Facts()}, "all are asked again"


def test_after_three_failures_a_provider_is_left_alone_and_the_next_turn_begins_behind(
    world: World, providers: Providers
) -> None:
    world.switch_on("lastfm")
    for number in range(5):
        world.put(a_track(number))
    providers.lastfm.fail = lambda _: lastfm.error(8, 500)
    world.learn()
    assert len(providers.asked) == 3
    world.learn()
    assert len(providers.asked) == 3, "it is left alone"
    providers.lastfm.fail = lambda _: None
    world.clock.pass_(hours=1)
    for _ in range(2):
        world.learn()
        world.clock.pass_(hours=1)
    assert all(world.facts(f"deezer:{number}", "lastfm") == Facts() for number in range(5))


def test_a_key_that_is_refused_is_said_and_holds_up_nobody(world: World, providers: Providers) -> None:
    world.switch_on("lastfm,genius", **KEYS | {"LASTFM_API_KEY": "old"})
    for number in range(3):
        world.put(a_track(number))
    with pytest.raises(ProviderRefused, match=r"Last\.fm") as refused:
        world.learn()
    assert "old" not in refused.value.message
    assert providers.asked.count("lastfm") == 1
    assert all(world.facts(f"deezer:{number}", "genius") == Facts() for number in range(3))


def test_what_was_learned_is_asked_anew_after_months_or_of_another_recording(
    world: World, providers: Providers
) -> None:
    world.switch_on("genius")
    world.put(a_track(1))
    for days in (0, 1, 170):
        world.clock.pass_(days=days)
        world.learn()
    assert len(providers.asked) == 1
    world.clock.pass_(days=11)
    world.learn()
    assert len(providers.asked) == 2
    world.tracks.register(replace(a_track(1), title="Title 2"))
    providers.genius.songs = [genius.song("Title 2", "Artist", 7)]
    world.clock.pass_(days=1)
    world.learn()
    assert world.facts("deezer:1", "genius") == Facts(page_views=7)


def test_who_dies_loses_one_answer(world: World, providers: Providers) -> None:
    world.switch_on("genius")
    for number in range(5):
        world.put(a_track(number))
    noted: list[str] = []
    note = TracksTable.note_learned

    def dying(table: Any, track: Track, *rest: Any) -> bool:
        if len(noted) == 2:
            raise KeyboardInterrupt
        noted.append(track.track_id)
        return note(table, track, *rest)

    with world.monkeypatch.context() as patch:
        patch.setattr(TracksTable, "note_learned", dying)
        with pytest.raises(KeyboardInterrupt):
            world.learn()
    world.learn()
    assert len(providers.asked) == 3 + 3, "the two that were written are not asked about again"
    assert all(world.facts(f"deezer:{number}", "genius") == Facts() for number in range(5))


def test_a_turn_ends_with_its_share_of_the_time_and_goes_on_where_it_was(world: World, providers: Providers) -> None:
    world.switch_on("musicbrainz,genius")
    for number in range(6):
        world.put(a_track(number, mbid=mbid(number)))
    world.learn(left_s=6)
    first = providers.asked.count("musicbrainz")
    assert 0 < first < 6
    assert providers.asked.count("genius"), "the other has its share"
    world.learn()
    assert providers.asked.count("musicbrainz") == 6


def test_a_track_that_changes_meanwhile_is_not_overwritten(world: World) -> None:
    world.put(a_track(1))
    tracks, before = world.tracks, world.track("deezer:1")
    learned = Learned("2026-11-27", "", Facts(page_views=7))
    assert tracks.note_learned(before, "genius", learned)
    assert not tracks.note_learned(before, "lastfm", learned), "somebody else has learned something"
    now = world.track("deezer:1")
    tracks.delete(TrackId("deezer:1"))
    assert not tracks.note_learned(now, "lastfm", learned)
    assert tracks.get(TrackId("deezer:1")) is None
