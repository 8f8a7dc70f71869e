"""What a network hears in the bench's clips, kept beside them."""

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.quality.encodings import LOSSLESS
from bench.quality.music import Clip
from config.extract import ModelSettings
from earshot.errors import AudioRejected
from extractor.audio.decode import decode
from extractor.extract import extract_audio
from extractor.networks.loading import load_network
from extractor.networks.network import Network

Raw = npt.NDArray[np.float16]
"""(n, 2, D): embedding and drift, as the extractor stores them."""
_load = cache(load_network)


def hear_all(files: Sequence[Path], network: str) -> Raw:
    """(files, 2, D)."""
    with ProcessPoolExecutor(os.cpu_count()) as workers:
        return np.stack([*workers.map(partial(_hear, network=network), files, chunksize=8)])


def audible(clips: Sequence[Clip], network: str) -> list[Clip]:
    """Those that can be heard at all: a clip may fall into a silence. Their lossless files must be there."""
    return [clip for clip in clips if _is_audible(clip.file(LOSSLESS), network)]


def _is_audible(file: Path, network: str) -> bool:
    try:
        _hear(file, network)
    except AudioRejected:
        return False
    return True


def _hear(file: Path, network: str) -> Raw:
    kept = file.with_name(f"{file.name}.{network}.npy")
    if kept.exists():
        known: Raw = np.load(kept, allow_pickle=False)
        return known
    heard = _features(file, _load(network, ModelSettings.load().model_dir))
    unfinished = kept.with_suffix(f".{os.getpid()}.tmp")
    with unfinished.open("wb") as target:
        np.save(target, heard)
    unfinished.replace(kept)
    return heard


def _features(file: Path, network: Network) -> Raw:
    audio = decode(file.read_bytes(), network.rate, network.min_seconds)
    embedding = extract_audio(audio, network).embedding
    return np.stack([embedding.embedding, embedding.drift]).astype(np.float16)
