"""A catalogue takes on a better recipe, or a better network, while it serves: real audio, heard by real networks."""

from functools import cache

import numpy as np
import pytest

from annoy_service.index import index_batch
from annoy_service.repair import index_missing
from annoy_service.services import Services
from earshot.ids import TrackId
from earshot.networks import MUSICNN, MUSICNN_MN04, Network
from earshot.recipes import default_recipe, first_recipe
from extractor.audio.decode import decode
from extractor.networks.loading import load_network
from tests.corpus import Clip, clips
from tests.model import mn04_model_dir

from .conftest import POLICY, World, changed

TRACKS = tuple((TrackId(f"file:{number:016x}"), clip) for number, clip in enumerate(clips()[:6]))


@cache
def heard(clip: Clip, network: Network) -> np.ndarray:
    """(2, dim): embedding and drift."""
    loaded = load_network(network.name, mn04_model_dir())
    found = loaded.features(decode(clip.path.read_bytes(), loaded.rate, loaded.min_seconds).samples).embedding
    return np.stack([found.embedding, found.drift])


def hear(world: World, services: Services, network: Network, *tracks: tuple[TrackId, Clip]) -> None:
    """The tracks are heard by the network, and the news of it gets to the index."""
    for track_id, clip in tracks:
        world.put(track_id, heard(clip, network), model=network.name)
    index_batch([changed(*(track_id for track_id, _ in tracks))], services)


@pytest.fixture
def of_old(world: World) -> World:
    """A catalogue that the first recipe of musicnn serves."""
    services = world.another_process("old", first_recipe(MUSICNN), policy=POLICY)
    hear(world, services, MUSICNN, *TRACKS)
    assert world.latest()["recipe"] == "musicnn-msd@1-128d"
    return world


def test_a_better_recipe_of_the_same_network_takes_over_and_no_audio_is_heard_again(of_old: World) -> None:
    before = [of_old.table.get(track_id) for track_id, _ in TRACKS]
    new = of_old.another_process("new", model=MUSICNN.name, policy=POLICY)
    assert index_missing(new).added == len(TRACKS)
    assert of_old.latest()["recipe"] == default_recipe(MUSICNN).name == "musicnn-msd@1-128d-channel"
    assert [of_old.table.get(track_id) for track_id, _ in TRACKS] == before
    _assert_each_is_its_own_nearest(of_old)


def test_a_network_that_hears_more_takes_over_once_all_its_tracks_were_heard(of_old: World) -> None:
    new = of_old.another_process("new", model=MUSICNN_MN04.name, policy=POLICY)
    assert index_missing(new).added == 0, "its tracks wait until they are heard"
    hear(of_old, new, MUSICNN_MN04, *TRACKS[:4])
    assert (of_old.latest()["model"], of_old.latest()["tracks"]) == (MUSICNN.name, 6)
    hear(of_old, new, MUSICNN_MN04, *TRACKS[4:])
    latest = of_old.latest()
    assert (latest["model"], latest["recipe"]) == (MUSICNN_MN04.name, "musicnn-mn04@2-128d")
    assert (latest["raw_dim"], latest["dim"], latest["tracks"]) == (1264, 128, 6)
    _assert_each_is_its_own_nearest(of_old)


def _assert_each_is_its_own_nearest(world: World) -> None:
    searcher = world.reader().current()
    for track_id, _ in TRACKS:
        vector = searcher.vector(track_id)
        assert vector is not None
        assert searcher.search(vector, 1)[0].track.track_id == track_id
