"""Tempo, key and loudness of a segment's rows, as columns that filters look through.

A file beside the shelf (`arrays.write_columns`), written where any row has them: a segment that an older Earshot wrote
has none, and knows none of its rows, so that neither it nor its shelf has to be made anew.
"""

from collections.abc import Collection, Iterable, Sequence
from math import ceil, floor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from earshot.descriptors import Descriptors
from earshot.errors import DamagedIndex
from earshot.index.arrays import Column, Mask, mapped_columns
from earshot.index.rows import row_in
from earshot.keys import KEYS, Key
from earshot.track import descriptors_in

DESCRIBED = "descriptors-1.bin"
"""The number is raised with every change of the columns: others are not read, and their rows pass no such filter."""

_TENTHS = 10
_QUIETEST_LUFS = -100.0
"""Loudness is kept as so many tenths of a decibel above this; 0 is unknown, in every column."""
_MOST = int(np.iinfo(np.uint16).max)
_KINDS: tuple[type[np.generic], ...] = (np.uint16, np.uint16, np.uint8, np.uint16)
MOST_BPM = 300
"""Faster counts as this."""
STEPS_OF_LOUDNESS = int(-_QUIETEST_LUFS) + 1
Counts = npt.NDArray[np.int64]
Span = tuple[float | None, float | None]
"""The least and the greatest, both included; None: no end."""


class Described:
    """Masks of the rows that a filter lets through. What is unknown of a row lets it through none.

    Args:
        columns: as `columns_of` makes them: tempo, the other tempo, key, loudness.
        rows: how many rows the segment has.

    Raises:
        DamagedIndex: the columns do not fit the rows, or there is no such key.
    """

    def __init__(self, columns: Sequence[Column], rows: int) -> None:
        self._bpm: npt.NDArray[np.uint16] = columns[0]
        self._other_bpm: npt.NDArray[np.uint16] = columns[1]
        self._key: npt.NDArray[np.uint8] = columns[2]
        self._loudness: npt.NDArray[np.uint16] = columns[3]
        if {len(column) for column in columns} != {rows} or (rows and int(self._key.max()) > len(KEYS)):
            raise DamagedIndex(f"descriptors that do not fit {rows} rows")

    def in_tempo(self, bpm: Span) -> Mask:
        """Rows of such a tempo, and those for which it is twice or half as fast where that may be felt as well."""
        return _within(self._bpm, bpm, 0.0) | _within(self._other_bpm, bpm, 0.0)

    def in_keys(self, keys: Collection[Key]) -> Mask:
        """Rows in one of the keys."""
        wanted = np.zeros(len(KEYS) + 1, np.bool_)
        wanted[[1 + KEYS.index(key) for key in keys]] = True
        mask: Mask = wanted[self._key]
        return mask

    def tempo_counts(self, live: Mask) -> Counts:
        """(`MOST_BPM` + 1,): how many of the rows in the mask have each tempo, by whole beats per minute."""
        tenths = self._bpm[live & (self._bpm > 0)].astype(np.int64)
        return np.bincount(np.minimum((tenths + _TENTHS // 2) // _TENTHS, MOST_BPM), minlength=MOST_BPM + 1)

    def key_counts(self, live: Mask) -> Counts:
        """How many of the rows in the mask are in each of `KEYS`."""
        return np.bincount(self._key[live], minlength=len(KEYS) + 1)[1:]

    def loudness_counts(self, live: Mask) -> Counts:
        """(`STEPS_OF_LOUDNESS`,): how many of the rows in the mask are how loud, by `step_of_loudness`."""
        tenths = self._loudness[live & (self._loudness > 0)].astype(np.int64)
        return np.bincount(np.minimum(tenths // _TENTHS, STEPS_OF_LOUDNESS - 1), minlength=STEPS_OF_LOUDNESS)

    def as_loud_as(self, lufs: Span) -> Mask:
        """Rows of such an integrated loudness."""
        return _within(self._loudness, lufs, _QUIETEST_LUFS)


def described_file(path: Path, rows: int) -> Described:
    """What a file holds.

    Raises:
        DamagedIndex: it holds something else, or that of other rows.
    """
    return Described(mapped_columns(path, _KINDS), rows)


def unknown(rows: int) -> Described:
    """Of a segment that says nothing of its rows."""
    return Described([np.zeros(rows, kind) for kind in _KINDS], rows)


def step_of_loudness(lufs: float) -> int:
    """In which of the steps a loudness is counted, from 0; each is 1 LU."""
    return min(max(0, int(_tenths([lufs], _QUIETEST_LUFS)[0]) // _TENTHS), STEPS_OF_LOUDNESS - 1)


def columns_of(lines: Iterable[bytes]) -> list[Column] | None:
    """The columns of a segment whose rows have these `lines`; None where nothing is said of any."""
    found = [descriptors_in(row_in(line)) for line in lines]
    if not any(found):
        return None
    kept = [one or Descriptors() for one in found]
    return [
        _tenths((one.bpm for one in kept), 0.0),
        _tenths((one.other_bpm for one in kept), 0.0),
        np.array([1 + KEYS.index(one.key) if one.key in KEYS else 0 for one in kept], np.uint8),
        _tenths((one.loudness for one in kept), _QUIETEST_LUFS),
    ]


def _tenths(values: Iterable[float | None], zero: float) -> Column:
    kept = [0 if value is None else min(max(1, round((value - zero) * _TENTHS)), _MOST) for value in values]
    return np.array(kept, np.uint16)


def _within(tenths: npt.NDArray[np.uint16], wanted: Span, zero: float) -> Mask:
    least, greatest = wanted
    mask = tenths > 0
    if least is not None:
        mask &= tenths >= min(max(0, ceil(round((least - zero) * _TENTHS, 3))), _MOST)
    if greatest is not None:
        mask &= tenths <= min(max(0, floor(round((greatest - zero) * _TENTHS, 3))), _MOST)
    return mask
