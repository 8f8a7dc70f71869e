"""What the index knows of its tracks besides their sound, arranged for search by words and for filters.

Segments never change, so each is arranged once, when the first query needs it, and kept for as long as a version
uses it.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from earshot.embedding import Vector
from earshot.errors import UnknownTag
from earshot.index.searcher import Neighbour, Searcher
from earshot.index.segment import Segment
from earshot.index.transform import unit
from earshot.recordings import plain

Mask = npt.NDArray[np.bool_]
_FIELD = "\t"
_CHUNK = 20_000


class Shelf:
    """The words, tags and sources of one segment.

    Each row is one line of `_text`: title, artists and album without case and accents, every word preceded by a
    space, so that a prefix search is one substring search.
    """

    def __init__(self, segment: Segment) -> None:
        starts: list[int] = []
        lines: list[str] = []
        position = 0
        tags: dict[str, list[tuple[int, float]]] = {}
        sources: dict[str, list[int]] = {}
        for row, track in enumerate(segment.tracks()):
            fields = (plain(track.title), " ".join(map(plain, track.artists)), plain(track.album))
            line = _FIELD.join(f" {text}" for text in fields) + "\n"
            starts.append(position)
            lines.append(line)
            position += len(line)
            sources.setdefault(track.source, []).append(row)
            for tag in track.tags:
                tags.setdefault(plain(tag.name), []).append((row, tag.probability))
        self.rows = segment.rows
        self._starts = starts
        self._text = "".join(lines)
        self._tags = {name: _columns(entries) for name, entries in tags.items()}
        self._sources = {name: np.asarray(rows, np.intp) for name, rows in sources.items()}

    @property
    def tag_names(self) -> frozenset[str]:
        """Tags that any of the rows carries, in plain form."""
        return frozenset(self._tags)

    def line(self, row: int) -> str:
        """Title, artists and album of a row in plain form, tab-separated, each preceded by a space."""
        start = self._starts[row]
        return self._text[start : self._text.index("\n", start)]

    def with_words(self, words: Sequence[str]) -> Mask:
        """Rows in which each of the plain `words` begins a word."""
        mask = np.ones(self.rows, np.bool_)
        for word in sorted(words, key=len, reverse=True):
            found = np.zeros(self.rows, np.bool_)
            found[list(self._rows_with(f" {word}"))] = True
            mask &= found
        return mask

    def _rows_with(self, needle: str) -> Iterator[int]:
        position = self._text.find(needle)
        while position >= 0:
            row = bisect_right(self._starts, position) - 1
            yield row
            if row + 1 == self.rows:
                return
            position = self._text.find(needle, self._starts[row + 1])

    def tag_strengths(self, names: Sequence[str]) -> npt.NDArray[np.float32]:
        """Per row the product of the probabilities of the plain tags `names`; 0 where one is missing."""
        strengths = np.ones(self.rows, np.float32)
        for name in names:
            column = np.zeros(self.rows, np.float32)
            if name in self._tags:
                rows, probabilities = self._tags[name]
                column[rows] = probabilities
            strengths *= column
        return strengths

    def of_source(self, source: str) -> Mask:
        """Rows that come from `source`."""
        mask = np.zeros(self.rows, np.bool_)
        mask[self._sources.get(source, [])] = True
        return mask


def _columns(entries: list[tuple[int, float]]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    rows, values = zip(*entries, strict=True)
    return np.asarray(rows, np.intp), np.asarray(values, np.float32)


_shelves: dict[str, Shelf] = {}


def shelf(segment: Segment) -> Shelf:
    """The shelf of a segment, arranged now or before."""
    if segment.id not in _shelves:
        _shelves[segment.id] = Shelf(segment)
    return _shelves[segment.id]


@lru_cache(maxsize=1)
def shelves(searcher: Searcher) -> tuple[tuple[Segment, Shelf, Mask], ...]:
    """Every segment with its shelf and the mask of its live rows."""
    parts = tuple(
        (segment, shelf(segment), np.ones(segment.rows, np.bool_) if dead is None else ~dead)
        for segment, dead in searcher.segments
    )
    for stale in _shelves.keys() - {segment.id for segment, _, _ in parts}:
        del _shelves[stale]
    return parts


def known_tags(searcher: Searcher, names: Sequence[str]) -> list[str]:
    """`names` in plain form.

    Raises:
        UnknownTag: no track in the index carries one of them.
    """
    known: frozenset[str] = frozenset().union(*(part.tag_names for _, part, _ in shelves(searcher)))
    wanted = [plain(name) for name in names]
    for name, text in zip(wanted, names, strict=True):
        if name not in known:
            raise UnknownTag(f"no track has the tag {text!r}", hint=f"The tags are: {', '.join(sorted(known))}.")
    return wanted


def nearest_among(
    searcher: Searcher, vector: Vector, k: int, *, tags: Sequence[str], source: str | None, exclude: frozenset[str]
) -> list[Neighbour]:
    """The `k` tracks nearest to the unit `vector` among those with all the plain `tags` and of the `source`.

    Exact: a filter may leave few tracks far away, where an approximate search finds nothing.
    """
    hits: list[tuple[float, str, Segment, int]] = []
    for segment, part, live in shelves(searcher):
        mask = live & (part.tag_strengths(tags) > 0)
        if source is not None:
            mask &= part.of_source(source)
        rows = np.flatnonzero(mask)
        similarities = _similarities(segment, rows, vector)
        best = np.argsort(-similarities, kind="stable")[: k + len(exclude)]
        hits += [(-float(similarities[i]), segment.track_id(int(rows[i])), segment, int(rows[i])) for i in best]
    hits.sort(key=lambda hit: hit[:2])
    chosen = [hit for hit in hits if hit[1] not in exclude][:k]
    return [Neighbour(segment.track(row), min(1.0, max(-1.0, -minus))) for minus, _, segment, row in chosen]


def _similarities(segment: Segment, rows: npt.NDArray[np.intp], vector: Vector) -> npt.NDArray[np.float32]:
    """In portions: the vectors are kept as float16, their float32 copy would need twice the room at once."""
    parts = [unit(segment.vectors[rows[i : i + _CHUNK]]) @ vector for i in range(0, len(rows), _CHUNK)]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)
