"""What networks hear in the clips of a corpus, as it is and treated: encoded as sources do, or distorted.

What was heard is kept by network, treatment, and content of the file: nothing is heard twice, in whichever corpus.
"""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from config.extract import ModelSettings
from earshot.errors import AudioRejected, InvalidSettings
from earshot.networks import Network, network_named
from extractor.audio.decode import decode
from extractor.audio.level import as_loud_as_records, is_quiet
from extractor.extract import extract_audio
from extractor.networks.loading import load_network
from lab.corpus import Clip
from lab.cutting import Cutter
from lab.distortions import DISTORTIONS
from lab.encoding import ENCODINGS, LOSSLESS, Samples

Raw = npt.NDArray[np.float16]
"""(n, 2, D): embedding and drift, as the extractor stores them."""
_MADE: Final = "2"
"""Another number where encodings or distortions of the same name are made otherwise than before."""
_load = cache(load_network)
_cutter = cache(Cutter)


def is_built(network: Network) -> bool:
    """Whether the network's files are there."""
    return (ModelSettings.load().model_dir / f"{network.name}.json").exists()


def hear(
    wanted: Sequence[tuple[Clip, Sequence[str]]], networks: Sequence[Network], folder: Path
) -> list[Mapping[str, Raw] | None]:
    """Of each clip by treatment, what the last of `networks` hears in it (2, D); None where any of it cannot be heard.

    Args:
        wanted: clips, and the names of encodings and distortions in which each is to be heard.
        networks: all that will be asked of these clips: a treated clip is made once for them.
        folder: where it is kept.

    Raises:
        InvalidSettings: a network's files are missing.
        DecoderCrashed: a file killed the process that decodes it, or hangs there.
    """
    for network in networks:
        if not is_built(network):
            raise InvalidSettings(f"the files of {network.name} are not built", hint="make model builds them.")
    names = [network.name for network in networks]
    unheard = [(clip, missing) for clip, of in wanted if (missing := _missing(clip, of, names, folder))]
    if unheard:
        with ProcessPoolExecutor(os.cpu_count()) as workers:
            for _ in workers.map(partial(_hear, folder=folder), *zip(*unheard, strict=True)):
                pass
    return [_kept_of(clip, of, names[-1], folder) for clip, of in wanted]


def treated(samples: Samples, treatment: str) -> bytes:
    """(n, 2) samples at 44,100 Hz as a file: encoded, or distorted and lossless."""
    if treatment in ENCODINGS:
        return ENCODINGS[treatment](samples)
    return ENCODINGS[LOSSLESS](DISTORTIONS[treatment](samples.mean(axis=1)))


def features(file: bytes, network: Network) -> Raw:
    """(2, D) of an encoded clip.

    Raises:
        AudioRejected: it cannot be heard.
    """
    return _hearings(file, network, 1)[0]


def louder(treatment: str) -> str:
    """The name of the second hearing of a distorted clip, as the extractor hears clips that people ask with."""
    return f"{treatment}, louder"


def _names(treatment: str) -> tuple[str, ...]:
    """Of the hearings of a treated clip: of a distorted one two, which are the same unless it is quiet."""
    return (treatment, louder(treatment)) if treatment in DISTORTIONS else (treatment,)


def _hearings(file: bytes, network: Network, number: int) -> list[Raw]:
    loaded = _load(network.name, ModelSettings.load().model_dir)
    audio = decode(file, loaded.rate, loaded.min_seconds)
    levels = [audio, as_loud_as_records(audio)] if number > 1 and is_quiet(audio) else [audio]
    heard = [extract_audio(one, loaded).embedding for one in levels]
    raw = [np.stack([each.embedding, each.drift]).astype(np.float16) for each in heard]
    return [*raw, *raw[:1] * (number - len(raw))]


def _missing(clip: Clip, treatments: Sequence[str], networks: Sequence[str], folder: Path) -> dict[str, list[str]]:
    """By treatment, the networks that have not heard the clip so."""
    names = {
        treatment: [
            name
            for name in networks
            if not all(_place(folder, name, each, clip).exists() for each in _names(treatment))
        ]
        for treatment in treatments
    }
    return {treatment: of for treatment, of in names.items() if of}


def _hear(clip: Clip, missing: Mapping[str, Sequence[str]], folder: Path) -> None:
    try:
        samples = _cutter().samples(clip)
    except AudioRejected:
        samples = None
    for treatment, networks in missing.items():
        file = None if samples is None else treated(samples, treatment)
        names = _names(treatment)
        for network in networks:
            heard = [None] * len(names) if file is None else _heard(file, network, len(names))
            for name, raw in zip(names, heard, strict=True):
                _keep(_place(folder, network, name, clip), raw)


def _kept_of(clip: Clip, treatments: Sequence[str], network: str, folder: Path) -> Mapping[str, Raw] | None:
    names = [name for treatment in treatments for name in _names(treatment)]
    heard = {name: _kept(_place(folder, network, name, clip)) for name in names}
    return None if any(found is None for found in heard.values()) else {k: v for k, v in heard.items() if v is not None}


def _heard(file: bytes, network: str, number: int) -> Sequence[Raw | None]:
    try:
        return _hearings(file, network_named(network), number)
    except AudioRejected:
        return [None] * number


def _place(folder: Path, network: str, treatment: str, clip: Clip) -> Path:
    return folder / "heard" / _MADE / network / treatment.replace(", ", " ").replace(" ", "-") / f"{clip.sound}.npy"


def _keep(place: Path, heard: Raw | None) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    unfinished = place.with_suffix(f".{os.getpid()}.tmp")
    with unfinished.open("wb") as target:
        np.save(target, np.zeros(0, np.float16) if heard is None else heard)
    unfinished.replace(place)


def _kept(place: Path) -> Raw | None:
    """None of what could not be heard, for which an empty array is kept."""
    heard: Raw = np.load(place, allow_pickle=False)
    return heard if heard.size else None
