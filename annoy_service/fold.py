"""Folds changed tracks into a recipe's index: a new version appears all at once or not at all.

The order of side effects is what keeps a kill at any line harmless: immutable objects first (unseen by anybody), then
the pointer (all at once, and only from the version that the fold was computed from), then the announcement (which
readers can do without). Folding the same tracks again finds nothing to change.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import TypeVar

from annoy_service.builder import Builder
from annoy_service.pointers import manifest_at, position, publish
from annoy_service.version import Changes, Outcome, following
from earshot.errors import IndexRace
from earshot.telemetry import logger

ATTEMPTS = 10
AT_ONCE = 5_000
"""Tracks to fold at once where there are many: some 15 MB of vectors, and one version for readers to load."""

_T = TypeVar("_T")
_log = logger()


def fold(builder: Builder, read: Callable[[], Changes]) -> Outcome:
    """Make the index hold what `read` says of some tracks, leaving all others alone.

    `read` is called after the pointer was read, again for each attempt: whoever moved the pointer before had read the
    table before, so that no builder can put an older state of a track on top of a newer one. It is called once more
    after publication: another builder may have been told of a change meanwhile and have found, in the version before
    this one, nothing to do. `added` counts new and changed tracks, `removed` those that are gone.

    Raises:
        IndexRace: other builders kept moving the pointer.
        DamagedIndex: the current version cannot be read.
        RecallTooLow: the promotion gate stayed shut.
    """
    last: Outcome | None = None
    for attempt in range(ATTEMPTS):
        place = position(builder)
        changes = read()
        outcome = replace(following(builder, manifest_at(builder, place), changes), serves=place.serves)
        if outcome.manifest is None or not outcome.changed:
            return last or outcome
        try:
            published = publish(builder, outcome.manifest, place)
        except IndexRace:
            _log.info("another builder was first; folding again onto its version", attempt=attempt + 1)
        else:
            last = replace(outcome, manifest=published, published=True)
            _log.info("folded", extra=last.in_short())
            if read() == changes:
                return last
            _log.info("the tracks have changed meanwhile; folding again", attempt=attempt + 1)
    raise IndexRace(f"the index moved {ATTEMPTS} times while some tracks were folded in")


def in_portions(items: Iterable[_T], size: int = AT_ONCE) -> Iterator[list[_T]]:
    """All `items`, at most `size` at a time."""
    iterator = iter(items)
    while portion := list(islice(iterator, size)):
        yield portion
