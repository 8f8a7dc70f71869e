"""Whatever playlists become, in whatever order they are read, and however much time passes: removal only on proof."""

import os
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from crawler import departed
from crawler.awaited import Awaited
from crawler.crawl import Crawl
from crawler.registering import Registering
from crawler.source import Connected, Page, PlaylistEntry
from earshot import clock
from earshot.errors import ProviderRefused
from earshot.ids import CrawlId, TrackId
from earshot.matching import Matching
from earshot.messages import CrawlPlaylist
from earshot.playlists import PlaylistRef
from earshot.reasons import Reason
from earshot.stores.digests import Digests
from earshot.stores.message_queue import MessageQueue
from earshot.stores.playlists import Playlists
from earshot.stores.song_keys import SongKeys
from earshot.stores.wanted_songs import WantedSongs
from earshot.track import Status, TrackInfo
from tests.aws import Stage, stage
from tests.stubs.spotify import spotify_id

_EXAMPLES = int(os.environ.get("EARSHOT_FUZZ_EXAMPLES", "8"))
"""More by hand."""
_PLAYLISTS = [spotify_id(name) for name in ("one", "two")]
_TRACKS = [spotify_id(number) for number in range(3)]
_SOME = st.lists(st.sampled_from(_TRACKS), max_size=3, unique=True)
_PAGE = 2
_KEPT, _QUEUED = timedelta(days=90), timedelta(days=14)


@dataclass
class _Past:
    """What a crawl has found, as it should be remembered."""

    playlist: str
    started: datetime
    message: CrawlPlaylist
    found: set[TrackId] = field(default_factory=set)
    hides: bool = False
    ended: datetime | None = None
    whole: bool = False


class ChangingPlaylists(RuleBasedStateMachine):
    """Playlists that change, crawls of them that go on side by side, and a clock that leaps."""

    def __init__(self) -> None:
        super().__init__()
        self._open = ExitStack()
        self._now = datetime(2026, 1, 1, tzinfo=UTC)
        patch = self._open.enter_context(pytest.MonkeyPatch.context())
        for module in (clock, departed):
            patch.setattr(module, "now", self._tick)
        self._stage: Stage = self._open.enter_context(stage())
        sqs = boto3.client("sqs")
        crawl_queue = MessageQueue(sqs, self._stage.queues["crawl"])
        songs = SongKeys(boto3.client("dynamodb"), "crawls")
        fetch_queue = MessageQueue(sqs, self._stage.queues["fetch"])
        awaited = Awaited(WantedSongs(boto3.client("dynamodb"), "crawls"), self._stage.crawls, crawl_queue)
        digests = Digests(boto3.client("dynamodb"), "crawls")
        self._crawl = Crawl(
            sources={"spotify": Connected(read_page=self._read)},
            tracks=self._stage.tracks,
            crawls=self._stage.crawls,
            playlists=Playlists(boto3.client("dynamodb"), "crawls"),
            registering=Registering(self._stage.tracks, songs, digests, awaited, fetch_queue),
            matching=Matching(self._stage.tracks, songs),
            awaited=awaited,
            crawl_queue=crawl_queue,
            fetch_queue=fetch_queue,
            stage="local",
            model="any",
            pages_per_message=1,
        )
        self._contents: dict[str, list[TrackId]] = {playlist: [] for playlist in _PLAYLISTS}
        self._crawls: list[_Past] = []
        self._reading: _Past | None = None
        self._refuses = False

    def teardown(self) -> None:
        self._open.close()

    @rule(days=st.sampled_from([1, 50, 91]))
    def wait(self, days: int) -> None:
        self._now += timedelta(days=days)
        database, epoch = boto3.client("dynamodb"), self._now.timestamp()
        for item in database.scan(TableName="crawls")["Items"]:
            if "expires_at" in item and float(item["expires_at"]["N"]) <= epoch:
                key = {name: item[name] for name in ("crawl_id", "entry")}
                database.delete_item(TableName="crawls", Key=key)

    @rule(playlist=st.sampled_from(_PLAYLISTS), tracks=_SOME, remove=st.booleans())
    def begin(self, playlist: str, tracks: list[TrackId], remove: bool) -> None:
        self._contents[playlist] = tracks
        message = CrawlPlaylist(CrawlId(f"crawl-{len(self._crawls):03d}"), playlist, remove_missing=remove)
        self._crawl.crawls.start(message)
        self._crawls.append(_Past(playlist, self._now, message))
        self._go_on(self._crawls[-1])

    @rule(playlist=st.sampled_from(_PLAYLISTS), tracks=_SOME, remove=st.booleans())
    def crawl_to_the_end(self, playlist: str, tracks: list[TrackId], remove: bool) -> None:
        self.begin(playlist, tracks, remove)
        while not self._crawls[-1].ended:
            self._go_on(self._crawls[-1])

    @precondition(lambda self: self._running())
    @rule(data=st.data(), what=st.sampled_from(["read", "read", "read", "refuse", "hide"]))
    def go_on(self, data: st.DataObject, what: str) -> None:
        past = data.draw(st.sampled_from(self._running()))
        past.hides |= what == "hide"
        self._refuses = what == "refuse"
        self._go_on(past)

    @precondition(lambda self: self._lately_ended())
    @rule(data=st.data())
    def deliver_again(self, data: st.DataObject) -> None:
        self._crawl.run(data.draw(st.sampled_from(self._lately_ended())).message)

    @invariant()
    def nothing_that_is_held_is_gone(self) -> None:
        held = {track for past in self._crawls if self._counts(past) for track in past.found}
        assert held <= self._known()

    def _go_on(self, past: _Past) -> None:
        self._reading = past
        self._crawl.run(past.message)
        self._reading = None
        summary = self._stage.crawls.summary(past.message.crawl_id)
        if summary.finished:
            past.ended, past.whole = datetime.fromisoformat(summary.finished), not summary.error
        elif summary.step:
            past.message = summary.step
        self._refuses = False
        for page in self._stage.tracks.pending():
            for waiting in page.tracks:
                self._stage.tracks.mark_no_preview(waiting.track_id, reason=Reason.MISS)
        if past.whole and past.message.remove_missing and past.found and not past.hides:
            self._what_has_left_is_gone(past)

    def _what_has_left_is_gone(self, crawl: _Past) -> None:
        held = {track for past in self._crawls if self._counts(past) for track in past.found}
        for past in self._crawls:
            if past.playlist == crawl.playlist and past.ended and past.ended < crawl.started:
                superseded_at = min(
                    other.ended
                    for other in self._crawls
                    if other.ended and other.whole and other.playlist == past.playlist and other.started > past.ended
                )
                if superseded_at + _KEPT > self._now:
                    assert not (past.found - held) & self._known()

    def _read(self, ref: PlaylistRef, cursor: str | None) -> Page:
        assert self._reading is not None
        if self._refuses:
            raise ProviderRefused("not today")
        first = int(cursor or 0)
        held = self._contents[ref.id][first : first + _PAGE]
        entries = [PlaylistEntry(first + at, TrackInfo(track, "spotify", str(track))) for at, track in enumerate(held)]
        if self._reading.hides:
            entries.append(PlaylistEntry(first + 900, reason=Reason.UNREADABLE_FILE))
        self._reading.found |= set(held)
        more = len(self._contents[ref.id]) > first + _PAGE
        return Page(tuple(entries), str(first + _PAGE) if more else None)

    def _counts(self, past: _Past) -> bool:
        return past.ended is None or not any(
            other.whole and other.ended and other.playlist == past.playlist and other.started > past.ended
            for other in self._crawls
        )

    def _running(self) -> list[_Past]:
        return [past for past in self._crawls if not past.ended]

    def _lately_ended(self) -> list[_Past]:
        """Crawls whose messages a queue may still hold."""
        return [past for past in self._crawls if past.ended and self._now - past.ended < _QUEUED]

    def _known(self) -> set[TrackId]:
        return {track.track_id for track in self._stage.tracks.scan() if track.status is not Status.PENDING}

    def _tick(self) -> datetime:
        self._now += timedelta(milliseconds=1)
        return self._now


TestPlaylists = ChangingPlaylists.TestCase
TestPlaylists.settings = settings(
    max_examples=_EXAMPLES, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)
