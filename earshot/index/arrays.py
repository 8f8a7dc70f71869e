"""The arrays that an index is made of."""

import mmap
from collections.abc import Sequence
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

_ALIGNED = 64
_SIGN_AND_NUMBER = np.uint32(0x8FFFE000).view(np.int32)
_BIAS = np.float32(2.0**112)
_Scalar = TypeVar("_Scalar", bound=np.generic)


def mapped(path: Path, kind: type[_Scalar]) -> npt.NDArray[_Scalar]:
    """The array in an .npy file, read as it is needed.

    Raises:
        DamagedIndex: it holds no array, or not one of `kind`.
    """
    try:
        array: npt.NDArray[_Scalar] = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        raise DamagedIndex(f"{path.name}: {error}") from None
    if not issubclass(array.dtype.type, kind):
        raise DamagedIndex(f"{path.name} holds {array.dtype}")
    return array.view(np.ndarray)


def write_columns(path: Path, columns: Sequence[Column]) -> None:
    """Write `columns` into one file: their lengths (uint64), then each of them at a multiple of 64 bytes."""
    lengths = np.array([len(column) for column in columns], np.uint64)
    with path.open("wb") as file:
        for column in (lengths, *columns):
            file.write(bytes(-file.tell() % _ALIGNED))
            file.write(np.ascontiguousarray(column).data)


def mapped_columns(path: Path, kinds: Sequence[type[np.generic]]) -> list[Column]:
    """What `write_columns` wrote: a column of each of `kinds`, read as they are needed.

    Raises:
        DamagedIndex: it holds others.
    """
    try:
        with path.open("rb") as file:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        end, columns = 8 * len(kinds), []
        lengths = np.frombuffer(content, np.uint64, len(kinds))
        for kind, length in zip(kinds, lengths.tolist(), strict=True):
            start = end + -end % _ALIGNED
            columns.append(np.frombuffer(content, kind, length, start))
            end = start + columns[-1].nbytes
    except (ValueError, OverflowError) as error:
        raise DamagedIndex(f"{path.name}: {error}") from None
    if end != len(content):
        raise DamagedIndex(f"{path.name} has {len(content)} bytes, its columns {end}")
    return columns


def as_single(half: npt.NDArray[np.float16]) -> npt.NDArray[np.float32]:
    """Finite float16 as float32, in a seventh of numpy's time: bit by bit, the exponent set right by a product."""
    bits = half.view(np.int16).astype(np.int32)
    bits <<= 13
    bits &= _SIGN_AND_NUMBER
    single: Vector = bits.view(np.float32)
    single *= _BIAS
    return single
