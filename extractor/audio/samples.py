"""Decoded audio, and what it is decoded from."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from extractor.audio.loudness import Loudness

Samples = npt.NDArray[np.float32]

CLIP_S = 30.0
"""Of a longer file the middle 30 s are used."""
MAX_CLIP_S = 31.0
"""A file that is up to a second longer is a preview, used whole."""


@dataclass(frozen=True, slots=True)
class Audio:
    """Mono `samples` at `rate` Hz, full scale ±1; `seconds` of the source that they cover.

    `loudness` is that of the source's own channels at its own rate.
    """

    samples: Samples
    rate: int
    seconds: float
    loudness: Loudness = field(default_factory=Loudness)


class Source(Protocol):
    """An opened file: what it says of itself, and its frames from a given one on."""

    rate: int
    channels: int
    frames: int
    """As the header says, which may be wrong; 0 where it says nothing."""

    def blocks(self, start: int) -> Iterator[Samples]:
        """(n, channels) blocks from frame `start` on; only once.

        Raises:
            AudioRejected: `undecodable`, where the damage begins.
        """
