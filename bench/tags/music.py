"""Music whose style somebody has stated, and what is heard in it.

The demo's pieces and six more Debian packages. What styles are comes from the packages' descriptions and their files'
genre fields. Of the other packages nobody says anything, and their clips count only for how probable tags are at large.
"""

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
import soxr

from config.extract import ModelSettings
from demo.music import Package, debian_music
from earshot.descriptors import Descriptors
from earshot.networks import MUSICNN
from earshot.track import Tag
from extractor.audio.loudness import LoudnessMeter
from extractor.audio.samples import Samples
from extractor.extract import TAGS_KEPT
from extractor.music.key import key_of
from extractor.music.tempo import pulse_of
from extractor.networks.loading import load_network
from extractor.networks.network import Features

ROOT = Path(__file__).resolve().parents[2]
CLIP_S, _INTRO_S, _SHORTEST_S, _TWO_CLIPS_S = 30, 20, 35, 100
_SILENCE = 1e-3

MORE = (
    Package(
        "wesnoth-1.16-music", "1:1.16.9-1", "f9bc3cde92b4ab30db5d7b85f89b4bcc3d788dd92602956d0347250850bf59bb",
        "Wesnoth", "The Battle for Wesnoth", "GPL-2+",
    ),
    Package(
        "warzone2100-music", "4.3.3-3", "d3b2c9f90ea5438d45d4aff18339a03ec808e1affa9dac91f7dad61cb15ee64e",
        "Warzone 2100", "Warzone 2100", "GPL-2+ / CC-BY-SA-3.0 / CC0",
    ),
    Package(
        "singularity-music", "007-2", "139ba1e408eeb0a72f1fff3760ca46558b9f81bed97dc8c0efa108c4007f4845",
        "Maxstack", "Endgame: Singularity", "CC-BY-SA-3.0",
    ),
    Package(
        "hyperrogue-music", "12.0q-1", "61ab9f4c2169442d85f42c42d26e80c1a18b93c741f3d44f1b9d83015904e7f7",
        "HyperRogue", "HyperRogue", "CC-BY-3.0 / CC-BY-SA-4.0",
    ),
    Package(
        "drascula-music", "1.0+ds4-2", "340e0beb1bacf005cbabebc07ebdd88adf6aee363d437f8a7d73cb0c77a93e79",
        "Drascula", "Drascula: The Vampire Strikes Back", "Drascula-License",
    ),
    Package(
        "asc-music", "1.3-6", "369f2d396adb8db9003ef73b797d529e284a7764a5ff4b59a50a4c8b9294da5f",
        "Advanced Strategic Command", "ASC", "GPL-2+",
    ),
)  # fmt: skip
"""Beside the demo's packages."""

_ELECTRONIC = frozenset({"electronic", "electronica", "electro", "dance", "House"})
_ROCK = frozenset(
    {"rock", "alternative", "alternative rock", "hard rock", "indie", "indie rock", "metal", "heavy metal"}
    | {"classic rock", "Progressive rock", "punk"}
)
JUDGED = (
    _ELECTRONIC | _ROCK
    | {"ambient", "chillout", "instrumental", "folk", "pop", "indie pop", "jazz", "soul", "blues", "Hip-Hop", "country"}
    | {"funk", "rnb"}
)  # fmt: skip
"""Tags that a style makes true or false. Of moods, decades and voices it says nothing."""
_INSTRUMENTAL = frozenset({"instrumental"})
TRUE_OF: Mapping[str, frozenset[str]] = {
    "orchestral": _INSTRUMENTAL | {"ambient", "folk"},
    "techno": _ELECTRONIC | _INSTRUMENTAL,
    "synth-pop": _ELECTRONIC | _INSTRUMENTAL | {"pop", "indie pop"},
    "rock": _ROCK | _INSTRUMENTAL,
    "ambient": _ELECTRONIC | _INSTRUMENTAL | {"ambient", "chillout"},
}
"""Those of `JUDGED` that may be said of music of a style; the others are false of it."""
_STYLES: Mapping[str, str] = {
    "Adonthell  Waste's Edge": "orchestral",
    "The Battle for Wesnoth": "orchestral",
    "Amoebax": "synth-pop",
    "Tumiki Fighters": "synth-pop",
    "Noiz2sa": "techno",
    "Word War vi": "rock",
    "Hex-a-Hop": "ambient",
}
"""By album. Wesnoth's files say "Romantic Classical" themselves."""


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """A clip: of which album, of which style (None: nobody says), and what the network makes of it."""

    album: str
    style: str | None
    piece: str
    features: Features
    descriptors: Descriptors

    @property
    def kept(self) -> tuple[Tag, ...]:
        """The tags that are kept of a track, likeliest first."""
        return self.features.tags[:TAGS_KEPT]


def all_heard() -> list[Heard]:
    """Every clip of 30 s: one of each piece, and another of those that are long enough."""
    kept = ROOT / ".cache"
    folders = [debian_music(kept / "demo-music").folder, debian_music(kept / "tagged-music", MORE).folder]
    pieces = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    with ProcessPoolExecutor(os.cpu_count()) as workers:
        return [clip for clips in workers.map(_heard, pieces, chunksize=4) for clip in clips]


def _heard(piece: Path) -> list[Heard]:
    network = _network()
    album = piece.parent.name
    return [
        Heard(album, _STYLES.get(album), str(piece), features, _described(samples, network.rate, features, lufs))
        for samples, lufs in _clips(piece, network.rate)
        for features in (network.features(samples),)
    ]


def _described(samples: Samples, rate: int, features: Features, lufs: float | None) -> Descriptors:
    """Tempo, key and loudness, as the extractor tells them."""
    pulse, tonality = pulse_of(features.onsets) if features.onsets else None, key_of(samples, rate)
    return Descriptors(
        bpm=pulse.bpm if pulse else None,
        pulse_clarity=pulse.clarity if pulse else None,
        key=tonality.key if tonality else None,
        key_confidence=tonality.confidence if tonality else None,
        loudness=lufs,
    )


_network = cache(lambda: load_network(MUSICNN.name, ModelSettings.load().model_dir))


def _clips(piece: Path, rate: int) -> Iterator[tuple[Samples, float | None]]:
    """Each with its loudness, in LUFS."""
    with soundfile.SoundFile(piece) as file:
        length = file.frames / file.samplerate
        if length < _SHORTEST_S:
            return
        for start_s in (min(_INTRO_S, length - CLIP_S - 1), *([0.6 * length] if length > _TWO_CLIPS_S else [])):
            file.seek(round(start_s * file.samplerate))
            stereo = file.read(CLIP_S * file.samplerate, dtype="float32", always_2d=True)
            samples = soxr.resample(stereo.mean(axis=1), file.samplerate, rate)
            if np.ptp(samples) > _SILENCE:
                meter = LoudnessMeter(file.samplerate, file.channels)
                meter.add(stereo)
                yield samples.astype(np.float32), meter.measured().integrated
