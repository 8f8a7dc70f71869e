"""Table and index are made to agree again, whichever of them was lost."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from annoy_service.index import index_batch
from annoy_service.repair import index_missing, rebuild_from_table, restore_table_from_index
from earshot.clock import now_iso
from earshot.errors import DamagedIndex
from earshot.ids import TrackId
from earshot.track import Status, TrackInfo

from .conftest import MODEL, OTHER, POLICY, TABLE, World, changed

Music = Callable[..., np.ndarray[Any, Any]]
IDS = [f"file:{i:016x}" for i in range(12)]


def fill(world: World, music: Music) -> None:
    for track_id, raw in zip(IDS, music(12), strict=True):
        world.put(track_id, raw)


def test_tracks_whose_records_were_lost_are_found_by_comparing(world: World, music: Music) -> None:
    fill(world, music)
    world.wake(*IDS[:6])
    world.table.delete(TrackId(IDS[0]))
    seen: list[int] = []
    agreement = index_missing(world.services, seen.append)
    assert (agreement.added, agreement.removed) == (6, 1)
    assert seen[-1] == 11
    assert world.reader().current().size == 11
    assert index_missing(world.services).added == 0


def test_a_deletion_that_was_lost_during_a_change_of_models_does_not_keep_the_new_one_waiting(
    world: World, music: Music
) -> None:
    fill(world, music)
    world.wake(*IDS)
    new = world.another_process("new", model=OTHER, policy=POLICY)
    world.table.delete(TrackId(IDS[0]))
    for number, track_id in enumerate(IDS[1:]):
        world.put(track_id, music(1, seed=number)[0], model=OTHER)
    index_batch([changed(track_id) for track_id in IDS[1:]], new)
    assert world.latest()["model"] == MODEL
    index_missing(new)
    assert world.latest()["model"] == OTHER
    assert world.latest()["tracks"] == 11


def test_an_unreadable_item_does_not_stop_a_repair(world: World, music: Music) -> None:
    fill(world, music)
    world.dynamodb.put_item(TableName=TABLE, Item={"track_id": {"S": "odd"}, "status": {"S": "dancing"}})
    agreement = index_missing(world.services)
    assert agreement.added == 12
    assert list(agreement.unreadable) == ["odd"]


@pytest.mark.parametrize("key", ["latest.json", "manifests/", "segments/"])
def test_a_damaged_index_is_rebuilt_from_the_table(world: World, music: Music, key: str) -> None:
    fill(world, music)
    world.wake(*IDS)
    for found in world.keys(key):
        world.s3.put_object(Bucket="earshot-test-index", Key=found, Body=b"\x00damaged")
    world.services.leading.cache.keep_only([])
    with pytest.raises(DamagedIndex):
        world.reader("before").current()
    agreement = rebuild_from_table(world.services)
    assert agreement.added == 12
    searcher = world.reader("after").current()
    assert all(searcher.contains(track_id) for track_id in IDS)


def test_no_byte_of_the_pointer_can_flip_unnoticed(world: World, music: Music) -> None:
    """Readers refuse or read the same; builders neither start over beside it nor write anything."""
    fill(world, music)
    world.wake(*IDS)
    good = world.s3.get_object(Bucket="earshot-test-index", Key="latest.json")["Body"].read()
    before = world.keys()
    refused = 0
    for at in range(len(good)):
        flipped = good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
        world.s3.put_object(Bucket="earshot-test-index", Key="latest.json", Body=flipped)
        try:
            assert world.reader().current().size == 12
        except DamagedIndex:
            refused += 1
        if at % 4 == 0:  # what readers see at once, builders see by the same code
            try:
                world.wake(IDS[0])
            except DamagedIndex:
                refused += 1
            assert world.keys() == before
    assert refused > len(good) * 5 // 8
    rebuild_from_table(world.services)
    assert world.reader().current().size == 12


def test_a_lost_table_is_restored_from_the_index_to_the_last_byte(world: World, music: Music) -> None:
    fill(world, music)
    shared = world.table.get(TrackId(IDS[0]))
    assert shared is not None
    assert world.table.store_embedding(
        TrackInfo(TrackId(IDS[1]), "deezer", title="The same recording"),
        embedding=shared.embedding or b"",
        drift=shared.drift or b"",
        tags=shared.tags,
        model=MODEL,
        preview_at=now_iso(),
        version_of=TrackId(IDS[0]),
    )
    world.wake(*IDS[:5])
    world.wake(*IDS[5:])
    before = {track_id: world.table.get(TrackId(track_id)) for track_id in IDS}
    for track_id in IDS:
        world.table.delete(TrackId(track_id))
    restored = restore_table_from_index(world.services)
    assert (restored.restored, restored.present) == (12, 0)
    for track_id, was in before.items():
        track = world.table.get(TrackId(track_id))
        assert track is not None
        assert was is not None
        assert track.status is Status.READY
        assert (track.info, track.embedding, track.drift, track.tags) == (was.info, was.embedding, was.drift, was.tags)
        assert (track.model, track.preview_at, track.version_of) == (was.model, was.preview_at, was.version_of)
    version = world.latest()["version"]
    world.wake(*IDS)
    assert world.latest()["version"] == version, "what was restored is what the index holds already"


def test_a_table_lost_during_a_change_of_models_is_restored_from_both_generations(world: World, music: Music) -> None:
    fill(world, music)
    world.wake(*IDS)
    new = world.another_process("new", model=OTHER, policy=POLICY)
    world.put(IDS[0], music(1)[0], model=OTHER)
    index_batch([changed(IDS[0])], new)
    before = {track_id: world.table.get(TrackId(track_id)) for track_id in IDS}
    for track_id in IDS:
        world.table.delete(TrackId(track_id))
    restore_table_from_index(new)
    for track_id, was in before.items():
        track = world.table.get(TrackId(track_id))
        assert track is not None
        assert was is not None
        assert (track.model, track.embedding, track.drift) == (was.model, was.embedding, was.drift)


def test_a_damaged_segment_does_not_keep_the_others_from_being_restored(world: World, music: Music) -> None:
    fill(world, music)
    world.wake(*IDS[:10])
    world.wake(*IDS[10:])
    for track_id in IDS:
        world.table.delete(TrackId(track_id))
    base, delta = world.latest()["segments"]
    assert (base["kind"], delta["kind"]) == ("base", "delta")
    world.services.leading.cache.keep_only([])
    world.s3.put_object(Bucket="earshot-test-index", Key=f"segments/{base['id']}/raw.npy", Body=b"damaged")
    with pytest.raises(DamagedIndex):
        restore_table_from_index(world.services)
    assert {track.track_id for track in world.table.scan()} == set(IDS[10:])


def test_restoring_leaves_what_the_table_has(world: World, music: Music) -> None:
    fill(world, music)
    world.wake(*IDS)
    world.put(IDS[0], music(1, seed=5)[0])
    newer = world.table.get(TrackId(IDS[0]))
    restored = restore_table_from_index(world.services)
    assert (restored.restored, restored.present) == (0, 12)
    assert world.table.get(TrackId(IDS[0])) == newer
