"""The model files for tests, built once: `from tests.model import model_dir`."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from tests.corpus import locked, shared_dir

_ROOT = Path(__file__).resolve().parents[1]
_CHOI_WEIGHTS = "choi2017_keras2_model_best.hdf5"


def model_dir() -> Path:
    """build/model with `musicnn-msd@1`, built where it is missing or out of date."""
    return _built(_ROOT / "build" / "model")


def choi_weights() -> Path:
    """The published Keras 2 weight file, which is never part of the project."""
    return shared_dir() / "models" / _CHOI_WEIGHTS


def choi_model_dir() -> Path:
    """A folder with `choi-2017@1`."""
    return _built(_ROOT / ".cache" / "test-models", "choi-2017@1", "--weights", str(choi_weights()))


@cache
def _built(directory: Path, *arguments: str) -> Path:
    """In a process of its own: TensorFlow stays out of the tests' memory."""
    (_ROOT / ".cache").mkdir(exist_ok=True)
    with locked(_ROOT / ".cache" / "model.lock"):
        outcome = subprocess.run(
            [sys.executable, "-m", "extractor.model.build", *arguments],
            env={**os.environ, "EARSHOT_MODEL_DIR": str(directory)},
            cwd=_ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    if outcome.returncode:
        raise RuntimeError(outcome.stderr.strip()[-500:])
    return directory
