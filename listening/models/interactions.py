"""Who has shown liking for what: the evidence that models learn from."""

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

MOST_ITEMS = 500
"""Of a listener count the items heard last, so many: pairs grow with their square, and nobody shall outweigh others."""
A_LOVE_COUNTS = 8.0
"""Plays that a love is worth: more brings no model more that can be told from chance (`bench.listening.opinions`)."""

Numbers = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float32]


class Evidence(NamedTuple):
    """What listeners did: (n,) each, a row for each listener and item, in any order."""

    listeners: Numbers
    items: Numbers
    plays: npt.NDArray[np.integer]
    """How often it was heard; a skip is none of them."""
    skips: npt.NDArray[np.integer]
    at: npt.NDArray[np.int64]
    """When, in seconds: for the first time where that is known."""
    feedback: npt.NDArray[np.integer]
    """1 loved, -1 banned, 0 neither."""


def only(evidence: Evidence, wanted: npt.NDArray[np.bool_]) -> Evidence:
    """The rows that are `wanted` (n,)."""
    listeners, items, plays, skips, at, feedback = (column[wanted] for column in evidence)
    return Evidence(listeners.astype(np.intp), items.astype(np.intp), plays, skips, at.astype(np.int64), feedback)


def evidence_of_plays(
    listeners: Numbers, items: Numbers, at: npt.NDArray[np.int64], skipped: npt.NDArray[np.bool_]
) -> Evidence:
    """Plays, a row each and in any order, added up for each listener and item; when it was heard first."""
    order = np.lexsort((at, items, listeners))
    listeners, items, at, skips = listeners[order], items[order], at[order], skipped[order].astype(np.int64)
    first = np.flatnonzero((np.diff(listeners, prepend=-1) != 0) | (np.diff(items, prepend=-1) != 0))
    counts = np.diff(first, append=len(order))
    skips = np.add.reduceat(skips, first) if len(first) else skips
    return Evidence(listeners[first], items[first], counts - skips, skips, at[first], np.zeros(len(first), np.int8))


def with_opinions(evidence: Evidence, said: Evidence) -> Evidence:
    """`evidence` of plays, and what was `said` of tracks, played or not (no plays, no skips, feedback 1 or -1; `at`:
    when). What was played keeps when it was heard first."""
    every = Evidence(*(np.concatenate(columns) for columns in zip(evidence, said, strict=True)))
    was_said = np.arange(len(every.at)) >= len(evidence.at)
    order = np.lexsort((was_said, every.items, every.listeners))
    listeners, items = every.listeners[order], every.items[order]
    first = np.flatnonzero((np.diff(listeners, prepend=-1) != 0) | (np.diff(items, prepend=-1) != 0))
    if not len(first):
        return evidence
    plays, skips, feedback = (
        np.add.reduceat(column[order].astype(np.int64), first) for column in (every.plays, every.skips, every.feedback)
    )
    return Evidence(listeners[first], items[first], plays, skips, every.at[order][first], feedback)


@dataclass(frozen=True, slots=True, eq=False)
class Interactions:
    """Each listener's items in the order in which they were heard, with confidence that they are liked.

    Listener u has items ``items[starts[u]:starts[u + 1]]``; `confidence` is 1 for one play and grows with the logarithm
    of more. Play counts and listeners of an item count what is here.
    """

    starts: Numbers
    items: npt.NDArray[np.int32]
    confidence: Floats
    n_items: int

    @property
    def n_listeners(self) -> int:
        """Listeners, also such as have shown no liking."""
        return len(self.starts) - 1

    @property
    def sizes(self) -> Numbers:
        """Items of each listener (n_listeners,)."""
        return np.diff(self.starts)

    def matrix(self) -> sparse.csr_array:
        """Confidence, listeners × items, float32."""
        shape = (self.n_listeners, self.n_items)
        made = sparse.csr_array((self.confidence.copy(), self.items.copy(), self.starts.copy()), shape=shape)
        made.sort_indices()
        return made

    def binary(self) -> sparse.csr_array:
        """1 where there is evidence, listeners × items, float32: exact as counts up to 16 million."""
        made = self.matrix()
        made.data[:] = 1.0
        return made

    def listeners_of_items(self) -> npt.NDArray[np.int64]:
        """Distinct listeners of each item (n_items,)."""
        return np.bincount(self.items, minlength=self.n_items).astype(np.int64)

    def of(self, listeners: Numbers) -> "Interactions":
        """Those of `listeners` alone, in that order."""
        return self._kept(listeners, np.zeros(len(listeners), np.intp), self.sizes[listeners])

    def divided(self, share: float) -> tuple["Interactions", "Interactions"]:
        """The first `share` of every listener's items (at least one), and the rest."""
        everyone, sizes = np.arange(self.n_listeners), self.sizes
        first = np.minimum(np.maximum(1, np.floor(share * sizes)).astype(np.intp), sizes)
        return self._kept(everyone, np.zeros_like(first), first), self._kept(everyone, first, sizes - first)

    def only(self, wanted: npt.NDArray[np.bool_]) -> "Interactions":
        """Those with the items that are `wanted` (n_items,); the others keep their numbers and lose their listeners."""
        kept = wanted[self.items]
        starts = np.concatenate([[0], np.cumsum(kept)])[self.starts]
        return Interactions(starts.astype(np.intp), self.items[kept], self.confidence[kept], self.n_items)

    def _kept(self, listeners: Numbers, skip: Numbers, count: Numbers) -> "Interactions":
        """Of each of `listeners`, `count` items after the first `skip`."""
        starts = np.concatenate([[0], np.cumsum(count)]).astype(np.intp)
        where = np.arange(starts[-1]) + np.repeat(self.starts[listeners] + skip - starts[:-1], count)
        return Interactions(starts, self.items[where], self.confidence[where], self.n_items)

    @classmethod
    def of_evidence(
        cls,
        evidence: Evidence,
        *,
        n_listeners: int,
        n_items: int,
        most_items: int = MOST_ITEMS,
        a_love_counts: float = A_LOVE_COUNTS,
    ) -> Self:
        """What `evidence` says of liking: plays less skips, and a love for some plays; what comes to nothing is left
        out, and so is what was banned. Of each listener the `most_items` heard last stay."""
        worth = evidence.plays - evidence.skips.astype(np.float64) + a_love_counts * (evidence.feedback > 0)
        kept = np.flatnonzero((worth > 0) & (evidence.feedback >= 0))
        listeners, items, at = evidence.listeners[kept], evidence.items[kept], evidence.at[kept]
        order = np.lexsort((items, at, listeners))
        counts = np.bincount(listeners, minlength=n_listeners)
        ends = np.cumsum(counts)[listeners[order]]
        order = order[ends - np.arange(len(order)) <= most_items]
        starts = np.concatenate([[0], np.cumsum(np.minimum(counts, most_items))])
        confidence = np.log2(1 + worth[kept][order]).astype(np.float32)
        return cls(starts.astype(np.intp), items[order].astype(np.int32), confidence, n_items)
