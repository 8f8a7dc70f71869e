"""What the index knows of its tracks besides their sound, and what of it is nearest."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from earshot.embedding import Vector
from earshot.errors import NotServedHere, UnknownTag
from earshot.index.arrays import Mask, RowNumbers, as_single
from earshot.index.neighbours import Neighbours
from earshot.index.searcher import Neighbour, Searcher
from earshot.index.segment import Segment
from earshot.index.transform import unit
from earshot.titles import plain

_FEW_ROWS, _GOOD_PART = 20_000, 0.25
"""Up to so many rows, or such a part of a segment, a product is as fast as an engine that has to pass over the rest."""
_CHUNK = 1_024
"""Rows whose float32 copies fit into the processor's cache."""


def whole(index: Neighbours) -> Searcher:
    """The index version with all its rows, for what looks through them: words, filters, genres, the map.

    Raises:
        NotServedHere: only its neighbours can be asked for.
    """
    if not isinstance(index, Searcher):
        raise NotServedHere(
            "the index is searched by S3 Vectors, which has neither words nor filters nor a map",
            hint="Ask without filters, or an API that reads the index itself.",
        )
    return index


def living(searcher: Searcher) -> Iterator[tuple[Segment, Mask]]:
    """Every segment with the mask of its living rows."""
    for segment, dead in searcher.segments:
        yield segment, np.ones(segment.rows, np.bool_) if dead is None else ~dead


def known_tags(searcher: Searcher, names: Sequence[str]) -> list[str]:
    """`names` in plain form.

    Raises:
        UnknownTag: one of them is said of no track in the index.
    """
    wanted = [plain(name) for name in names]
    if wanted:
        known = frozenset[str]().union(*(segment.shelf.tag_names for segment, _ in searcher.segments))
        for name, text in zip(wanted, names, strict=True):
            if name not in known:
                raise UnknownTag(f"no track has the tag {text!r}", hint=f"The tags are: {', '.join(sorted(known))}.")
    return wanted


def nearest_among(
    parts: Iterable[tuple[Segment, Mask]], vector: Vector, k: int, *, exclude: frozenset[str]
) -> list[Neighbour]:
    """The `k` tracks nearest to the unit `vector` among the rows of the masks.

    Exact where they are few: a filter may leave tracks far away, where an approximate search finds nothing. Where they
    are many and a good part of a segment, its engine is asked for more until enough of them are among its answers.
    """
    hits: list[tuple[float, str, Segment, int]] = []
    for segment, mask in parts:
        rows = np.flatnonzero(mask)
        if len(rows) > max(_FEW_ROWS, _GOOD_PART * segment.rows):
            rows, similarities = segment.nearest(vector, k + len(exclude), ~mask)
            by_row = np.argsort(rows)
            rows, similarities = rows[by_row], similarities[by_row]
        else:
            similarities = _similarities(segment, rows, vector)
        best = _best(similarities, k + len(exclude))
        hits += [(-float(similarities[i]), segment.track_id(int(rows[i])), segment, int(rows[i])) for i in best]
    hits.sort(key=lambda hit: hit[:2])
    chosen = [hit for hit in hits if hit[1] not in exclude][:k]
    return [Neighbour(segment.track(row), min(1.0, max(-1.0, -minus))) for minus, _, segment, row in chosen]


def _similarities(segment: Segment, rows: RowNumbers, vector: Vector) -> Vector:
    parts = [unit(as_single(segment.vectors[rows[i : i + _CHUNK]])) @ vector for i in range(0, len(rows), _CHUNK)]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def _best(similarities: Vector, n: int) -> npt.NDArray[np.intp]:
    """Which `n` are greatest, the greatest first, the first of equals first."""
    if n < len(similarities):
        least = np.partition(similarities, len(similarities) - n)[len(similarities) - n]
        near = np.flatnonzero(similarities >= least)
    else:
        near = np.arange(len(similarities))
    return near[np.argsort(-similarities[near], kind="stable")][:n]
