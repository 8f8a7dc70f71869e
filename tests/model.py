"""The model files for tests, built once: `from tests.model import model_dir`."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from earshot.networks import CHOI, MUSICNN, MUSICNN_MN04, Network
from extractor.model.build import is_current
from tests.corpus import locked
from tests.invented_choi import write_weights

_ROOT = Path(__file__).resolve().parents[1]
_CACHE = _ROOT / ".cache" / "test-models"


@cache
def model_dir() -> Path:
    """build/model with `musicnn-msd@1`, built where it is missing or out of date."""
    directory = _ROOT / "build" / "model"
    _build(directory, MUSICNN, "-m", "extractor.model")
    return directory


@cache
def mn04_model_dir() -> Path:
    """build/model with `musicnn-mn04@2` too."""
    directory = model_dir()
    _build(directory, MUSICNN_MN04, "-m", "extractor.model", MUSICNN_MN04.name)
    return directory


@cache
def choi_model_dir() -> Path:
    """A folder with a `choi-2017@1` of invented weights."""
    _build(_CACHE, CHOI, "-m", "tests.invented_choi", str(choi_weights()))
    return _CACHE


@cache
def choi_weights() -> Path:
    """Invented weights of `choi-2017@1`, in a file as the published ones lie in: those state no licence."""
    _CACHE.mkdir(parents=True, exist_ok=True)
    path = _CACHE / "invented.hdf5"
    with locked(_CACHE / "lock"):
        write_weights(path)
    return path


def _build(directory: Path, network: Network, *command: str) -> None:
    """In a process of its own: TensorFlow stays out of the tests' memory."""
    _CACHE.mkdir(parents=True, exist_ok=True)
    with locked(_CACHE / "lock"):
        if is_current(directory, network):
            return
        outcome = subprocess.run(
            [sys.executable, *command],
            env={**os.environ, "EARSHOT_MODEL_DIR": str(directory)},
            cwd=_ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    if outcome.returncode:
        raise RuntimeError(outcome.stderr.strip()[-500:])
