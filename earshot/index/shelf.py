"""What the rows of a segment say of themselves besides their sound, in the order in which it is looked for.

One file of columns (`arrays.write_columns`), made when the segment is (`shelving`), mapped and never arranged again:
the words of titles, artists and albums, tags and sources, each with its rows; the rows by title; what a map shows of a
sample. A word, or the beginning of one, is a binary search and one slice.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from math import ceil
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from earshot.embedding import Vector
from earshot.errors import DamagedIndex
from earshot.index.arrays import Column, Mask, RowNumbers, mapped_columns
from earshot.index.facets import FACET_KINDS, Facets
from earshot.index.postings import POSTINGS, TEXTS, Numbers, Postings, Span, Texts, all_below, beginning
from earshot.index.rows import Lines, row_in
from earshot.tags import measured, threshold_of
from earshot.titles import plain
from earshot.track import Row

EDITION = 3
"""Raised with every change of these columns and of what `plain` makes of a text: other editions are not read."""
SHELF = f"shelf-{EDITION}.bin"
SAMPLE_ROWS = 24_000
"""Rows of a segment that a map may show: a fifth more than the points of a map, since rows die."""
MAX_ROWS = 1 << 31
STRONGEST = int(np.iinfo(np.uint16).max)
"""A tag's probability of 1."""
STEPS = 32
"""In which tags are counted by their probability, from 0 to 1."""

_KINDS: tuple[type[np.generic], ...] = (
    np.uint32, *POSTINGS, *POSTINGS, np.uint16, *POSTINGS, np.uint32, np.uint32, *TEXTS, *FACET_KINDS,
)  # fmt: skip
_SHOWN = 3


def spine(row: Row) -> str:
    """What rows are sorted by: title, artists and album in plain form, tab-separated, a space before every word."""
    artists = " ".join(map(plain, row.get("artists", ())))
    return f" {plain(row.get('title', ''))}\t {artists}\t {plain(row.get('album', ''))}"


class Shown(NamedTuple):
    """What a map shows of a row. Its `tag` as it is kept: the strongest that the network heard, said or not."""

    title: str
    artists: str
    tag: str


class Shelf:
    """The words, tags, sources and facets of the rows of one segment, dead rows included.

    Args:
        columns: as `shelving.arranged` makes them.
        rows: how many rows the segment has.
        lines: the segment's, to read spines from.

    Raises:
        DamagedIndex: the columns do not fit each other or the rows: no query may look at them.
    """

    def __init__(self, columns: Sequence[Column], rows: int, lines: Lines) -> None:
        self.order: Numbers = columns[0]
        """The rows in the order of their spines."""
        self.places: Numbers = _places(self.order, rows)
        """Of each row its place among all of them in that order."""
        self._words = Postings(*columns[1:5], most=2 * rows)
        self._tags = Postings(*columns[5:9], most=rows)
        self._strengths: npt.NDArray[np.uint16] = columns[9]
        self._sources = Postings(*columns[10:14], most=rows)
        self.sample: Numbers = columns[14]
        """Rows that a map may show, those with the smallest `sample_keys` first."""
        self.sample_keys: Numbers = columns[15]
        self._shown = Texts(*columns[16:18])
        self.facets = Facets(columns[18:], rows)
        """What rows are filtered by."""
        self._rows = rows
        self._lines = lines
        sampled = len(self.sample)
        if (
            not np.array_equal(self.order[self.places], np.arange(rows))
            or len(self._strengths) != len(self._tags.values)
            or not all_below(self.sample, rows)
            or (len(self.sample_keys), len(self._shown)) != (sampled, _SHOWN * sampled)
        ):
            raise DamagedIndex(f"a shelf that does not fit {rows} rows")

    @cached_property
    def tag_names(self) -> frozenset[str]:
        """Tags that are said of any of the rows (`earshot.tags`), in plain form."""
        return frozenset(name for name in self._kept_tags() if len(self._said(name)[0]))

    def tag_counts(self, live: Mask) -> dict[str, npt.NDArray[np.int64]]:
        """(`STEPS`,) for each plain tag: of how many of the rows in the mask it is said, by strength (`step_of`)."""
        return {name: self._counts(name, live) for name in self._kept_tags()}

    def _counts(self, name: str, live: Mask) -> npt.NDArray[np.int64]:
        rows, strengths = self._said(name)
        return np.bincount(strengths[live[rows]].astype(np.int64) * STEPS // (STRONGEST + 1), minlength=STEPS)

    def _kept_tags(self) -> list[str]:
        return self._tags.names.at(np.arange(len(self._tags.names)))

    def _said(self, name: str) -> tuple[Numbers, npt.NDArray[np.uint16]]:
        """The rows of which a plain tag is said, each with its strength."""
        found = self._tags.of(name)
        is_said = self._strengths[found] >= _least_strength(name)
        return self._tags.values[found][is_said], self._strengths[found][is_said]

    def spine(self, row: int) -> str:
        """See `spine`."""
        return spine(row_in(self._lines[row]))

    def with_words(self, words: Sequence[str]) -> Mask:
        """Rows in which each of the plain `words` begins a word of title, artists or album."""
        return self._all_of(self._words_that_begin(word) for word in words)

    def with_words_in_title(self, words: Sequence[str]) -> Mask:
        """The same of the title alone."""
        found = (self._words_that_begin(word) for word in words)
        return self._all_of(numbers[numbers & np.uint32(1) == 1] for numbers in found)

    def titled(self, text: str) -> tuple[Span, Span]:
        """Places of the rows whose title is the plain `text`, and of those whose title begins with it."""
        return self._beginning(f" {text}\t"), self._beginning(f" {text}")

    def tag_strengths(self, names: Sequence[str]) -> Vector:
        """Per row (n,) the product of the probabilities of the plain tags `names`; 0 where one is not said."""
        strengths = np.ones(self._rows, np.float32)
        for name in names:
            column, (rows, own) = np.zeros(self._rows, np.float32), self._said(name)
            column[rows] = own / np.float32(STRONGEST)
            strengths *= column
        return strengths

    def of_source(self, source: str | None) -> Mask:
        """Rows that come from `source`; None: from any."""
        if source is None:
            return np.ones(self._rows, np.bool_)
        return self._mask(self._sources.values[self._sources.of(source)])

    def shown(self, numbers: RowNumbers) -> list[Shown]:
        """What a map shows of the rows that have these `numbers` in the sample, with the strongest tag that is said of
        each (`earshot.tags`), or none."""
        titles, artists = (self._shown.at(_SHOWN * numbers + part) for part in range(2))
        return list(map(Shown, titles, artists, self._strongest_said(self.sample[numbers])))

    def _strongest_said(self, rows: Numbers) -> list[str]:
        names = self._kept_tags()
        strongest, which = np.full(self._rows, -1, np.int32), np.full(self._rows, len(names), np.uint16)
        for number, name in enumerate(names):
            said, strengths = self._said(name)
            stronger = strengths > strongest[said]
            strongest[said[stronger]], which[said[stronger]] = strengths[stronger], number
        written = [measured(name).name or name for name in names] + [""]
        return [written[number] for number in which[rows].tolist()]

    def _words_that_begin(self, word: str) -> Numbers:
        """For each word that begins so and each row that bears it: twice the row, and one more if its title does."""
        return self._words.values[self._words.beginning(word)]

    def _all_of(self, found: Iterable[Numbers]) -> Mask:
        mask = np.ones(self._rows, np.bool_)
        for numbers in found:
            mask &= self._mask(numbers >> np.uint32(1))
        return mask

    def _mask(self, rows: Numbers) -> Mask:
        mask = np.zeros(self._rows, np.bool_)
        mask[rows] = True
        return mask

    def _beginning(self, text: str) -> Span:
        return beginning(_Spines(self), text)


def step_of(probability: float) -> int:
    """The step of `STEPS` that a probability lies in."""
    return ceil(probability * STRONGEST) * STEPS // (STRONGEST + 1)


def _least_strength(name: str) -> int:
    """The least strength with which the plain tag is said: strengths are rounded up, as they are stored."""
    return ceil(threshold_of(name) * STRONGEST)


def mapped_shelf(path: Path, rows: int, lines: Lines) -> Shelf:
    """The shelf in a file.

    Raises:
        DamagedIndex: it holds none, or that of other rows.
    """
    return Shelf(mapped_columns(path, _KINDS), rows, lines)


def _places(order: Numbers, rows: int) -> Numbers:
    if len(order) != rows or not all_below(order, rows):
        raise DamagedIndex(f"a shelf whose order is not that of {rows} rows")
    places = np.zeros(rows, np.uint32)
    places[order] = np.arange(rows, dtype=np.uint32)
    return places


class _Spines:
    """Spines in their order."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def __len__(self) -> int:
        return len(self._shelf.order)

    def __getitem__(self, place: int) -> str:
        return self._shelf.spine(int(self._shelf.order[place]))
