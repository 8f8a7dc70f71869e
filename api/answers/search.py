"""Search by words: tags that the network heard, and text in title, artists and album."""

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import islice
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from api.answers.filters import NO_FILTERS, Admitted, Filters
from api.answers.found import Found, SharedTag
from earshot.colistening.table import ColisteningTable
from earshot.embedding import Vector
from earshot.index.arrays import RowNumbers
from earshot.index.rows import IndexedTrack
from earshot.index.searcher import Searcher
from earshot.index.segment import Segment
from earshot.index.shelf import Shelf
from earshot.titles import plain

MAX_WORDS = 8

Keys = npt.NDArray[np.uint64]


def search(
    searcher: Searcher,
    *,
    text: str,
    filters: Filters = NO_FILTERS,
    limit: int,
    offset: int,
    table: ColisteningTable | None = None,
    listening: float = 0.0,
) -> tuple[int, list[Found]]:
    """How many tracks match, and `limit` of them from `offset` on.

    Every word of `text` must begin a word of title, artists or album; what `filters` ask for must hold.
    Titles that match as a whole come first, then titles that begin with the text, then titles that hold all words;
    with tags the strongest come first among equals; ties go by title. With a `table` and a weight of `listening`
    (0 to 1) what more people play comes first among equals, as much as the weight says.

    Raises:
        UnknownTag, UnknownGenre: no track has what the filters ask for.
    """
    wanted_text = plain(text)
    words = wanted_text.split()[:MAX_WORDS]
    admitted = Admitted(searcher, filters)
    if text.strip() and not words:
        return 0, []
    total, best = 0, []
    for number, (segment, mask) in enumerate(admitted.parts):
        shelf = segment.shelf
        rows = np.flatnonzero(mask & shelf.with_words(words) if words else mask)
        strengths = shelf.tag_strengths(admitted.tags)[rows]
        if table is not None and listening:
            strengths = (1 - listening) * strengths + listening * _heard(table.popularities(segment.ids[rows]))
        keys = _keys(_text_ranks(shelf, rows, wanted_text, words), strengths, shelf.places[rows])
        total += len(rows)
        first = _smallest(keys, offset + limit)
        best.append(_matches(number, segment, rows[first], keys[first]))
    tracks = [match.segment.track(match.row) for match in islice(merge(*best, key=_order), offset, offset + limit)]
    return total, [Found(track, None, None, _matched(track, admitted.tags)) for track in tracks]


class _Match(NamedTuple):
    key: int
    number: int
    """Of the segment."""
    row: int
    segment: Segment


def _order(match: _Match) -> tuple[int, str, int, int]:
    """Places are those of one segment, so between segments spines decide. They are read for those who meet others."""
    return match.key >> _PLACE_BITS, match.segment.shelf.spine(match.row), match.number, match.row


def _matches(number: int, segment: Segment, rows: RowNumbers, keys: Keys) -> Iterator[_Match]:
    for row, key in zip(rows.tolist(), keys.tolist(), strict=True):
        yield _Match(key, number, row, segment)


def _text_ranks(shelf: Shelf, rows: RowNumbers, text: str, words: Sequence[str]) -> Keys:
    ranks = np.zeros(len(rows), np.uint64)
    if words:
        ranks += np.where(shelf.with_words_in_title(words)[rows], 2, 3).astype(np.uint64)
        places = shelf.places[rows]
        whole, beginning = shelf.titled(text)
        for rank, span in ((1, beginning), (0, whole)):
            ranks[(places >= span.first) & (places < span.end)] = rank
    return ranks


_PLACE_BITS = 31
_PLACE_AND_STRENGTH_BITS = 62
_MOST_LISTENERS_LOG = np.log1p(np.iinfo(np.uint32).max)
_STRONGEST = np.float32(np.inf).view(np.uint32)


def _keys(ranks: Keys, strengths: Vector, places: npt.NDArray[np.uint32]) -> Keys:
    """Of each row a number, smallest first: by rank, strength and place. Positive floats order as their bits do."""
    weakness = (_STRONGEST - strengths.view(np.uint32)).astype(np.uint64)
    return ranks << np.uint64(_PLACE_AND_STRENGTH_BITS) | weakness << np.uint64(_PLACE_BITS) | places


def _heard(listeners: npt.NDArray[np.uint32]) -> Vector:
    """How much so many listeners count, 0 to 1: by the logarithm, since few tracks have most of the plays."""
    heard: Vector = (np.log1p(listeners) / _MOST_LISTENERS_LOG).astype(np.float32)
    return heard


def _smallest(keys: Keys, n: int) -> RowNumbers:
    """Which `n` are smallest, in their order."""
    near: RowNumbers = np.argpartition(keys, n)[:n] if n < len(keys) else np.arange(len(keys))
    return near[np.argsort(keys[near])]


def _matched(track: IndexedTrack, wanted: Sequence[str]) -> list[SharedTag]:
    return [SharedTag(tag.name, tag.probability) for tag in track.tags if plain(tag.name) in wanted]
