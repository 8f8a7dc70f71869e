"""Whom `learn_facts` asks and the clock by which it waits, both stand-ins, and a catalogue that it learns of."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

import earshot.clock
from crawler import bootstrap, handler
from earshot.clock import Timestamp
from earshot.facts import Facts
from earshot.ids import TrackId
from earshot.stores.tracks_table import TracksTable
from earshot.track import Track, TrackInfo
from tests.stubs import genius, lastfm, listenbrainz
from tests.stubs.genius import GeniusStub
from tests.stubs.lastfm import LastFmStub
from tests.stubs.listenbrainz import ListenBrainzStub
from tests.stubs.musicbrainz import MusicBrainzStub, recording
from tests.stubs.web import Answer, Request

ALL = "musicbrainz,listenbrainz,lastfm,genius"
KEYS = {
    "CONTACT": "me@example.org",
    "LISTENBRAINZ_TOKEN": listenbrainz.TOKEN,
    "LASTFM_API_KEY": lastfm.KEY,
    "GENIUS_TOKEN": genius.TOKEN,
}


@dataclass
class Providers:
    """All four behind one server, each below its name."""

    musicbrainz: MusicBrainzStub = field(default_factory=MusicBrainzStub)
    listenbrainz: ListenBrainzStub = field(default_factory=ListenBrainzStub)
    lastfm: LastFmStub = field(default_factory=LastFmStub)
    genius: GeniusStub = field(default_factory=GeniusStub)
    asked: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def __call__(self, request: Request) -> Answer:
        name, _, path = request.path[1:].partition("/")
        self.asked.append(name)
        self.times.append(earshot.clock.epoch())
        answer: Answer = getattr(self, name)(replace(request, path=f"/{path}"))
        return answer

    def musicbrainz_knows(self, *numbers: int) -> None:
        """The recordings of these tracks, by the codes that they have."""
        for number in numbers:
            self.musicbrainz.recordings[number] = recording(number, f"Title {number}", "Artist", "1997-03-17")
            self.musicbrainz.isrcs[isrc(number)] = [number]


class Routes:
    """Of a server for a whole module, whose providers are each test's."""

    def __init__(self) -> None:
        self.now = Providers()

    def __call__(self, request: Request) -> Answer:
        return self.now(request)


class Clock:
    """Time passes where somebody sleeps, and nowhere else."""

    def __init__(self) -> None:
        self.now = earshot.clock.now()
        self.slept = 0.0

    def sleep(self, seconds: float) -> None:
        """What the function does between two questions."""
        self.slept += seconds
        self.now += timedelta(seconds=seconds)

    def pass_(self, **some: float) -> None:
        """Some time goes by that nobody has slept: days=1."""
        self.now += timedelta(**some)


@dataclass
class _Function:
    """What the function knows of its end, which comes a minute after it is to have stopped asking."""

    clock: Clock
    end: datetime

    def get_remaining_time_in_millis(self) -> float:
        return ((self.end - self.clock.now).total_seconds() + 60) * 1000


@dataclass
class World:
    """A catalogue, and whoever learns of it."""

    tracks: TracksTable
    clock: Clock
    monkeypatch: pytest.MonkeyPatch

    def put(self, info: TrackInfo) -> None:
        """A track that is ready."""
        embedded = {"embedding": b"e", "drift": b"d", "tags": (), "model": "m", "preview_at": Timestamp("2026")}
        self.tracks.register(info)
        assert self.tracks.store_embedding(info, **embedded)  # type: ignore[arg-type]

    def switch_on(self, names: str, **keys: str) -> None:
        """These providers, with these keys (all there are, if none are given)."""
        bootstrap.learning.cache_clear()
        self.monkeypatch.setenv("EARSHOT_ENRICHERS", names)
        for name in KEYS:
            self.monkeypatch.setenv(f"EARSHOT_{name}", (keys or KEYS).get(name, ""))

    def learn(self, left_s: float = 1e6) -> None:
        """One run of the function, for so long by the test's clock."""
        handler.learn_facts({}, _Function(self.clock, self.clock.now + timedelta(seconds=left_s)))  # type: ignore[arg-type]

    def track(self, track_id: str) -> Track:
        """As the table has it."""
        found = self.tracks.get(TrackId(track_id))
        assert found is not None
        return found

    def facts(self, track_id: str, provider: str) -> Facts | None:
        """What a provider said of it."""
        learned = self.track(track_id).learned.get(provider)
        return learned.facts if learned else None


def a_track(number: int, source: str = "deezer", **known: Any) -> TrackInfo:
    """As its source describes it; `known` says what is special about it."""
    named: dict[str, Any] = {"title": f"Title {number}", "artists": ("Artist",), "duration_ms": 224_000}
    return TrackInfo(TrackId(f"{source}:{number}"), source, **named | known)


def isrc(number: int) -> str:
    """Of the recording of this number."""
    return f"GBDUW{number:07d}"
