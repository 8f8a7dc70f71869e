"""Compaction, garbage collection and the change of models."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ClientError
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from annoy_service.compact import compact
from annoy_service.garbage import collect_garbage
from annoy_service.generations import promote
from annoy_service.index import index_batch
from annoy_service.pointers import position
from annoy_service.upkeep import keep_up
from earshot.errors import DamagedIndex, RecallTooLow, RecipeNotReady
from earshot.ids import TrackId
from earshot.index.pointer import generation_key
from earshot.messages import KeepUp
from earshot.networks import network_named
from earshot.recipes import default_recipe
from earshot.track import TrackInfo

from .conftest import MODEL, OTHER, POLICY, World, changed

Music = Callable[..., np.ndarray[Any, Any]]
OTHERS = default_recipe(network_named(OTHER)).name
IDS = [f"file:{i:016x}" for i in range(20)]
IN_TWO_DAYS = timedelta(days=2)


def fill(world: World, music: Music, n: int = 20) -> None:
    """A base of five tracks, and deltas."""
    for track_id, raw in zip(IDS[:n], music(n), strict=True):
        world.put(track_id, raw)
    world.wake(*IDS[:5])
    for start in range(5, n, 3):
        world.wake(*IDS[start : start + 3])


def answers(world: World) -> dict[str, list[TrackId]]:
    searcher = world.reader("answers").current()
    found = {}
    for track_id in IDS:
        vector = searcher.vector(track_id)
        if vector is not None:
            found[track_id] = [hit.track.track_id for hit in searcher.search(vector, 20)]
    return found


def test_compaction_leaves_one_base_that_holds_the_same_tracks(world: World, music: Music) -> None:
    fill(world, music)
    world.table.delete(TrackId(IDS[2]))
    world.wake(IDS[2])
    assert len(world.latest()["segments"]) > 1
    before = answers(world)
    compact(world.services.leading)
    manifest = world.latest()
    assert [segment["kind"] for segment in manifest["segments"]] == ["base"]
    assert manifest["segments"][0]["rows"] == manifest["tracks"] == 19
    after = answers(world)
    assert before.keys() == after.keys()
    assert all(set(before[track_id]) == set(after[track_id]) for track_id in before)


def test_compaction_that_is_not_due_changes_nothing(world: World, music: Music) -> None:
    fill(world, music, 5)
    before = world.keys()
    compact(world.services.leading)
    assert world.keys() == before


def test_compaction_on_demand_fits_the_transform_again(world: World, music: Music) -> None:
    fill(world, music, 8)
    before = world.latest()
    compact(world.services.leading, on_demand=True)
    assert world.latest()["transform"] != before["transform"]


def test_what_is_folded_in_during_a_compaction_is_kept(world: World, music: Music) -> None:
    fill(world, music, 18)
    other = world.another_process("other", policy=POLICY)
    for track_id, raw in zip(IDS[18:], music(2, seed=9), strict=True):
        world.put(track_id, raw)
    world.table.register(TrackInfo(TrackId(IDS[0]), "file", title="Changed"))
    world.table.delete(TrackId(IDS[7]))
    folded: list[bool] = []

    def meanwhile(params: dict[str, Any], **_: Any) -> None:
        if params["Key"].startswith("transforms/") and not folded:
            folded.append(True)
            index_batch([changed(i) for i in (IDS[18], IDS[19], IDS[0], IDS[7])], other)

    world.s3.meta.events.register("provide-client-params.s3.PutObject", meanwhile)
    compact(world.services.leading)
    assert folded
    searcher = world.reader().current()
    assert searcher.size == 19
    assert not searcher.contains(IDS[7])
    renamed = searcher.row(IDS[0])
    assert renamed is not None
    assert renamed.title == "Changed"
    assert [segment["kind"] for segment in world.latest()["segments"]] == ["base", "delta"]


def test_a_reader_downloads_only_the_segments_that_are_new(world: World, music: Music) -> None:
    fill(world, music, 19)
    reader = world.reader()
    reader.current()
    fetched: list[str] = []
    world.s3.meta.events.register(
        "provide-client-params.s3.GetObject", lambda params, **_: fetched.append(params["Key"])
    )
    world.put(IDS[19], music(1, seed=3)[0])
    world.wake(IDS[19])
    fetched.clear()
    assert reader.current().contains(IDS[19])
    segments = {key.split("/")[1] for key in fetched if key.startswith("segments/")}
    assert segments == {world.latest()["segments"][-1]["id"]}


def test_upkeep_compacts_announces_and_removes_garbage(
    world: World, music: Music, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(world, music)
    upkeep = world.another_process("upkeep", policy=POLICY)
    announced, requests = len(world.announced), world.upkeep_requests
    keep_up([KeepUp(on_demand=True), KeepUp()], upkeep)
    assert [segment["kind"] for segment in world.latest()["segments"]] == ["base"]
    assert world.announced[announced:][0].version == world.latest()["version"]
    assert world.upkeep_requests == requests, "its role may not send to its own queue"


def test_an_index_that_cannot_be_compacted_loses_its_garbage_all_the_same(
    world: World, music: Music, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(world, music)
    compact(world.services.leading)
    before = len(world.keys("segments/"))

    def shut(*_: object, **__: object) -> None:
        raise RecallTooLow("the gate stays shut")

    monkeypatch.setattr("annoy_service.upkeep.compact", shut)
    monkeypatch.setattr("earshot.clock.now", lambda: datetime.now(UTC) + IN_TWO_DAYS)
    with pytest.raises(RecallTooLow):
        keep_up([KeepUp(on_demand=True)], world.services)
    assert len(world.keys("segments/")) < before


def test_objects_that_may_not_be_deleted_are_not_taken_for_deleted(
    world: World, music: Music, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3 answers 200 and says in the answer what it refused."""
    fill(world, music)
    compact(world.services.leading)
    refused = {"Errors": [{"Key": "segments/x", "Code": "AccessDenied", "Message": "no"}]}
    store = world.services.leading.store
    monkeypatch.setattr(store._client, "delete_objects", lambda **_: refused)
    with pytest.raises(ClientError, match="AccessDenied"):
        collect_garbage(store, now=datetime.now(UTC) + IN_TWO_DAYS)


def test_old_versions_stay_for_a_day_and_are_removed_then(world: World, music: Music) -> None:
    fill(world, music)
    compact(world.services.leading)
    before = world.keys()
    store = world.services.leading.store
    assert collect_garbage(store) == 0
    assert world.keys() == before
    assert collect_garbage(store, now=datetime.now(UTC) + IN_TWO_DAYS) > 0
    manifest = world.latest()
    left = {key.split("/")[1] for key in world.keys("segments/")}
    assert left == {segment["id"] for segment in manifest["segments"]}
    assert world.keys("manifests/") == [f"manifests/{manifest['version']}.json"]
    assert world.reader().current().size == 20


def test_the_garbage_collector_deletes_nothing_when_a_live_manifest_is_unreadable(world: World, music: Music) -> None:
    fill(world, music)
    key = f"manifests/{world.latest()['version']}.json"
    world.s3.put_object(Bucket="earshot-test-index", Key=key, Body=b"{}")
    before = world.keys()
    with pytest.raises(DamagedIndex):
        collect_garbage(world.services.leading.store, now=datetime.now(UTC) + IN_TWO_DAYS)
    assert world.keys() == before


def test_versions_published_while_garbage_is_listed_do_not_hide_the_one_before_them(world: World, music: Music) -> None:
    """The version that readers used until a moment ago is two days old; two newer ones come during the listing."""
    fill(world, music, 4)
    before = world.keys()
    published: list[bool] = []

    def publish_two(params: dict[str, Any], **_: Any) -> None:
        if params["Key"] == "latest.json" and not published:
            published.append(True)
            for track_id, raw in zip(IDS[4:6], music(2, seed=3), strict=True):
                world.put(track_id, raw)
                world.wake(track_id)

    world.s3.meta.events.register("provide-client-params.s3.GetObject", publish_two)
    collect_garbage(world.services.leading.store, now=datetime.now(UTC) + IN_TWO_DAYS)
    assert world.latest()["tracks"] == 6
    assert set(before) <= set(world.keys())


@pytest.mark.parametrize("calls", range(1, 9))
def test_a_generation_that_goes_into_service_while_garbage_is_collected_keeps_its_objects(
    world: World, music: Music, calls: int
) -> None:
    """Its pointer is at one place before the collector's `calls`-th call to S3, and at another after it."""
    fill(world, music, 4)
    new = world.another_process("new", model=OTHER, policy=POLICY)
    world.put(IDS[0], music(1)[0], model=OTHER)
    index_batch([changed(IDS[0])], new)
    left = iter(range(calls))

    def verdict(**_: Any) -> None:
        if next(left, None) == calls - 1:
            promote(OTHERS, new, incomplete=True)

    world.s3.meta.events.register("after-call.s3", verdict)
    collect_garbage(new.leading.store, now=datetime.now(UTC) + IN_TWO_DAYS)
    world.s3.meta.events.unregister("after-call.s3", verdict)
    assert world.latest()["model"] == OTHER
    assert world.reader().current().size == 1


def test_an_old_manifest_that_was_altered_stops_the_garbage_collector(world: World, music: Music) -> None:
    """One flipped bit in a segment's id would make an object of a version still in use look like garbage."""
    fill(world, music, 4)
    old = world.latest()
    key = f"manifests/{old['version']}.json"
    world.put(IDS[4], music(1, seed=3)[0])
    world.wake(IDS[4])
    body = world.s3.get_object(Bucket="earshot-test-index", Key=key)["Body"].read()
    segment = old["segments"][0]["id"].encode()
    altered = bytes([segment[0] ^ 1]) + segment[1:]
    world.s3.put_object(Bucket="earshot-test-index", Key=key, Body=body.replace(segment, altered))
    with pytest.raises(DamagedIndex, match="altered"):
        collect_garbage(world.services.leading.store)


def test_a_new_model_serves_only_when_it_covers_the_catalogue(world: World, music: Music) -> None:
    fill(world, music, 8)
    version = world.latest()["version"]
    new = world.another_process("new", model=OTHER, policy=POLICY)
    for number, track_id in enumerate(IDS[:8]):
        assert world.latest()["model"] == MODEL
        world.put(track_id, music(1, seed=number)[0], model=OTHER)
        index_batch([changed(track_id)], new)
    assert world.latest()["model"] == OTHER
    assert world.latest()["tracks"] == 8
    assert world.latest()["version"] != version
    assert world.keys("generations/") == []
    assert world.reader().current().dim == 128


def test_the_version_of_the_old_model_stays_readable_for_a_day(world: World, music: Music) -> None:
    """Though nothing had changed in it for longer than that."""
    fill(world, music, 4)
    old = set(world.keys())
    bucket = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets["earshot-test-index"]
    for key in old:
        bucket.keys[key].last_modified -= timedelta(days=2)
    new = world.another_process("new", model=OTHER, policy=POLICY)
    for number, track_id in enumerate(IDS[:4]):
        world.put(track_id, music(1, seed=number)[0], model=OTHER)
    index_batch([changed(track_id) for track_id in IDS[:4]], new)
    assert world.latest()["model"] == OTHER
    collect_garbage(new.leading.store)
    assert old <= set(world.keys())
    assert collect_garbage(new.leading.store, now=datetime.now(UTC) + IN_TWO_DAYS) > 0
    assert world.keys("generations/") == []
    assert world.reader().current().size == 4


def test_a_track_deleted_during_a_change_of_models_leaves_both_generations(world: World, music: Music) -> None:
    fill(world, music, 8)
    new = world.another_process("new", model=OTHER, policy=POLICY)
    for track_id in IDS[:4]:
        world.put(track_id, music(1)[0], model=OTHER)
    index_batch([changed(track_id) for track_id in IDS[:4]], new)
    world.table.delete(TrackId(IDS[0]))
    world.table.delete(TrackId(IDS[6]))
    index_batch([changed(IDS[0]), changed(IDS[6])], new)
    assert world.latest()["model"] == MODEL
    assert world.latest()["tracks"] == 6
    generation = json.loads(world.s3.get_object(Bucket="earshot-test-index", Key=generation_key(OTHERS))["Body"].read())
    assert new.leading.store.manifest(position(new.leading).head.pointer).tracks == 3  # type: ignore[union-attr]
    assert generation["model"] == OTHER


def test_a_person_can_put_an_incomplete_generation_into_service(world: World, music: Music) -> None:
    fill(world, music, 8)
    new = world.another_process("new", model=OTHER, policy=POLICY)
    world.put(IDS[0], music(1)[0], model=OTHER)
    index_batch([changed(IDS[0])], new)
    with pytest.raises(RecipeNotReady, match="lacks 7 tracks"):
        promote(OTHERS, new)
    assert promote(OTHERS, new, incomplete=True).published
    assert world.latest()["model"] == OTHER
    assert world.latest()["tracks"] == 1
