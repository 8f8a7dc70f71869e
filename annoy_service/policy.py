"""When the index is rebuilt at once, when deltas are appended, and when they are due to be compacted."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from earshot.ids import SegmentId
from earshot.index.manifest import Manifest
from earshot.index.shelf import SHELF


@dataclass(frozen=True, slots=True)
class Policy:
    """The thresholds.

    `small_catalogue`: up to so many tracks the base is rebuilt at once (a quarter of a second), and the transform
    always fits the catalogue. Above it deltas are appended, and compaction is due when they hold more than
    `delta_share` of the bases' rows (and at least `min_delta_rows`) or more than `max_delta_rows`, when more than
    `dead_share` of all rows are dead, or when a base lacks the shelf of this edition, without which the first search of
    every container takes seconds.
    """

    small_catalogue: int = 500
    delta_share: float = 0.05
    min_delta_rows: int = 250
    max_delta_rows: int = 50_000
    dead_share: float = 0.10


def compaction_due(manifest: Manifest, policy: Policy) -> bool:
    """Whether the version has strayed too far from its bases, or these are of another edition."""
    if manifest.tracks <= policy.small_catalogue:
        return False
    if any(SHELF not in base.objects for base in manifest.bases):
        return True
    delta_rows = sum(entry.rows for entry in manifest.deltas)
    base_rows = sum(entry.rows for entry in manifest.bases)
    all_rows, dead_rows = delta_rows + base_rows, sum(len(entry.dead) for entry in manifest.segments)
    enough = max(policy.delta_share * base_rows, policy.min_delta_rows)
    return delta_rows > min(enough, policy.max_delta_rows) or dead_rows > policy.dead_share * all_rows


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
