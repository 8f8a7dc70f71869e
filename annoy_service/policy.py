"""When the index is rebuilt at once, when deltas are appended, and when they are due to be compacted."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from earshot.ids import SegmentId
from earshot.index.manifest import Manifest, SegmentEntry
from earshot.index.shelf import SHELF
from earshot.networks import Network

_ROOM_BYTES = 4_750_000_000
_ROW_BYTES = 1_304
"""Of a row beside its embedding and drift: vector, description, engine's file, shelf."""
_FLOAT16_BYTES = 2


@dataclass(frozen=True, slots=True)
class Policy:
    """The thresholds.

    `small_catalogue`: up to so many tracks the base is rebuilt at once (a quarter of a second), and the transform
    always fits the catalogue. Above it deltas are appended, and compaction is due when they hold more than
    `delta_share` of the bases' rows (and at least `min_delta_rows`) or more than `max_delta_rows`, when more than
    `dead_share` of all rows are dead, or when a base lacks the shelf of this edition, without which the first search of
    every container takes seconds.

    `at_once`: rows that one base, and so one compaction, holds at most (`policy_of`). Larger catalogues have several
    bases.
    """

    small_catalogue: int = 500
    delta_share: float = 0.05
    min_delta_rows: int = 250
    max_delta_rows: int = 50_000
    dead_share: float = 0.10
    at_once: int = 1_250_000


def policy_of(network: Network) -> Policy:
    """The thresholds for embeddings of a network.

    A function has 10 GB of disk and 15 minutes, and a row is there twice meanwhile: 1.25 million rows of 3.8 kB as
    musicnn makes them, fewer of longer ones (docs/scaling.md).
    """
    row_bytes = _ROW_BYTES + 2 * network.dimensions * _FLOAT16_BYTES
    return Policy(at_once=min(Policy().at_once, _ROOM_BYTES // row_bytes))


def compaction_due(manifest: Manifest, policy: Policy) -> bool:
    """Whether the version has strayed too far from its bases, or these are of another edition, and that can be mended.

    A segment of more than `at_once` rows can only be built anew elsewhere (`annoy_service.spark`).
    """
    if manifest.tracks <= policy.small_catalogue:
        return False
    if any(SHELF not in base.objects for base in _within_reach(manifest.bases, policy)):
        return True
    delta_rows = _rows(_within_reach(manifest.deltas, policy))
    enough = max(policy.delta_share * _rows(manifest.bases), policy.min_delta_rows)
    return delta_rows > min(enough, policy.max_delta_rows) or _too_many_are_dead(manifest, policy)


def to_melt(manifest: Manifest, policy: Policy) -> tuple[SegmentEntry, ...]:
    """The segments that a compaction is to make one base of: all of them, or the most worn that it can hold.

    Of a catalogue that is too large these are, as long as they fit: bases of another edition; those with many dead
    rows, the worst first; the deltas; and small bases, each at most twice as large as what goes with it, so that a row
    is rewritten a logarithmic number of times, and bases stay few.
    """
    if manifest.tracks <= policy.at_once:
        return manifest.segments
    chosen: dict[SegmentId, SegmentEntry] = {}

    def take(entries: Iterable[SegmentEntry]) -> None:
        for entry in entries:
            if sum(each.live for each in chosen.values()) + entry.live <= policy.at_once:
                chosen.setdefault(entry.id, entry)

    def small() -> Iterator[SegmentEntry]:
        for base in sorted(manifest.bases, key=lambda entry: entry.live):
            if base.live <= 2 * sum(each.live for each in chosen.values()):
                yield base

    worn = sorted(_within_reach(manifest.bases, policy), key=_dead_share, reverse=True)
    take(base for base in worn if SHELF not in base.objects)
    if _too_many_are_dead(manifest, policy):
        take(base for base in worn if _dead_share(base) > policy.dead_share)
    take(manifest.deltas)
    take(small())
    return tuple(entry for entry in manifest.segments if entry.id in chosen)


def _within_reach(entries: Iterable[SegmentEntry], policy: Policy) -> list[SegmentEntry]:
    return [entry for entry in entries if entry.live <= policy.at_once]


def _too_many_are_dead(manifest: Manifest, policy: Policy) -> bool:
    entries = _within_reach(manifest.segments, policy)
    return sum(len(entry.dead) for entry in entries) > policy.dead_share * _rows(entries)


def _dead_share(entry: SegmentEntry) -> float:
    return len(entry.dead) / entry.rows


def _rows(entries: Iterable[SegmentEntry]) -> int:
    return sum(entry.rows for entry in entries)


class UpkeepRequests:
    """Asks for compaction once per recipe and bases, for garbage collection once an hour; this process remembers.

    A request too many costs a look at the manifest, a lost one comes again with the next publication.

    Args:
        send: asks the function compact_index to look.
        policy: when compaction is due.
        clock: seconds, monotonic.
    """

    _AGAIN_S = 3600.0

    def __init__(self, send: Callable[[], None], policy: Policy, clock: Callable[[], float] = time.monotonic) -> None:
        self._send = send
        self._policy = policy
        self._clock = clock
        self._asked: dict[str, frozenset[SegmentId]] = {}
        self._sent_at = -self._AGAIN_S

    def after(self, manifest: Manifest) -> None:
        """`manifest` was published: ask if there is reason to."""
        due = compaction_due(manifest, self._policy) and manifest.base_ids != self._asked.get(manifest.recipe)
        if due or self._clock() - self._sent_at >= self._AGAIN_S:
            self._send()
            self._sent_at = self._clock()
        if due:
            self._asked[manifest.recipe] = manifest.base_ids
