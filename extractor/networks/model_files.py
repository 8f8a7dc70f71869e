"""The model's files on disk: the ONNX graph, the mel filterbank, and a description with their hashes."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter, ValidationError

from earshot.errors import InvalidSettings

GRAPH, FILTERBANK, DESCRIPTION = "onnx", "mel.npy", "json"
_HINT = (
    "Build it with `make model` (docs/models.md: other networks), or set EARSHOT_MODEL_DIR to the folder that holds it."
)


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Verified contents. `filterbank` (mels, n_fft / 2 + 1) float32; `tags` name the second output of the graph."""

    model: str
    graph: bytes
    filterbank: npt.NDArray[np.float32]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Description:
    sha256: dict[str, str]
    tags: tuple[str, ...]
    recipe: str


_reader = TypeAdapter(_Description)


def file_name(model: str, kind: str) -> str:
    """`musicnn-msd@1.onnx` and the like."""
    return f"{model}.{kind}"


def load_model_files(directory: Path, model: str) -> ModelFiles:
    """Read and verify the files of `model`.

    Raises:
        InvalidSettings: a file is missing or is not what the description says.
    """
    description = _description(directory, model)
    contents = {}
    for kind, digest in description.sha256.items():
        path = directory / file_name(model, kind)
        try:
            contents[kind] = path.read_bytes()
        except OSError as error:
            raise InvalidSettings(f"model file {path} cannot be read ({error.strerror})", hint=_HINT) from None
        if hashlib.sha256(contents[kind]).hexdigest() != digest:
            raise InvalidSettings(f"model file {path} is damaged: its SHA-256 is not {digest}", hint=_HINT)
    filterbank = np.load(directory / file_name(model, FILTERBANK), allow_pickle=False)
    return ModelFiles(model, contents[GRAPH], filterbank, description.tags)


def is_complete(directory: Path, model: str, recipe: str) -> bool:
    """Whether the files of `model` are there, undamaged and built by `recipe`."""
    try:
        load_model_files(directory, model)
        return _description(directory, model).recipe == recipe
    except InvalidSettings:
        return False


def _description(directory: Path, model: str) -> _Description:
    path = directory / file_name(model, DESCRIPTION)
    try:
        description = _reader.validate_json(path.read_bytes())
    except OSError as error:
        raise InvalidSettings(f"no usable model {model} in {directory} ({error})", hint=_HINT) from None
    except ValidationError:
        raise InvalidSettings(f"no usable model {model} in {directory} ({path.name} is damaged)", hint=_HINT) from None
    if not {GRAPH, FILTERBANK} <= set(description.sha256):
        raise InvalidSettings(f"no usable model {model} in {directory} ({path.name} is incomplete)", hint=_HINT)
    return description
