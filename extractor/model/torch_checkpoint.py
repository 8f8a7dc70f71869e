"""Reads the tensors of a PyTorch checkpoint (the zip that it writes since 1.6) without PyTorch, and runs nothing of it.

Such a file is a pickle that names its storages, and one member of raw bytes per storage. A pickle may call whatever it
names; here it may name two things: an ordered dictionary, and the function that lays a tensor over a storage. Anything
else ends the reading.
"""

import io
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from earshot.errors import InvalidInput

_TYPES: Mapping[str, np.dtype[np.generic]] = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}
_MAX_BYTES = 64 * 1024 * 1024
Tensors = dict[str, npt.NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class _Storage:
    kind: str
    """Stands where the pickle names a class of storages."""


@dataclass(frozen=True, slots=True)
class _Tensor:
    """Where a tensor lies: in member `key`, from element `offset` on, its last dimension innermost."""

    key: str
    dtype: np.dtype[np.generic]
    offset: int
    shape: tuple[int, ...]


def read_tensors(path: Path) -> Tensors:
    """Every float32 tensor of the checkpoint, by name.

    Raises:
        InvalidInput: it is no such file, names what it has no business to, or a tensor lies outside its storage.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > _MAX_BYTES:
                raise InvalidInput(f"{path} unpacks to more than {_MAX_BYTES} bytes")
            if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
                raise InvalidInput(f"{path} is compressed, which no checkpoint is")
            root = next(name for name in archive.namelist() if name.endswith("/data.pkl")).removesuffix("data.pkl")
            named = _Reader(io.BytesIO(archive.read(f"{root}data.pkl"))).load()
            return {
                name: _values(tensor, archive.read(f"{root}data/{tensor.key}"))
                for name, tensor in named.items()
                if tensor.dtype == np.float32
            }
    except (
        OSError, zipfile.BadZipFile, StopIteration, pickle.UnpicklingError, EOFError, MemoryError, OverflowError,
        AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError,
    ) as error:  # fmt: skip  # what a damaged pickle may end in
        raise InvalidInput(f"{path} is no checkpoint that can be read here ({error})") from None


class _Reader(pickle.Unpickler):
    """Finds two names, and storages; all other names are refused."""

    def find_class(self, module: str, name: str) -> Any:
        """What the pickle may name."""
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _laid_out
        if module == "torch" and name in _TYPES:
            return _Storage(name)
        raise pickle.UnpicklingError(f"it names {module}.{name}")

    def persistent_load(self, pid: Sequence[object]) -> tuple[str, _Storage]:
        """A storage: ``("storage", class, key, device, elements)``."""
        _, kind, key = pid[:3]
        if not isinstance(kind, _Storage):
            raise pickle.UnpicklingError(f"storage {key!r} is of no known kind")
        return str(key), kind


def _laid_out(
    storage: tuple[str, _Storage], offset: int, shape: tuple[int, ...], stride: tuple[int, ...], *_: object
) -> _Tensor:
    expected = tuple(int(np.prod(shape[axis + 1 :])) for axis in range(len(shape)))
    # The stride of a dimension of one element says nothing.
    if any(size > 1 and given != wanted for size, given, wanted in zip(shape, stride, expected, strict=True)):
        raise pickle.UnpicklingError(f"a tensor {shape} has strides {stride}")
    return _Tensor(storage[0], _TYPES[storage[1].kind], offset, tuple(shape))


def _values(tensor: _Tensor, content: bytes) -> npt.NDArray[np.float32]:
    count = int(np.prod(tensor.shape))
    start = tensor.offset * tensor.dtype.itemsize
    values: npt.NDArray[np.float32] = np.frombuffer(content, tensor.dtype, count, start).astype(np.float32)
    return values.reshape(tensor.shape)
