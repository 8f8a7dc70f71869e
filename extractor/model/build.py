"""`python -m extractor.model.build`: builds the model files of `musicnn-msd@1`; does nothing when they are current."""

import hashlib
import io
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from earshot.errors import EarshotError, InvalidInput
from extractor.model import checkpoint
from extractor.model_files import DESCRIPTION, FILTERBANK, GRAPH, default_model_dir, file_name, is_complete

MODEL = "musicnn-msd@1"
SAMPLE_RATE, N_FFT = 16_000, 512
_PARITY = 1e-4
_QUIET_TENSORFLOW = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": "-1"}


def main() -> int:
    """Build into `EARSHOT_MODEL_DIR` (default build/model)."""
    directory = default_model_dir()
    try:
        built = build(directory)
    except EarshotError as error:
        print(f"model: {error.message}", file=sys.stderr)
        return 1
    _say(f"{MODEL} {'is in' if built else 'is up to date in'} {directory}")
    return 0


def build(directory: Path) -> bool:
    """Write the graph, the mel filterbank and their description. False when they were current already.

    Raises:
        InvalidInput: the published weights cannot be had, or the graph does not compute what Keras computes.
    """
    recipe = _recipe()
    if is_complete(directory, MODEL, recipe):
        return False
    started = time.monotonic()
    os.environ.update(_QUIET_TENSORFLOW)
    wheel = checkpoint.wheel_path()
    _say("published weights checked; loading TensorFlow")
    from extractor.model.graph import pruned_graph  # these import TensorFlow: seconds, and not needed above
    from extractor.model.pruning import prune
    from extractor.model.reference import keras_model, layer_weights

    keras_reference = keras_model(checkpoint.read_weights(wheel))
    _say("Keras model loaded; pruning and exporting")
    pruned = prune(layer_weights(keras_reference))
    graph = pruned_graph(pruned).SerializeToString()
    difference = _difference(graph, keras_reference, pruned.channels)
    if not difference <= _PARITY:
        raise InvalidInput(f"the exported graph differs from the Keras model by {difference:.2g} (> {_PARITY:g})")
    files = {GRAPH: graph, FILTERBANK: _filterbank()}
    description = {
        "model": MODEL,
        "recipe": recipe,
        "sample_rate": SAMPLE_RATE,
        "tags": checkpoint.read_tags(wheel),
        "channels": pruned.channels.tolist(),
        "sha256": {kind: hashlib.sha256(content).hexdigest() for kind, content in files.items()},
        "source": {"wheel": checkpoint.WHEEL, "sha256": checkpoint.WHEEL_SHA256, "licence": "ISC"},
    }
    directory.mkdir(parents=True, exist_ok=True)
    _write(directory, {**files, DESCRIPTION: json.dumps(description, indent=1).encode()})
    _say(f"built in {time.monotonic() - started:.1f} s; differs from Keras by at most {difference:.1e}")
    return True


def _recipe() -> str:
    """Digest of everything the files depend on: the pinned wheel and this package's own source."""
    digest = hashlib.sha256(checkpoint.WHEEL_SHA256.encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _filterbank() -> bytes:
    """(96, 257) Slaney mels, 0..8000 Hz, float32, as .npy."""
    from librosa.filters import mel  # slow to import; the running function reads the file instead

    buffer = io.BytesIO()
    np.save(buffer, mel(sr=SAMPLE_RATE, n_fft=N_FFT, n_mels=96, htk=False, norm="slaney").astype(np.float32))
    return buffer.getvalue()


def _difference(graph: bytes, keras_reference: Any, channels: Any) -> float:
    """Largest relative difference of the 624 features on smooth noise at the level of music."""
    import onnxruntime

    noise = np.random.default_rng(1).random((4, 187, 96), np.float32).cumsum(axis=1) % 3
    features, tags = onnxruntime.InferenceSession(graph).run(None, {"patches": noise})
    penultimate, mean, maximum, expected_tags = (np.asarray(output) for output in keras_reference(noise))
    expected = np.concatenate([penultimate, mean[:, channels], maximum[:, channels]], axis=1)
    scale = np.maximum(1, np.abs(expected))
    return float(max((np.abs(features - expected) / scale).max(), np.abs(tags - expected_tags).max()))


def _write(directory: Path, files: Mapping[str, bytes]) -> None:
    """Each file at once, the description last: a build cut short is seen as incomplete."""
    for kind, content in files.items():
        target = directory / file_name(MODEL, kind)
        unfinished = target.with_name(f"{target.name}.{os.getpid()}.tmp")
        unfinished.write_bytes(content)
        unfinished.replace(target)


def _say(text: str) -> None:
    print(f"model: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
