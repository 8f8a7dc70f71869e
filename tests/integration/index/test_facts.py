"""What others said of tracks travels from the table into the index, through compactions, and back into a lost table."""

from collections.abc import Callable
from typing import Any

import numpy as np

from annoy_service.compact import compact
from annoy_service.repair import restore_table_from_index
from earshot.facts import Facts, Learned, recording_of
from earshot.index.popularity import POPULARITY
from earshot.stores.tracks_table import TracksTable
from tests.integration.index.conftest import TABLE, World

Music = Callable[[int], np.ndarray[Any, Any]]
_IDS = [f"file:{number:016x}" for number in range(6)]


def _learn(world: World, track_id: str, facts: Facts) -> None:
    track = world.table.get(track_id)  # type: ignore[arg-type]
    assert track is not None
    said = Learned("2026-11-27", recording_of(track.info.to_row()), facts)
    assert world.table.note_learned(track, "listenbrainz", said)


def _well_known(world: World, name: str) -> set[str]:
    return {
        segment.track_id(row)
        for segment, dead in world.reader(name).current().segments
        for row in np.flatnonzero(segment.popularity.within((90, None))).tolist()
        if dead is None or not dead[row]
    }


def test_facts_reach_the_index_and_come_back_from_it(world: World, music: Music) -> None:
    for track_id, raw in zip(_IDS, music(6), strict=True):
        world.put(track_id, raw)
    world.wake(*_IDS)
    assert not any(POPULARITY in segment["objects"] for segment in world.latest()["segments"])
    version = world.latest()["version"]

    _learn(world, _IDS[1], Facts())
    world.wake(_IDS[1])
    assert world.latest()["version"] == version, "nothing is known that was not known before"

    _learn(world, _IDS[2], Facts(plays=200_000, listeners=20_000))
    world.wake(_IDS[2])
    assert _well_known(world, "reader") == {_IDS[2]}
    compact(world.services.leading, on_demand=True)
    assert _well_known(world, "another") == {_IDS[2]}

    kept = world.table.get(_IDS[2])  # type: ignore[arg-type]
    assert kept is not None
    world.table.delete(kept.track_id)
    restore_table_from_index(world.services)
    back = TracksTable(world.dynamodb, TABLE).get(kept.track_id)
    assert back is not None
    assert (back.info, back.learned) == (kept.info, kept.learned)
