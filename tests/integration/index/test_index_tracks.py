"""From stream records to answers: the real builder and reader against S3 and DynamoDB semantics."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from earshot.errors import NoIndexYet

from .conftest import World

Music = Callable[..., np.ndarray[Any, Any]]


def ids(n: int) -> list[str]:
    return [f"file:{i:016x}" for i in range(n)]


def test_a_reader_without_any_version_says_so(world: World) -> None:
    with pytest.raises(NoIndexYet):
        world.reader().current()


@pytest.mark.parametrize("n", [1, 2, 3, 60])
def test_every_track_of_a_batch_can_be_found_and_is_its_own_nearest(world: World, music: Music, n: int) -> None:
    for track_id, raw in zip(ids(n), music(n), strict=True):
        world.put(track_id, raw)
    assert world.wake(*ids(n)) == []
    searcher = world.reader().current()
    assert searcher.size == n
    for track_id in ids(n):
        vector = searcher.vector(track_id)
        assert vector is not None
        best = searcher.search(vector, 1)[0]
        assert best.track.track_id == track_id
        assert best.similarity == pytest.approx(1, abs=1e-6)
    assert len(world.announced) == 1
    assert world.announced[0].tracks == n
    assert world.announced[0].version == searcher.version


def test_a_duplicate_event_changes_nothing(world: World, music: Music) -> None:
    world.put(*next(zip(ids(1), music(1), strict=True)))
    world.wake(*ids(1))
    before = world.keys()
    world.wake(*ids(1), *ids(1))
    assert world.keys() == before
    assert len(world.announced) == 1
