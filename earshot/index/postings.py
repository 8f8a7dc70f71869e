"""Sorted texts and the numbers that go with each of them, as columns of a shelf."""

from bisect import bisect_left, bisect_right
from typing import NamedTuple, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from earshot.errors import DamagedIndex
from earshot.index.arrays import Column, RowNumbers

Numbers = npt.NDArray[np.uint32]

_Text = TypeVar("_Text", str, bytes)
_Text_co = TypeVar("_Text_co", str, bytes, covariant=True)


TEXTS: tuple[type[np.generic], ...] = (np.uint8, np.uint64)
POSTINGS: tuple[type[np.generic], ...] = (*TEXTS, np.uint64, np.uint32)
"""Kinds of the columns that make up `Texts` and `Postings`."""


class Span(NamedTuple):
    """Places from `first` to before `end`."""

    first: int
    end: int


class Postings:
    """Numbers by name: `values[starts[i] : starts[i + 1]]` are those of the i-th of `names`, which ascend."""

    def __init__(self, text: Column, ends: Column, starts: Column, values: Column, *, most: int) -> None:
        self.names = Texts(text, ends)
        self._starts = starts
        self.values: Numbers = values
        if len(starts) != len(self.names) + 1 or not ascends(starts, len(values)) or not all_below(values, most):
            raise DamagedIndex("a shelf whose postings lead astray")

    def of(self, name: str) -> slice:
        """Where the values of `name` are."""
        wanted = encoded(name)
        number = bisect_left(self.names, wanted)
        found = number < len(self.names) and self.names[number] == wanted
        return self._slice(number, number + found)

    def beginning(self, prefix: str) -> slice:
        """Where the values of all names are that begin with `prefix`."""
        return self._slice(*beginning(self.names, encoded(prefix)))

    def _slice(self, first: int, end: int) -> slice:
        return slice(int(self._starts[first]), int(self._starts[end]))


class Texts:
    """Texts in UTF-8, read one at a time: the i-th is `text[ends[i] : ends[i + 1]]`."""

    def __init__(self, text: Column, ends: Column) -> None:
        self._text = text
        self._ends = ends
        if not ascends(ends, len(text)):
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


class _Ascending(Protocol[_Text_co]):
    """Texts in ascending order."""

    def __len__(self) -> int: ...

    def __getitem__(self, number: int) -> _Text_co: ...


def beginning(texts: _Ascending[_Text], prefix: _Text) -> Span:
    """Which of `texts` begin with `prefix`."""

    def head(text: _Text) -> _Text:
        return text[: len(prefix)]

    first = bisect_left(texts, prefix, key=head)
    return Span(first, bisect_right(texts, prefix, first, key=head))


def encoded(text: str) -> bytes:
    """UTF-8."""
    return text.encode("utf-8", "surrogatepass")  # a caller may ask for what is no text


def ascends(ends: Column, last: int) -> bool:
    """Whether `ends` go from 0 to `last` and never back."""
    return bool(len(ends) and ends[0] == 0 and ends[-1] == last and (ends[1:] >= ends[:-1]).all())


def all_below(numbers: Column, limit: int) -> bool:
    """Whether every number is less than `limit`."""
    return not len(numbers) or int(numbers.max()) < limit
