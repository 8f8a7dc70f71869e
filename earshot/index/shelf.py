"""What the rows of a segment say of themselves besides their sound, in the order in which it is looked for.

One file of columns (`arrays.write_columns`), made when the segment is (`shelving`), mapped and never arranged again:
the words of titles, artists and albums, tags and sources, each with its rows; the rows by title; what a map shows of a
sample. A word, or the beginning of one, is a binary search and one slice.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from earshot.embedding import Vector
from earshot.errors import DamagedIndex
from earshot.index.arrays import Column, Mask, RowNumbers, mapped_columns
from earshot.index.rows import Lines, row_in
from earshot.titles import plain
from earshot.track import Row

EDITION = 1
"""Raised with every change of these columns and of what `plain` makes of a text: other editions are not read."""
SHELF = f"shelf-{EDITION}.bin"
SAMPLE_ROWS = 24_000
"""Rows of a segment that a map may show: a fifth more than the points of a map, since rows die."""
MAX_ROWS = 1 << 31

Numbers = npt.NDArray[np.uint32]

_TABLE = (np.uint8, np.uint64)
_POSTINGS = (*_TABLE, np.uint64, np.uint32)
_KINDS: tuple[type[np.generic], ...] = (
    np.uint32, np.uint32, *_POSTINGS, *_POSTINGS, np.float32, *_POSTINGS, np.uint32, np.uint32, *_TABLE,
)  # fmt: skip
_SHOWN = 3
_Text = TypeVar("_Text", str, bytes)
_Text_co = TypeVar("_Text_co", str, bytes, covariant=True)


def spine(row: Row) -> str:
    """What rows are sorted by: title, artists and album in plain form, tab-separated, a space before every word."""
    artists = " ".join(map(plain, row.get("artists", ())))
    return f" {plain(row.get('title', ''))}\t {artists}\t {plain(row.get('album', ''))}"


class Shown(NamedTuple):
    """What a map shows of a row."""

    title: str
    artists: str
    tag: str


class Span(NamedTuple):
    """Places from `first` to before `end`."""

    first: int
    end: int


class Shelf:
    """The words, tags and sources of the rows of one segment, dead rows included.

    Args:
        columns: as `shelving.arranged` makes them.
        rows: how many rows the segment has.
        lines: the segment's, to read spines from.

    Raises:
        DamagedIndex: the columns do not fit each other or the rows: no query may look at them.
    """

    def __init__(self, columns: Sequence[Column], rows: int, lines: Lines) -> None:
        self.places: Numbers = columns[0]
        """Of each row its place among all of them in the order of their spines."""
        self.order: Numbers = columns[1]
        """The rows in that order."""
        self._words = _Postings(*columns[2:6], most=2 * rows)
        self._tags = _Postings(*columns[6:10], most=rows)
        self._strengths: Vector = columns[10]
        self._sources = _Postings(*columns[11:15], most=rows)
        self.sample: Numbers = columns[15]
        """Rows that a map may show, those with the smallest `sample_keys` first."""
        self.sample_keys: Numbers = columns[16]
        self._shown = _Texts(*columns[17:19])
        self._rows = rows
        self._lines = lines
        sampled = len(self.sample)
        if (
            {len(self.places), len(self.order)} != {rows}
            or not _all_below(self.places, rows)
            or not np.array_equal(self.order[self.places], np.arange(rows))
            or len(self._strengths) != len(self._tags.values)
            or not _all_below(self.sample, rows)
            or (len(self.sample_keys), len(self._shown)) != (sampled, _SHOWN * sampled)
        ):
            raise DamagedIndex(f"a shelf that does not fit {rows} rows")

    @property
    def tag_names(self) -> frozenset[str]:
        """Tags that any of the rows carries, in plain form."""
        return frozenset(self._tags.names.at(np.arange(len(self._tags.names))))

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
        """Per row (n,) the product of the probabilities of the plain tags `names`; 0 where one is missing."""
        strengths = np.ones(self._rows, np.float32)
        for name in names:
            column, found = np.zeros(self._rows, np.float32), self._tags.of(name)
            column[self._tags.values[found]] = self._strengths[found]
            strengths *= column
        return strengths

    def of_source(self, source: str | None) -> Mask:
        """Rows that come from `source`; None: from any."""
        if source is None:
            return np.ones(self._rows, np.bool_)
        return self._mask(self._sources.values[self._sources.of(source)])

    def shown(self, numbers: RowNumbers) -> list[Shown]:
        """What a map shows of the rows that have these `numbers` in the sample."""
        return list(map(Shown, *(self._shown.at(_SHOWN * numbers + part) for part in range(_SHOWN))))

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
        return _beginning(_Spines(self), text)


def mapped_shelf(path: Path, rows: int, lines: Lines) -> Shelf:
    """The shelf in a file.

    Raises:
        DamagedIndex: it holds none, or that of other rows.
    """
    return Shelf(mapped_columns(path, _KINDS), rows, lines)


class _Postings:
    """Numbers by name: `values[starts[i] : starts[i + 1]]` are those of the i-th of `names`, which ascend."""

    def __init__(self, text: Column, ends: Column, starts: Column, values: Column, *, most: int) -> None:
        self.names = _Texts(text, ends)
        self._starts = starts
        self.values: Numbers = values
        if len(starts) != len(self.names) + 1 or not _ascends(starts, len(values)) or not _all_below(values, most):
            raise DamagedIndex("a shelf whose postings lead astray")

    def of(self, name: str) -> slice:
        """Where the values of `name` are."""
        wanted = _encoded(name)
        number = bisect_left(self.names, wanted)
        found = number < len(self.names) and self.names[number] == wanted
        return self._slice(number, number + found)

    def beginning(self, prefix: str) -> slice:
        """Where the values of all names are that begin with `prefix`."""
        return self._slice(*_beginning(self.names, _encoded(prefix)))

    def _slice(self, first: int, end: int) -> slice:
        return slice(int(self._starts[first]), int(self._starts[end]))


class _Texts:
    """Texts in UTF-8, read one at a time: the i-th is `text[ends[i] : ends[i + 1]]`."""

    def __init__(self, text: Column, ends: Column) -> None:
        self._text = text
        self._ends = ends
        if not _ascends(ends, len(text)):
            raise DamagedIndex("a shelf whose texts lead astray")

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, number: int) -> bytes:
        return self._text[int(self._ends[number]) : int(self._ends[number + 1])].tobytes()

    def at(self, numbers: RowNumbers) -> list[str]:
        """Many of them."""
        text = self._text.tobytes()
        spans = zip(self._ends[numbers].tolist(), self._ends[numbers + 1].tolist(), strict=True)
        return [text[start:end].decode(errors="replace") for start, end in spans]


class _Spines:
    """Spines in their order."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def __len__(self) -> int:
        return len(self._shelf.order)

    def __getitem__(self, place: int) -> str:
        return self._shelf.spine(int(self._shelf.order[place]))


class _Ascending(Protocol[_Text_co]):
    """Texts in ascending order."""

    def __len__(self) -> int: ...

    def __getitem__(self, number: int) -> _Text_co: ...


def _beginning(texts: _Ascending[_Text], prefix: _Text) -> Span:
    """Which of `texts` begin with `prefix`."""

    def head(text: _Text) -> _Text:
        return text[: len(prefix)]

    first = bisect_left(texts, prefix, key=head)
    return Span(first, bisect_right(texts, prefix, first, key=head))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # a caller may ask for what is no text


def _ascends(ends: Column, last: int) -> bool:
    """Whether `ends` go from 0 to `last` and never back."""
    return bool(len(ends) and ends[0] == 0 and ends[-1] == last and (ends[1:] >= ends[:-1]).all())


def _all_below(numbers: Column, limit: int) -> bool:
    return not len(numbers) or int(numbers.max()) < limit
