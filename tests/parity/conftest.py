import pytest

from extractor.networks.choi import Choi2017
from extractor.networks.musicnn import MusicnnMsd
from tests.model import choi_model_dir, model_dir


@pytest.fixture(scope="session")
def network() -> MusicnnMsd:
    return MusicnnMsd(model_dir())


@pytest.fixture(scope="session")
def choi() -> Choi2017:
    return Choi2017(choi_model_dir())
