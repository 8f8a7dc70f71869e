"""Tempo, key and loudness travel from the table through folds and compactions to readers, and old rows need none."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from annoy_service.compact import compact
from earshot.descriptors import Descriptors
from earshot.errors import DamagedIndex
from earshot.index.described import DESCRIBED
from earshot.keys import Key
from tests.integration.index.conftest import BUCKET, World

Music = Callable[[int], np.ndarray[Any, Any]]
_SAID = Descriptors(122.4, 61.2, 0.6, Key("A minor"), 0.7, -9.2, 4.1)


def _at_122(world: World, name: str = "reader") -> set[str]:
    """Ids of the living rows at 122 BPM."""
    return {
        segment.track_id(row)
        for segment, dead in world.reader(name).current().segments
        for row in np.flatnonzero(segment.described.in_tempo((121.5, 122.4))).tolist()
        if dead is None or not dead[row]
    }


def _described(world: World) -> list[bool]:
    return [DESCRIBED in segment["objects"] for segment in world.latest()["segments"]]


def test_an_index_of_before_stays_as_it_is_and_knows_what_is_heard_from_now_on(world: World, music: Music) -> None:
    raw = music(10)
    for number in range(8):
        world.put(f"file:{number:016x}", raw[number])
    world.wake(*(f"file:{number:016x}" for number in range(8)))
    assert not any(_described(world))
    before = [segment["id"] for segment in world.latest()["segments"]]
    assert _at_122(world) == set()

    new = f"file:{8:016x}"
    world.put(new, raw[8], descriptors=_SAID)
    world.wake(new)
    assert _described(world) == [False, True]
    assert [segment["id"] for segment in world.latest()["segments"]][:1] == before, "nothing is made anew"
    assert _at_122(world) == {new}

    again = f"file:{3:016x}"
    world.put(again, raw[3], descriptors=_SAID)
    world.wake(again)
    assert _at_122(world) == {new, again}

    compact(world.services.leading, on_demand=True)
    assert _described(world) == [True]
    assert _at_122(world) == {new, again}
    row = world.reader("another").current().row(new)
    assert row is not None
    assert row.descriptors == _SAID


def test_a_reader_refuses_damaged_descriptors(world: World, music: Music) -> None:
    world.put("file:0000000000000001", music(1)[0], descriptors=_SAID)
    world.wake("file:0000000000000001")
    segment = world.latest()["segments"][0]
    key = f"segments/{segment['id']}/{DESCRIBED}"
    good = world.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    world.s3.put_object(Bucket=BUCKET, Key=key, Body=bytes(len(good)))
    with pytest.raises(DamagedIndex):
        world.reader().current()
