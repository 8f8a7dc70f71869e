"""The API as a service of its own: what it must be told, and who opens newer versions of its index."""

import threading
import time
from collections.abc import Mapping

import pytest

from api.bootstrap import services
from api.index_alone import index_alone
from config.service import ServiceSettings
from earshot.errors import InvalidSettings, NoIndexYet, NotServedHere
from tests.aws import environment
from tests.unit.api.world import World, direction, track


@pytest.fixture
def settings() -> Mapping[str, str]:
    return {"EARSHOT_INDEX_CHECK_EVERY_S": "0.1"}


def test_an_index_bucket_is_all_that_it_needs() -> None:
    with environment(EARSHOT_INDEX_BUCKET="index"):
        found = ServiceSettings.load()
    assert (found.stage, found.has_stores, found.is_open) == ("service", False, False)


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"EARSHOT_STAGE": "local"}, "EARSHOT_STAGE"),
        ({"EARSHOT_TRACKS_TABLE": "tracks"}, "EARSHOT_CRAWLS_TABLE, EARSHOT_LISTENERS_TABLE"),
        ({"PORT": "0"}, "PORT"),
        ({"EARSHOT_SERVICE_DRAIN_S": "-1"}, "EARSHOT_SERVICE_DRAIN_S"),
    ],
)
def test_settings_that_cannot_work_are_named(variables: dict[str, str], named: str) -> None:
    with environment(EARSHOT_INDEX_BUCKET="index", **variables), pytest.raises(InvalidSettings, match=named):
        ServiceSettings.load()


def test_without_stores_the_index_tells_of_its_tracks_and_nothing_is_taken_in(world: World) -> None:
    world.publish([track(1), track(2)], [direction(a0=1), direction(a1=1)])
    alone = index_alone(services())
    found = alone.tracks.find_many(["deezer:1", "deezer:9"])  # type: ignore[list-item]
    assert {name: one.info.title for name, one in found.items()} == {"deezer:1": "Title 1"}
    with pytest.raises(NotServedHere):
        alone.crawls.summary("20260101-a")
    assert alone.uploads.origin == ""


def test_whose_versions_are_kept_up_with_never_waits_for_one(world: World) -> None:
    index, stop = services().index, threading.Event()
    follower = threading.Thread(target=index.keep_up, args=(stop,))
    follower.start()
    with pytest.raises(NoIndexYet):
        index.current()
    newer = world.publish([track(1)], [direction(a0=1)])
    with pytest.raises(NoIndexYet):
        index.current()  # it is not the one who asks that looks
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            assert index.current().version == newer
            break
        except NoIndexYet:
            time.sleep(0.01)
    stop.set()
    follower.join(5)
    assert index.current().version == newer
