"""What hearing costs: CPU time of a clip, measured in turn with the default network's, and bytes of a track."""

import time
from collections.abc import Sequence

import numpy as np

from earshot.networks import DEFAULT_NETWORK, network_named
from earshot.recipes import Recipe
from lab.corpus import Clip
from lab.cutting import Cutter
from lab.encoding import Samples
from lab.hearing import features, is_built, treated

_CLIPS, _AS = 12, "mp3 96"
_FLOAT16 = 2


def bytes_of(recipe: Recipe) -> float:
    """Of a track: embedding, drift and vector, as an index keeps them."""
    return float(_FLOAT16 * (2 * recipe.network.dimensions + recipe.dim))


def cpu(recipe: Recipe, clips: Sequence[Clip]) -> dict[str, float]:
    """`cpu_ms`: median CPU time of decoding and hearing one of twelve clips, as a preview (MP3 96 kbit/s) comes; and
    `cpu_ratio`: the median ratio to the default network's, clip by clip in turn, where that is built."""
    network, default = recipe.network, network_named(DEFAULT_NETWORK)
    files = [treated(samples, _AS) for samples in _some(clips)]
    networks = [network, default] if is_built(default) else [network]
    for each in networks:
        features(files[0], each)  # loads it
    spent = np.array([[_seconds(file, each.name) for each in networks] for file in files])
    found = {"cpu_ms": float(1000 * np.median(spent[:, 0]))}
    return found if len(networks) == 1 else found | {"cpu_ratio": float(np.median(spent[:, 0] / spent[:, 1]))}


def _seconds(file: bytes, network: str) -> float:
    before = time.process_time()
    features(file, network_named(network))
    return time.process_time() - before


def _some(clips: Sequence[Clip]) -> list[Samples]:
    cutter = Cutter()
    try:
        return [cutter.samples(clip) for clip in clips[:_CLIPS]]
    finally:
        cutter.close()
