"""Makes the index agree with the table on some tracks: those that have changed, or those that a repair found.

A change's way: its track's name comes from the stream (stream) through a queue to `index_batch`; each recipe's builder
finds its newest version (pointers), reads what the table holds of the track (changes), writes the version that follows
(version) and moves the pointer to it (fold); then readers are told, here.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from aws_lambda_powertools.metrics import MetricUnit

from annoy_service.changes import Wanted, read_wanted
from annoy_service.fold import fold
from annoy_service.generations import outgoing, succeed
from annoy_service.services import Services, in_turn
from annoy_service.version import Changes, Outcome
from earshot.clock import epoch
from earshot.ids import TrackId
from earshot.messages import IndexPublished, TrackNotIndexed, TracksChanged
from earshot.telemetry import emit, logger

_log = logger()


@dataclass(frozen=True, slots=True)
class Agreement:
    """What it took to make index and table agree (the most for any recipe), and the tracks whose items could not be
    read (with the reason)."""

    added: int
    removed: int
    unreadable: Mapping[TrackId, str]
    indexed: Collection[TrackId] = ()
    """Those of the tracks that the index now holds."""


def index_batch(changes: Collection[TracksChanged], services: Services) -> None:
    """Index the tracks that have changed. One whose item cannot be read is parked under its id.

    Raises:
        IndexVersionError: see `agree`.
    """
    agreement = agree(_named_in(changes), services)
    _report(changes, agreement.indexed)
    for track_id, reason in agreement.unreadable.items():
        services.park(TrackNotIndexed(track_id, reason))


def park_batch(changes: Collection[TracksChanged], error: Exception, services: Services) -> None:
    """Have the tracks tried again later: indexing them failed every time."""
    for track_id in _named_in(changes):
        services.park(TrackNotIndexed(track_id, f"{type(error).__name__}: {error}"))


def _named_in(changes: Iterable[TracksChanged]) -> list[TrackId]:
    return list(dict.fromkeys(track_id for change in changes for track_id in change.track_ids))


def _report(changes: Iterable[TracksChanged], indexed: Iterable[str]) -> None:
    """One line per track, and how long the oldest change of the batch took from the table into the index."""
    for track_id in indexed:
        _log.info("in the index", correlation_id=track_id)
    written = [change.changed_at for change in changes if change.changed_at]
    if written:
        emit("IndexFreshnessSeconds", max(0.0, epoch() - min(written)), MetricUnit.Seconds)


def agree(track_ids: Collection[TrackId], services: Services) -> Agreement:
    """Make every recipe's index hold of `track_ids` what the table holds, and announce the version that comes of it.

    Raises:
        IndexRace: other builders kept moving a pointer.
        DamagedIndex: a current version cannot be read; see `annoy_service.repair`.
        RecallTooLow: the promotion gate stayed shut.
    """
    if not track_ids:
        return Agreement(0, 0, {})
    read = Wanted({}, {})

    def changes() -> Changes:
        nonlocal read
        read = read_wanted(track_ids, services.table, services.network)
        return read.rows

    outcomes = in_turn(services.builders, lambda builder: announce(fold(builder, changes), services))
    if not any(outcome.serves for outcome in outcomes):
        _replace_what_serves(changes, services)
    added = max(outcome.added for outcome in outcomes)
    removed = max(outcome.removed for outcome in outcomes)
    indexed = [track_id for track_id, row in read.rows.items() if row is not None]
    return Agreement(added, removed, read.unreadable, indexed)


def _replace_what_serves(changes: Callable[[], Changes], services: Services) -> None:
    """While a recipe serves that is not kept any more: keep its index up to date, too, and let the leading one serve
    once it covers the catalogue.

    Of another network's index, for which nothing can be heard any more, only what is gone is taken.
    """
    if (old := outgoing(services)) is not None:
        hears_the_same = old.recipe.network == services.network

        def theirs() -> Changes:
            if outgoing(services) is not old:  # replaced meanwhile: its generation is not to be begun anew
                return {}
            return {track_id: row for track_id, row in changes().items() if hears_the_same or row is None}

        announce(fold(old, theirs), services)
    if outcome := succeed(services):
        announce(outcome, services)


def announce(outcome: Outcome, services: Services) -> Outcome:
    """Tell readers of a version that was published, and ask for upkeep where it is due; returns `outcome`."""
    tell_readers(outcome, services)
    if outcome.manifest is not None and outcome.published:
        services.upkeep.after(outcome.manifest)
    return outcome


def tell_readers(outcome: Outcome, services: Services) -> None:
    """Announce a version that was published and serves. A reader that is never told polls the pointer anyway."""
    manifest = outcome.manifest
    if manifest is None or not outcome.published or not outcome.serves:
        return
    emit("IndexedTracks", manifest.tracks)
    services.announce(
        IndexPublished(
            version=manifest.version,
            tracks=manifest.tracks,
            added=outcome.added,
            removed=outcome.removed,
            model=manifest.model,
            built_at=manifest.built_at,
        )
    )
