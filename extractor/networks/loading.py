"""Which network a name means."""

from collections.abc import Callable, Mapping
from pathlib import Path

from earshot import networks
from extractor.networks.choi import Choi2017
from extractor.networks.musicnn import MusicnnMsd
from extractor.networks.musicnn_mn04 import MusicnnMn04
from extractor.networks.network import Network

_LOAD: Mapping[str, Callable[[Path], Network]] = {
    networks.MUSICNN.name: MusicnnMsd,
    networks.MUSICNN_MN04.name: MusicnnMn04,
    networks.CHOI.name: Choi2017,
}


def load_network(model: str, model_dir: Path) -> Network:
    """The network called `model`, from its files in `model_dir`.

    Raises:
        InvalidSettings: there is no such network, or its files are missing or damaged.
    """
    return _LOAD[networks.network_named(model).name](model_dir)
