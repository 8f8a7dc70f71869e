"""Which way a journey likes to go: in keys that go together, up or down in energy."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from api.answers.query import Seed
from earshot.descriptors import Descriptors
from earshot.embedding import Vector
from earshot.keys import FARTHEST, steps_between

_IN_KEY_STEPS = 1
_UNKNOWN_KEY_STEPS = 3
_CLASH = 0.5
"""Length of a detour, beside leaps of about 0.1 to 0.6: of two opposite keys, with a weight of 1."""
_AGAINST = 1.0
"""The same of all energy lost where it should grow."""
_LUFS, _BPM, _PULSE = (-24.0, -6.0), (60.0, 180.0), (0.1, 0.7)
"""What counts as no energy and as all of it: of loudness, tempo, and how clear the pulse is."""


class Energy(StrEnum):
    """How the energy is to change along the way."""

    BUILD_UP = "build_up"
    CALM_DOWN = "calm_down"


@dataclass(frozen=True, slots=True)
class Course:
    """`harmonic`, 0 to 1: how much it counts that neighbours are in keys a step apart on the Camelot wheel at most."""

    harmonic: float = 0.0
    energy: Energy | None = None

    @property
    def is_free(self) -> bool:
        """Whether sound alone leads the way."""
        return not self.harmonic and self.energy is None

    def detours(self, before: Seed, layer: Sequence[Seed]) -> Vector:
        """By how much longer the leap from one track to each of `layer` (n,) is than the sound says."""
        at = before.track.descriptors
        return np.array([self._detour(at, seed.track.descriptors) for seed in layer], np.float32)

    def _detour(self, before: Descriptors | None, after: Descriptors | None) -> float:
        length = 0.0
        if self.harmonic:
            length += self.harmonic * _CLASH * _clash(before, after)
        if self.energy is not None:
            rise = energy_of(after) - energy_of(before)
            length += _AGAINST * max(0.0, -rise if self.energy is Energy.BUILD_UP else rise)
        return length


FREE = Course()


def energy_of(found: Descriptors | None) -> float:
    """0 to 1: the mean of how loud, how fast and how clear in its beat a track is; in the middle what is not known."""
    said = found or Descriptors()
    pairs = ((said.loudness, _LUFS), (said.bpm, _BPM), (said.pulse_clarity, _PULSE))
    shares = [
        min(1.0, max(0.0, (value - least) / (most - least))) for value, (least, most) in pairs if value is not None
    ]
    return sum(shares) / len(shares) if shares else 0.5


def _clash(before: Descriptors | None, after: Descriptors | None) -> float:
    """0 for keys that go together, 1 for opposite ones."""
    keys = before and before.key, after and after.key
    steps = steps_between(keys[0], keys[1]) if keys[0] and keys[1] else _UNKNOWN_KEY_STEPS
    return max(0, steps - _IN_KEY_STEPS) / (FARTHEST - _IN_KEY_STEPS)
