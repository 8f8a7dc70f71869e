"""Builds a network's model files; does nothing when they are current."""

import hashlib
import io
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from earshot.errors import InvalidInput
from earshot.networks import CHOI, MUSICNN, MUSICNN_MN04, Network
from extractor.model import checkpoint, choi_weights, kaldi, mn04_weights
from extractor.model.checkpoint import Weights
from extractor.networks.model_files import DESCRIPTION, FILTERBANK, GRAPH, file_name, is_complete

_MELS, _N_FFT = 96, 512
_PARITY = 1e-4
_QUIET_TENSORFLOW = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": "-1"}


@dataclass(frozen=True, slots=True)
class _Export:
    """What a network is made of: its graph, and what Keras and the graph make of the same input."""

    graph: bytes
    outputs: list[npt.NDArray[np.float32]]
    expected: list[npt.NDArray[np.float32]]
    filterbank: npt.NDArray[np.float32]
    description: Mapping[str, object] = field(default_factory=dict)


def build_musicnn(directory: Path) -> bool:
    """`build` of the default network."""
    return build(directory, MUSICNN, _musicnn)


def build_musicnn_mn04(directory: Path) -> bool:
    """`build` of `musicnn-mn04@2`, and of the network that it hears beside its own."""
    beside = build_musicnn(directory)
    return build(directory, MUSICNN_MN04, _mn04) or beside


def build_choi(directory: Path, read_weights: Callable[[], Weights]) -> bool:
    """`build` of `choi-2017@1` from its weights, which are read only where they are needed."""
    return build(directory, CHOI, lambda: _choi(read_weights()))


def is_current(directory: Path, network: Network) -> bool:
    """Whether `build` would have nothing to do."""
    return is_complete(directory, network.name, _recipe())


def build(directory: Path, network: Network, make: Callable[[], _Export]) -> bool:
    """Write the graph, the mel filterbank and their description. False when they were current already.

    Raises:
        InvalidInput: the published weights cannot be had, or the graph does not compute what Keras computes.
    """
    if is_current(directory, network):
        return False
    started = time.monotonic()
    os.environ.update(_QUIET_TENSORFLOW)
    export = make()
    difference = max(
        float((np.abs(output - expected) / np.maximum(1, np.abs(expected))).max())
        for output, expected in zip(export.outputs, export.expected, strict=True)
    )
    if not difference <= _PARITY:
        raise InvalidInput(f"the exported graph differs from the Keras model by {difference:.2g} (> {_PARITY:g})")
    files = {GRAPH: export.graph, FILTERBANK: _as_npy(export.filterbank)}
    description = {
        "model": network.name,
        "recipe": _recipe(),
        "sample_rate": network.rate_hz,
        "sha256": {kind: hashlib.sha256(content).hexdigest() for kind, content in files.items()},
        **export.description,
    }
    directory.mkdir(parents=True, exist_ok=True)
    _write(directory, network.name, {**files, DESCRIPTION: json.dumps(description, indent=1).encode()})
    say(f"built in {time.monotonic() - started:.1f} s; differs from Keras by at most {difference:.1e}")
    return True


def _musicnn() -> _Export:
    wheel = checkpoint.wheel_path()
    say("published weights checked; loading TensorFlow")
    from extractor.model.graph import INPUT, pruned_graph  # these import TensorFlow: seconds, and not needed above
    from extractor.model.pruning import prune
    from extractor.model.reference import keras_model, layer_weights

    reference = keras_model(checkpoint.read_weights(wheel))
    say("Keras model loaded; pruning and exporting")
    pruned = prune(layer_weights(reference))
    graph = pruned_graph(pruned).SerializeToString()
    # Smooth noise at the level of music.
    patches = np.random.default_rng(1).random((4, 187, _MELS), np.float32).cumsum(axis=1) % 3
    penultimate, mean, maximum, tags = (np.asarray(output) for output in reference(patches))
    expected = np.concatenate([penultimate, mean[:, pruned.channels], maximum[:, pruned.channels]], axis=1)
    description = {
        "tags": checkpoint.read_tags(wheel),
        "channels": pruned.channels.tolist(),
        "source": {"wheel": checkpoint.WHEEL, "sha256": checkpoint.WHEEL_SHA256, "licence": "ISC"},
    }
    return _Export(graph, _run(graph, {INPUT: patches}), [expected, tags], _slaney(MUSICNN.rate_hz), description)


def _mn04() -> _Export:
    say("loading TensorFlow")
    from extractor.model import mn04  # imports TensorFlow

    weights = mn04_weights.weights()
    graph = mn04.mn04_graph(weights).SerializeToString()
    spectrogram = np.random.default_rng(1).standard_normal((2, 240, mn04.MELS), np.float32)
    expected = [np.asarray(layer) for layer in mn04.keras_mn04(weights)(spectrogram)]
    # With a span for every frame, means are the maps themselves.
    each = {
        mn04.spans(block): np.eye(layer.shape[3], dtype=np.float32)
        for block, layer in zip(mn04.HEARD.values(), expected, strict=True)
    }
    description = {
        "tags": [],
        "source": {"url": mn04_weights.SOURCE, "sha256": mn04_weights.CHECKPOINT_SHA256, "licence": "MIT"},
    }
    found = _run(graph, {mn04.INPUT: spectrogram, **each})
    return _Export(graph, found, expected, kaldi.filterbank(MUSICNN_MN04.rate_hz), description)


def _choi(weights: Weights) -> _Export:
    say("loading TensorFlow")
    from extractor.model import choi  # imports TensorFlow

    graph = choi.choi_graph(weights).SerializeToString()
    spectrogram = np.random.default_rng(1).standard_normal((2, 400, _MELS), np.float32)
    expected = np.asarray(choi.keras_choi(weights)(spectrogram.transpose(0, 2, 1)[..., None]))
    description = {
        "tags": [],
        "source": {"url": choi_weights.URL, "sha256": choi_weights.SHA256, "licence": "none stated"},
    }
    return _Export(graph, _run(graph, {"patches": spectrogram}), [expected], _slaney(CHOI.rate_hz), description)


def _run(graph: bytes, inputs: Mapping[str, npt.NDArray[np.float32]]) -> list[npt.NDArray[np.float32]]:
    import onnxruntime  # not needed when the files are current

    outputs: list[npt.NDArray[np.float32]] = onnxruntime.InferenceSession(graph).run(None, dict(inputs))
    return outputs


def _recipe() -> str:
    """Digest of everything the files depend on: the pinned weights and this package's own source."""
    digest = hashlib.sha256(checkpoint.WHEEL_SHA256.encode())
    for source in [*sorted(Path(__file__).parent.glob("*.py")), mn04_weights.FILE]:
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _slaney(rate: int) -> npt.NDArray[np.float32]:
    """(96, 257) Slaney mels from 0 to half the rate."""
    from librosa.filters import mel  # slow to import; the running function reads the file instead

    bank: npt.NDArray[np.float32] = mel(sr=rate, n_fft=_N_FFT, n_mels=_MELS, htk=False, norm="slaney")
    return bank.astype(np.float32)


def _as_npy(values: npt.NDArray[np.float32]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values)
    return buffer.getvalue()


def _write(directory: Path, model: str, files: Mapping[str, bytes]) -> None:
    """Each file at once, the description last: a build cut short is seen as incomplete."""
    for kind, content in files.items():
        target = directory / file_name(model, kind)
        unfinished = target.with_name(f"{target.name}.{os.getpid()}.tmp")
        unfinished.write_bytes(content)
        unfinished.replace(target)


def say(text: str) -> None:
    """What is being done, for whoever waits."""
    print(f"model: {text}", flush=True)
