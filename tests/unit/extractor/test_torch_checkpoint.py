"""Checkpoints of PyTorch are read without it, and nothing in them is run."""

import contextlib
import hashlib
import io
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from earshot.errors import InvalidInput
from extractor.model import mn04_weights
from extractor.model.torch_checkpoint import read_tensors


class Named:
    """Stands for something that a pickle names, wherever it may lie."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


class Call:
    """What a pickle calls when it is read: a name, with arguments."""

    def __init__(self, function: Named, *arguments: Any) -> None:
        self.function, self.arguments = function, arguments


class Storage(tuple[Any, ...]):
    """Written as PyTorch writes where the numbers lie."""

    __slots__ = ()


_Pickler: Any = pickle._Pickler


class _Writer(_Pickler):  # type: ignore[misc]  # the one in Python, which writes names that cannot be imported here
    def persistent_id(self, obj: Any) -> Any:
        return tuple(obj) if isinstance(obj, Storage) else None

    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        if isinstance(obj, Named):
            self.write(pickle.GLOBAL + f"{obj.module}\n{obj.name}\n".encode())
        elif isinstance(obj, Call):
            self.save(obj.function)
            self.save(obj.arguments)
            self.write(pickle.REDUCE)
        else:
            super().save(obj, save_persistent_id)


def tensor(shape: tuple[int, ...], stride: tuple[int, ...], *, offset: int = 0, kind: str = "FloatStorage") -> Call:
    storage = Storage(("storage", Named("torch", kind), "0", "cpu", 12))
    return Call(Named("torch._utils", "_rebuild_tensor_v2"), storage, offset, shape, stride, False, OrderedDict())


def checkpoint(folder: Path, said: Any) -> Path:
    """A checkpoint with one storage of twelve numbers, 0 to 11."""
    body = io.BytesIO()
    _Writer(body, protocol=2).dump(said)
    path = folder / "weights.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", body.getvalue())
        archive.writestr("archive/data/0", np.arange(12, dtype="<f4").tobytes())
    return path


def test_tensors_are_read_by_their_names(tmp_path: Path) -> None:
    said = OrderedDict(whole=tensor((3, 4), (4, 1)), part=tensor((2,), (1,), offset=5))
    found = read_tensors(checkpoint(tmp_path, said))
    np.testing.assert_array_equal(found["whole"], np.arange(12).reshape(3, 4))
    np.testing.assert_array_equal(found["part"], [5, 6])


@pytest.mark.parametrize("name", [("os", "system"), ("builtins", "eval"), ("torch", "load"), ("numpy", "load")])
def test_a_checkpoint_that_names_anything_else_is_refused(tmp_path: Path, name: tuple[str, str]) -> None:
    path = checkpoint(tmp_path, OrderedDict(weight=Call(Named(*name), f"touch {tmp_path}/done")))
    with pytest.raises(InvalidInput, match=f"it names {name[0]}.{name[1]}"):
        read_tensors(path)
    assert not (tmp_path / "done").exists()


@pytest.mark.parametrize(
    "said",
    [
        OrderedDict(transposed=tensor((4, 3), (1, 4))),
        OrderedDict(outside=tensor((20,), (1,))),
        OrderedDict(unknown=tensor((2,), (1,), kind="QInt8Storage")),
        [1, 2, 3],
    ],
    ids=["strides", "outside its storage", "unknown storage", "no dictionary"],
)
def test_what_is_no_plain_checkpoint_is_refused(tmp_path: Path, said: Any) -> None:
    with pytest.raises(InvalidInput, match="no checkpoint that can be read here"):
        read_tensors(checkpoint(tmp_path, said))


@pytest.mark.parametrize("content", [b"", b"PK\3\4 cut off", b"\x80\x02."])
def test_what_is_no_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "weights.pt").write_bytes(content)
    with pytest.raises(InvalidInput):
        read_tensors(tmp_path / "weights.pt")


def test_what_is_compressed_is_refused(tmp_path: Path) -> None:
    """PyTorch compresses nothing: who does has more to unpack than is said, or something to hide."""
    with zipfile.ZipFile(tmp_path / "weights.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(OrderedDict()))
    with pytest.raises(InvalidInput, match="is compressed"):
        read_tensors(tmp_path / "weights.pt")


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2_000), st.integers(0, 255)), min_size=1, max_size=3))
@example([(6, 1)])  # encrypted
@example([(4, 120)])  # of a later edition of zip
def test_a_damaged_checkpoint_is_refused_or_read(changes: list[tuple[int, int]]) -> None:
    with TemporaryDirectory() as folder:
        path = checkpoint(Path(folder), OrderedDict(whole=tensor((3, 4), (4, 1))))
        content = bytearray(path.read_bytes())
        directory = content.index(b"PK\1\2")
        for place, value in changes:
            content[(directory + 2 + place) % len(content)] = value
        path.write_bytes(content)
        with contextlib.suppress(InvalidInput):
            read_tensors(path)


def test_only_the_published_weights_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = checkpoint(tmp_path, OrderedDict([("features.0.0.weight", tensor((3,), (1,))),
                                             ("features.13.block.0.0.weight", tensor((3,), (1,)))]))  # fmt: skip
    with pytest.raises(InvalidInput, match="has SHA-256"):
        mn04_weights.from_checkpoint(path)
    monkeypatch.setattr(mn04_weights, "CHECKPOINT_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    assert list(mn04_weights.from_checkpoint(path)) == ["features.0.0.weight"]


def test_the_weights_that_are_kept_end_with_the_twelfth_block() -> None:
    kept = mn04_weights.weights()
    assert {int(name.split(".")[1]) for name in kept} == set(range(13))
    assert sum(values.size for values in kept.values()) == 148_072
