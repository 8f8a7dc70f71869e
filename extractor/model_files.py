"""The model's files on disk: the ONNX graph, the mel filterbank, and a description with their hashes."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from earshot.errors import InvalidSettings

GRAPH, FILTERBANK, DESCRIPTION = "onnx", "mel.npy", "json"
_DEFAULT_DIR = Path(__file__).resolve().parents[1] / "build" / "model"
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


def default_model_dir() -> Path:
    """`EARSHOT_MODEL_DIR`, else build/model beside the code."""
    return Path(os.environ.get("EARSHOT_MODEL_DIR") or _DEFAULT_DIR)


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
    for kind, digest in description["sha256"].items():
        path = directory / file_name(model, kind)
        try:
            contents[kind] = path.read_bytes()
        except OSError as error:
            raise InvalidSettings(f"model file {path} cannot be read ({error.strerror})", hint=_HINT) from None
        if hashlib.sha256(contents[kind]).hexdigest() != digest:
            raise InvalidSettings(f"model file {path} is damaged: its SHA-256 is not {digest}", hint=_HINT)
    filterbank = np.load(directory / file_name(model, FILTERBANK), allow_pickle=False)
    return ModelFiles(model, contents[GRAPH], filterbank, tuple(description["tags"]))


def is_complete(directory: Path, model: str, recipe: str) -> bool:
    """Whether the files of `model` are there, undamaged and built by `recipe`."""
    try:
        load_model_files(directory, model)
        return bool(_description(directory, model)["recipe"] == recipe)
    except InvalidSettings:
        return False


def _description(directory: Path, model: str) -> dict[str, Any]:
    path = directory / file_name(model, DESCRIPTION)
    try:
        description: dict[str, Any] = json.loads(path.read_bytes())
        complete = {GRAPH, FILTERBANK} <= set(description["sha256"]) and {"tags", "recipe"} <= set(description)
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise InvalidSettings(f"no usable model {model} in {directory} ({error})", hint=_HINT) from None
    if not complete:
        raise InvalidSettings(f"no usable model {model} in {directory} ({path.name} is incomplete)", hint=_HINT)
    return description
