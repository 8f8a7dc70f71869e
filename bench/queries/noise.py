"""`python -m bench.queries.noise NETWORK FILE FOLDER...`: where noise moves a network's embeddings.

Writes the file that `api.answers.recorded` reads (api/answers/data): the directions, each as long as noise moves
embeddings that way, in which white and pink noise of 10 dB below the music moves clips of 15 s, as they come and as
loud as records are.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from config.extract import ModelSettings
from earshot.networks import NETWORKS, Network
from extractor.audio.decode import decode
from extractor.audio.level import as_loud_as_records
from extractor.networks.loading import load_network
from lab.corpus import Clip, Corpus, of_folders
from lab.cutting import Cutter
from lab.encoding import ENCODINGS, LOSSLESS, RATE, Samples
from lab.evaluating import WORK_DIR
from lab.hearing import hear

DIRECTIONS = 32
BELOW_DB = 10.0
START_S, SECONDS = 5, 15
_load = cache(load_network)
_cutter = cache(Cutter)


def heard_as_they_are(corpus: Corpus, network: Network) -> tuple[list[Clip], npt.NDArray[np.float16]]:
    """The clips that the network can hear, and what it hears in them: embeddings and drifts (n, 2, D)."""
    heard = hear([(clip, (LOSSLESS,)) for clip in corpus.clips], [network], WORK_DIR)
    audible = [(clip, found[LOSSLESS]) for clip, found in zip(corpus.clips, heard, strict=True) if found is not None]
    return [clip for clip, _ in audible], np.stack([raw for _, raw in audible])


def white(n: int, random: np.random.Generator) -> Samples:
    """(n,) of power 1, the same at all frequencies."""
    return random.normal(size=n).astype(np.float32)


def pink(n: int, random: np.random.Generator) -> Samples:
    """(n,) of power 1, the same in all octaves, as rooms and streets are nearly."""
    spectrum = np.fft.rfft(random.normal(size=n))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    spectrum[0] = 0
    noise = np.fft.irfft(spectrum, n)
    return np.asarray(noise / noise.std(), np.float32)


KINDS_OF_NOISE: Final[Mapping[str, Callable[[int, np.random.Generator], Samples]]] = {"white": white, "pink": pink}


def part_of(clip: Clip, start_s: int = START_S) -> Samples:
    """(n, 2): the part of a clip that is recorded."""
    return _cutter().samples(clip)[start_s * RATE : (start_s + SECONDS) * RATE]


def with_noise(samples: Samples, kind: str, seed: int) -> Samples:
    """`samples` (n, channels) with noise `BELOW_DB` below them, the same in all channels."""
    noise = KINDS_OF_NOISE[kind](len(samples), np.random.default_rng(seed))
    level = np.sqrt(np.mean(samples**2)) * 10 ** (-BELOW_DB / 20)
    return np.asarray(samples + level * noise[:, None], np.float32)


def main() -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="python -m bench.queries.noise")
    parser.add_argument("network", choices=tuple(NETWORKS))
    parser.add_argument("file", type=Path)
    parser.add_argument("folders", nargs="+", type=Path)
    options = parser.parse_args()
    clips, _ = heard_as_they_are(of_folders(options.folders), NETWORKS[options.network])
    with ProcessPoolExecutor(os.cpu_count()) as workers:
        moved = np.concatenate([*workers.map(partial(_moved, network=options.network), clips, range(len(clips)))])
    _, lengths, directions = np.linalg.svd(moved / np.sqrt(len(moved)), full_matrices=False)
    kept = (lengths[:DIRECTIONS, None] * directions[:DIRECTIONS]).astype(np.float16)
    with options.file.open("wb") as target:
        np.save(target, kept)
    print(
        f"{len(clips)} clips; {np.sum(lengths[:8] ** 2) / np.sum(lengths**2):.2f} of what noise moves in 8 directions"
    )
    return 0


def _moved(clip: Clip, seed: int, network: str) -> Samples:
    """(4, D): two noises, at two levels."""
    samples = part_of(clip)
    plain, *noisy = (
        list(_hearings(heard, network))
        for heard in (samples, *(with_noise(samples, kind, seed) for kind in KINDS_OF_NOISE))
    )
    return np.stack([one - other for heard in noisy for one, other in zip(heard, plain, strict=True)])


def _hearings(samples: Samples, name: str) -> Iterator[Samples]:
    network = _load(name, ModelSettings.load().model_dir)
    audio = decode(ENCODINGS[LOSSLESS](samples), network.rate, network.min_seconds)
    for one in (audio, as_loud_as_records(audio)):
        yield network.features(one.samples).embedding.embedding.astype(np.float32)


if __name__ == "__main__":
    sys.exit(main())
