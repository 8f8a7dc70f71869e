"""The arrays that an index is made of."""

import mmap
import threading
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from earshot.embedding import Vector
from earshot.errors import DamagedIndex

Ids = npt.NDArray[np.bytes_]
"""(n,): track ids, ASCII, ascending."""
Raw = npt.NDArray[np.float16]
"""(n, 2, raw_dim): embedding and drift."""
StoredVectors = npt.NDArray[np.float16]
"""(n, dim): unit vectors as `vectors.npy` holds them."""
RowNumbers = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]
"""(n,): one truth per row."""
Column = npt.NDArray[Any]
"""(n,): numbers of whatever kind."""

ONE_HEADER_AT_A_TIME = threading.Lock()
"""Held while numpy reads a header: it is parsed as Python, whose 3.11 counts the depth of all threads' parsing in one
place and calls a mismatch an error (python/cpython#106905)."""

_ALIGNED = 64
_FAR = 255
_AS_IT_IS = 2**64 - 1
_SIGN_AND_NUMBER = np.uint32(0x8FFFE000).view(np.int32)
_BIAS = np.float32(2.0**112)
_Scalar = TypeVar("_Scalar", bound=np.generic)


def mapped(path: Path, kind: type[_Scalar]) -> npt.NDArray[_Scalar]:
    """The array in an .npy file, read as it is needed.

    Raises:
        DamagedIndex: it holds no array, or not one of `kind`.
    """
    try:
        with ONE_HEADER_AT_A_TIME:
            array: npt.NDArray[_Scalar] = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        raise DamagedIndex(f"{path.name}: {error}") from None
    if not issubclass(array.dtype.type, kind):
        raise DamagedIndex(f"{path.name} holds {array.dtype}")
    return array.view(np.ndarray)


def write_columns(path: Path, columns: Sequence[Column]) -> None:
    """Write `columns` into one file: two numbers of each (uint64), then what they hold, at multiples of 64 bytes.

    A column of whole numbers that mostly follow each other closely is kept as steps of a byte, and the steps that no
    byte holds behind them, where that is smaller: half of a shelf is row numbers in ascending order. The numbers are
    its length, and of how many such steps there are.
    """
    packed = [_in_steps(np.ascontiguousarray(column)) for column in columns]
    sizes = [(len(parts[0]), len(parts[1]) if len(parts) > 1 else _AS_IT_IS) for parts in packed]
    with path.open("wb") as file:
        for part in (np.array(sizes, np.uint64), *chain.from_iterable(packed)):
            file.write(bytes(-file.tell() % _ALIGNED))
            file.write(part.data)


def mapped_columns(path: Path, kinds: Sequence[type[np.generic]]) -> list[Column]:
    """What `write_columns` wrote: a column of each of `kinds`, read as they are needed or added up from steps.

    Raises:
        DamagedIndex: it holds others.
    """
    try:
        with path.open("rb") as file:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        end, columns = 16 * len(kinds), []

        def part(kind: type[np.generic], length: int) -> Column:
            nonlocal end
            start = end + -end % _ALIGNED
            found = np.frombuffer(content, kind, length, start)
            end = start + found.nbytes
            return found

        sizes = np.frombuffer(content, np.uint64, 2 * len(kinds)).reshape(-1, 2).tolist()
        for kind, (length, far) in zip(kinds, sizes, strict=True):
            as_it_is = far == _AS_IT_IS
            columns.append(part(kind, length) if as_it_is else _added_up(part(np.uint8, length), part(kind, far)))
    except (ValueError, OverflowError) as error:
        raise DamagedIndex(f"{path.name}: {error}") from None
    if end != len(content):
        raise DamagedIndex(f"{path.name} has {len(content)} bytes, its columns {end}")
    return columns


def _in_steps(column: Column) -> tuple[Column, ...]:
    """The steps from each number to the next, a byte each, and those that are too wide; or the column as it is."""
    if column.dtype.kind != "u" or not len(column):
        return (column,)
    steps = column.copy()
    steps[1:] -= column[:-1]  # backwards, too: whole numbers without a sign come round
    far = steps >= _FAR
    if len(column) + np.count_nonzero(far) * column.itemsize >= column.nbytes:
        return (column,)
    return np.where(far, _FAR, steps).astype(np.uint8), steps[far]


def _added_up(steps: Column, far: Column) -> Column:
    numbers = steps.astype(far.dtype)
    numbers[steps == _FAR] = far
    return np.cumsum(numbers, dtype=far.dtype, out=numbers)


def as_single(half: npt.NDArray[np.float16]) -> npt.NDArray[np.float32]:
    """Finite float16 as float32, in a seventh of numpy's time: bit by bit, the exponent set right by a product."""
    bits = half.view(np.int16).astype(np.int32)
    bits <<= 13
    bits &= _SIGN_AND_NUMBER
    single: Vector = bits.view(np.float32)
    single *= _BIAS
    return single
