"""The networks that hear: one line per network, from which extractor, index and settings take its facts.

What a network makes of a track depends on its version too, hence the version is part of its name. Embeddings of
different networks never meet in one index.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from earshot.errors import InvalidSettings


@dataclass(frozen=True, slots=True)
class Network:
    """What must be known of a network without having its files."""

    name: str
    """With its version; travels on every track that it heard."""
    rate_hz: int
    """Samples per second of the mono audio that it takes."""
    min_seconds: float
    """Shorter audio is refused."""
    clip_s: float
    """Of longer audio it hears so many seconds."""
    dimensions: int
    """Length of its embeddings, and of their drifts."""


# Half a patch of MSD_musicnn: a shorter clip would be repeated more than twice to fill one.
# 320 frames of the convnet of Choi et al.: what four poolings leave one of.
MUSICNN: Final = Network("musicnn-msd@1", rate_hz=16_000, min_seconds=1.5, clip_s=30.0, dimensions=624)
MUSICNN_MN04: Final = Network("musicnn-mn04@2", rate_hz=32_000, min_seconds=1.5, clip_s=30.0, dimensions=1264)
CHOI: Final = Network("choi-2017@1", rate_hz=12_000, min_seconds=6.84, clip_s=29.0, dimensions=160)

NETWORKS: Mapping[str, Network] = MappingProxyType({network.name: network for network in (MUSICNN, MUSICNN_MN04, CHOI)})
DEFAULT_NETWORK: Final = MUSICNN.name


def network_named(name: str) -> Network:
    """The network of this name.

    Raises:
        InvalidSettings: there is none.
    """
    if name not in NETWORKS:
        raise InvalidSettings(f"EARSHOT_MODEL={name!r} is none of {', '.join(NETWORKS)}")
    return NETWORKS[name]
