"""The interface every network implements, and what it returns."""

from dataclasses import dataclass
from typing import Protocol

from earshot.embedding import Embedding
from earshot.track import Tag
from extractor.audio.samples import Samples
from extractor.music.tempo import Onsets


@dataclass(frozen=True, slots=True)
class Features:
    """What a network heard. `tags`: all it knows, most likely first.

    `onsets`: how strongly sound sets in, out of the spectrogram that it made anyway. Of a network that gives none no
    tempo is told.
    """

    embedding: Embedding
    tags: tuple[Tag, ...]
    onsets: Onsets | None = None


class Network(Protocol):
    """Mono samples -> features. One instance per process; not shared between threads."""

    name: str
    """Name and version (`musicnn-msd@1`): travels on every track, so that models never mix in one index."""
    rate: int
    """Sample rate in Hz that `features` expects."""
    min_seconds: float
    """Shorter audio is refused."""

    def features(self, samples: Samples) -> Features:
        """Features of (n,) samples at `rate`."""
