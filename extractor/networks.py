"""Which network a name means."""

from pathlib import Path

from earshot.errors import InvalidSettings
from extractor.choi import NAME as CHOI
from extractor.choi import Choi2017
from extractor.musicnn import NAME as MUSICNN
from extractor.musicnn import MusicnnMsd
from extractor.network import Network

NETWORKS = (MUSICNN, CHOI)


def load_network(model: str, model_dir: Path) -> Network:
    """The network called `model`, from its files in `model_dir`.

    Raises:
        InvalidSettings: there is no such network, or its files are missing or damaged.
    """
    if model == MUSICNN:
        return MusicnnMsd(model_dir)
    if model == CHOI:
        return Choi2017(model_dir)
    raise InvalidSettings(f"EARSHOT_MODEL={model!r} is none of {', '.join(NETWORKS)}")
