"""How well known a segment's rows are, as a column: what filters and the weight `fame` look at.

A file beside the shelf (`arrays.write_columns`), written where it is known of any row; a segment without it knows it of
none.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from earshot.errors import DamagedIndex
from earshot.facts import known
from earshot.index.arrays import Column, Mask, mapped_columns
from earshot.index.facets import Range
from earshot.index.rows import row_in

POPULARITY = "popularity-1.bin"
"""The number is raised with every change of what it holds: others are not read."""
_MOST = 100
_LEARNED = b'"facts":'
"""In the line of a row of which others said something: no other has to be read."""
_KINDS: tuple[type[np.generic], ...] = (np.uint8,)


class Popularity:
    """Masks of the rows that a filter lets through. Of what is not known nothing passes.

    Args:
        column: as `popularity_of` makes it: 0 where nothing is known, else one more than the popularity.
        rows: how many rows the segment has.

    Raises:
        DamagedIndex: the column does not fit the rows, or a number is out of range.
    """

    def __init__(self, column: npt.NDArray[np.uint8], rows: int) -> None:
        self._column = column
        if len(column) != rows or (rows and int(column.max()) > 1 + _MOST):
            raise DamagedIndex(f"popularities that do not fit {rows} rows")

    @property
    def is_known(self) -> bool:
        """Whether it is known of any row."""
        return bool(self._column.any())

    def within(self, wanted: Range) -> Mask:
        """Rows that are at least and at most so well known."""
        least, greatest = wanted
        mask = self._column > (0 if least is None else max(0, min(least, 1 + _MOST)))
        if greatest is not None:
            mask &= self._column <= 1 + max(-1, min(greatest, _MOST))
        return mask


def popularity_file(path: Path, rows: int) -> Popularity:
    """What a file holds.

    Raises:
        DamagedIndex: it holds something else, or that of other rows.
    """
    (column,) = mapped_columns(path, _KINDS)
    return Popularity(column, rows)


def unknown(rows: int) -> Popularity:
    """Of a segment that says nothing of its rows."""
    return Popularity(np.zeros(rows, np.uint8), rows)


def popularity_of(lines: Iterable[bytes]) -> list[Column] | None:
    """The column of a segment whose rows have these `lines`; None where it is known of none."""
    found = [known(row_in(line)).get("popularity") if _LEARNED in line else None for line in lines]
    if all(one is None for one in found):
        return None
    return [np.array([0 if one is None else 1 + one for one in found], np.uint8)]
