"""The published Keras 2 weights of Choi et al. 2017. They state no licence, so nobody but the user brings them."""

import hashlib
from pathlib import Path
from urllib.request import urlopen

import numpy as np

from earshot.errors import InvalidInput
from earshot.networks import CHOI
from extractor.model.checkpoint import Weights

SHA256 = "b5042bd44de1fdd9d757b764d9246e6934f47c8bdc5c15bf13566495f3439d48"
URL = "https://raw.githubusercontent.com/keunwoochoi/transfer_learning_music/master/keras2_model/model_best.hdf5"
_MAX_BYTES = 4 * 1024 * 1024
_TIMEOUT_S = 60
_CACHE = Path(__file__).resolve().parents[2] / ".cache" / "models" / "choi2017_keras2.hdf5"


def published(path: Path | None, *, may_download: bool) -> Weights:
    """The weights in the file at `path`, else in the one that was downloaded, now or earlier.

    Raises:
        InvalidInput: there is none, or it is not the published one.
    """
    if path is None and not may_download and not _CACHE.exists():
        raise InvalidInput(f"{CHOI.name} needs its published weights: --weights FILE, or --download (docs/models.md)")
    return read_weights(path or (download(_CACHE) if may_download else _CACHE))


def download(target: Path) -> Path:
    """Fetch the weights from their authors' repository. Only on the user's word: they state no licence.

    Raises:
        InvalidInput: they cannot be fetched.
    """
    try:
        with urlopen(URL, timeout=_TIMEOUT_S) as answer:
            content = answer.read(_MAX_BYTES)
    except OSError as error:
        raise InvalidInput(f"{URL} cannot be fetched ({error}): fetch it yourself and give it with --weights") from None
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return target


def read_weights(path: Path, sha256: str = SHA256) -> Weights:
    """Kernels, biases and batch statistics, named `conv2d_1/kernel` and so on.

    Raises:
        InvalidInput: the file is missing or does not have this SHA-256, by default that of the published one.
    """
    import h5py  # comes with Keras; needed here alone

    if not path.is_file():
        raise InvalidInput(f"no weight file at {path}")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != sha256:
        raise InvalidInput(f"{path} has SHA-256 {digest}, expected {sha256}")
    with h5py.File(path) as stored:
        layers = stored["model_weights"]
        return {
            f"{layer}/{name.removesuffix(':0')}": np.asarray(values)
            for layer in layers
            if layer.startswith(("conv2d", "batch_normalization"))
            for name, values in layers[layer][layer].items()
        }
