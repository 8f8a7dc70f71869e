"""The arrays that an index is made of."""

from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

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
