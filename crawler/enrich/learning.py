"""Has providers tell what they know of the catalogue's tracks, each at its pace, for as long as a function may run.

The table is the work list: a track is due at a provider that was never asked about it, not for months, or about another
recording. Each provider has a position of its own in a scan of the table, and what it says of a track is written before
the next is asked, so that whoever dies loses one answer. A wait of seconds is waited for; a longer one stands in the
bucket that all workers share, and ends the provider's turn: the next run goes on there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from crawler.enrich.asking import Ask
from crawler.rate_limit import RateLimiter
from earshot.clock import day_of, epoch
from earshot.enrichers import ENRICHERS
from earshot.errors import ProviderRefused, ProviderThrottled, ProviderUnavailable
from earshot.facts import Learned, recording_of
from earshot.stores.dynamodb import batches
from earshot.stores.scan_positions import ScanPositions
from earshot.stores.tracks_table import ReadyPage, TracksTable
from earshot.telemetry import logger
from earshot.track import Track

_FAILURES = 3
"""So many answers in a row that cannot be used, and the provider is left alone for `_BROKEN_S`."""
_BROKEN_S, _REFUSED_S = 900.0, 6 * 3600.0
_REST_S = 900.0
"""A scan costs what exists, so it begins anew after so long for each of its pages, and after a day at most."""
_MONTH_S = 30 * 24 * 3600.0


class _TurnIsOver(Exception):
    """The provider is not asked any more in this run."""


@dataclass(frozen=True, slots=True)
class Learning:
    """What learning works with.

    Attributes:
        tracks: what is asked about, and where it is kept.
        providers: those that are switched on, by name, in the order in which they are asked.
        limiter: whose buckets are paused for providers that are broken or refuse.
        position: where a provider's scan goes on.
        months: after so many what was learned is asked anew.
    """

    tracks: TracksTable
    providers: Mapping[str, Ask]
    limiter: RateLimiter
    position: Callable[[str], ScanPositions]
    months: int

    def run(self, left_s: Callable[[], float]) -> int:
        """Ask for as long as time is left, each provider for its share. Returns how many tracks were asked about.

        Raises:
            ProviderRefused: one of them does not answer us; the others were asked.
        """
        refusal, asked = None, 0
        for turns, (name, ask) in enumerate(self.providers.items(), 1):
            others = len(self.providers) - turns
            turn = _Turn(self, name, ask, left_s, left_s() * others / (others + 1))
            try:
                turn.take()
            except ProviderRefused as error:
                logger().error("a provider of facts refuses", provider=name, reason=error.message)
                refusal = refusal or error
            asked += turn.asked
        if refusal:
            raise refusal
        return asked


@dataclass(slots=True)
class _Turn:
    """A provider's share of a run, of which `run_s` are left and `others_s` are the others'."""

    learning: Learning
    name: str
    ask: Ask
    run_s: Callable[[], float]
    others_s: float
    asked: int = 0
    failures: int = 0

    @property
    def left_s(self) -> float:
        """How long it still is."""
        return self.run_s() - self.others_s

    def take(self) -> None:
        """Go on with the scan, to its end or to that of the turn."""
        position, pages = self.learning.position(self.name), 0
        if position.is_resting:
            return
        for page in self.learning.tracks.ready(position.get()):
            try:
                self._page(page)
            except _TurnIsOver:
                return  # the page is looked at again: whom it was asked about is not due any more
            except (ProviderUnavailable, ProviderRefused) as error:
                # What makes it fail may be a track of this page, so the next turn begins behind it. They stay due.
                position.put(page.last)
                refused = isinstance(error, ProviderRefused)
                self.learning.limiter.pause(self.name, _REFUSED_S if refused else _BROKEN_S)
                if refused:
                    raise
                return
            position.put(page.last)
            pages += 1
        position.rest(pages * _REST_S)

    def _page(self, page: ReadyPage) -> None:
        due = [track for track in page.tracks if self._is_due(track)]
        for batch in batches(due, ENRICHERS[self.name].at_once):
            if self.left_s <= 0:
                raise _TurnIsOver
            try:
                said = self.ask([track.shown for track in batch])
            except ProviderThrottled as error:
                logger().info("a provider of facts asks to wait", provider=self.name, seconds=error.retry_after_s)
                raise _TurnIsOver from None
            except ProviderUnavailable as error:
                logger().warning("a provider of facts fails", provider=self.name, reason=error.message)
                self.failures += 1
                if self.failures >= _FAILURES:
                    raise
                continue
            self.failures = 0
            for track, facts in zip(batch, said, strict=True):
                if facts is not None:
                    learned = Learned(str(day_of(epoch())), recording_of(track.info.to_row()), facts)
                    self.learning.tracks.note_learned(track, self.name, learned)
                    self.asked += 1

    def _is_due(self, track: Track) -> bool:
        learned = track.learned.get(self.name)
        if learned is None or learned.of != recording_of(track.info.to_row()):
            return True
        return learned.asked <= str(day_of(epoch() - self.learning.months * _MONTH_S))
