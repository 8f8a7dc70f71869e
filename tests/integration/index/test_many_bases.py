"""A version may have several bases, as builders that work in parallel write one each."""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from annoy_service import gate
from annoy_service.bases import upload
from annoy_service.compact import compact
from annoy_service.fit import fit_rows
from annoy_service.gate import write_base
from annoy_service.index import index_batch
from annoy_service.pointers import position, publish
from annoy_service.policy import Policy, compaction_due
from annoy_service.repair import rebuild_from_table, restore_table_from_index
from api.answers.atlas import atlas
from earshot.clock import now_iso
from earshot.ids import TrackId
from earshot.index.directory import changed_between
from earshot.index.manifest import Manifest, SegmentEntry, StoredObject, transform_key
from earshot.index.row_sources import FreshRow, FreshRows, MergedRows, fresh_row
from earshot.index.segment import MAP
from earshot.index.transform import unit
from earshot.track import Track, TrackInfo

from .conftest import OTHER, World, changed

Music = Callable[..., np.ndarray[Any, Any]]
IDS = [TrackId(f"file:{i:016x}") for i in range(160)]
PARTS = (slice(0, 5), slice(5, 155), slice(155, 160))
"""The second is searched by Annoy, which needs more rows than fit into a leaf of a tree."""


def tracks(music: Music) -> list[Track]:
    return [
        Track(
            TrackInfo(track_id, "file", title=track_id), model=OTHER, preview_at=now_iso(),
            embedding=embedding.astype("<f2").tobytes(), drift=drift.astype("<f2").tobytes(),
        )
        for track_id, (embedding, drift) in zip(IDS, music(len(IDS)), strict=True)
    ]  # fmt: skip


@pytest.fixture
def three(world: World, music: Music) -> Manifest:
    world.model = OTHER  # fewer rows of its 128 numbers fit into a leaf
    builder = world.services.leading
    network = builder.recipe.network

    def merged(rows: list[FreshRow]) -> MergedRows:
        return MergedRows([FreshRows(rows, network.dimensions)], network.dimensions)

    rows = [fresh_row(track, network) for track in tracks(music)]
    transform = fit_rows(builder.recipe, merged(rows))
    entries = []
    for part in PARTS:
        with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(dir=builder.work_dir) as folder:
            patch.setattr(gate, "EXACT_UP_TO", 100)
            entries.append(write_base(Path(folder), merged(rows[part]), transform))
            upload(builder, entries[-1], Path(folder))
    stored = builder.store.put(transform_key(StoredObject.of(transform.to_bytes())), transform.to_bytes())
    manifest = Manifest(
        model=network.name, recipe=builder.recipe.name, raw_dim=transform.raw_dim, dim=transform.dim,
        segments=tuple(entries), transform=stored, built_at=now_iso(),
    )  # fmt: skip
    return publish(builder, manifest, position(builder))


def test_a_query_finds_the_true_neighbours_in_all_of_them(world: World, three: Manifest) -> None:
    searcher = world.reader().current()
    assert [base.engine.name for base in three.bases] == ["exact", "annoy", "exact"]
    assert (searcher.size, searcher.search_k) == (160, 2000)
    ids = np.concatenate([segment.ids for segment, _ in searcher.segments])
    vectors = unit(np.concatenate([segment.vectors for segment, _ in searcher.segments]))
    for track_id in IDS[::8]:
        vector = searcher.vector(track_id)
        assert vector is not None
        nearest = [ids[row].decode() for row in np.argsort(-(vectors @ vector), kind="stable")[:7]]
        assert [hit.track.track_id for hit in searcher.search(vector, 7)] == nearest


def test_each_has_its_part_of_the_map(world: World, three: Manifest) -> None:
    positions = [segment.positions() for segment, _ in world.reader().current().segments]
    assert [len(part) for part in positions if part is not None] == [5, 150, 5]
    assert all(MAP in base.objects for base in three.bases)
    drawn = atlas(world.reader().current())
    assert sorted(drawn.track_ids) == IDS
    assert np.isfinite([drawn.x, drawn.y]).all()


def test_folds_land_on_top_of_them(world: World, music: Music, three: Manifest) -> None:
    world.put(IDS[0], music(1, seed=9)[0])
    world.wake(IDS[0], IDS[7])  # the table holds no other, so that the second one is gone
    manifest = world.latest()
    assert [segment["kind"] for segment in manifest["segments"]] == ["base", "base", "base", "delta"]
    assert [segment["dead"]["n"] for segment in manifest["segments"]] == [1, 1, 0, 0]
    assert [segment["id"] for segment in manifest["segments"][:3]] == [base.id for base in three.bases]
    assert world.reader().current().size == 159


def test_compaction_is_due_by_all_of_them_together_and_makes_them_one(world: World, three: Manifest) -> None:
    policy = world.services.leading.policy
    assert not compaction_due(three, policy)
    assert not compaction_due(replace(three, segments=_worn(three, 16)), policy)
    assert compaction_due(replace(three, segments=_worn(three, 17)), policy), "a tenth of all rows is dead"
    compact(world.services.leading, on_demand=True)
    manifest = world.latest()
    assert [(segment["kind"], segment["rows"]) for segment in manifest["segments"]] == [("base", 160)]
    searcher = world.reader().current()
    assert all(searcher.contains(track_id) for track_id in IDS)


def _worn(manifest: Manifest, dead: int) -> tuple[SegmentEntry, ...]:
    first, second, third = manifest.bases
    return first.with_dead(range(5)), second.with_dead(range(dead - 5)), third


def test_a_fold_during_their_compaction_is_kept(world: World, music: Music, three: Manifest) -> None:
    other = world.another_process("other", policy=world.services.leading.policy)
    world.put(IDS[5], music(1, seed=9)[0], title="New")
    folded: list[bool] = []

    def meanwhile(params: dict[str, Any], **_: Any) -> None:
        if params["Key"].startswith("transforms/") and not folded:
            folded.append(True)
            index_batch([changed(IDS[5])], other)

    world.s3.meta.events.register("provide-client-params.s3.PutObject", meanwhile)
    compact(world.services.leading, on_demand=True)
    assert folded
    assert [segment["kind"] for segment in world.latest()["segments"]] == ["base", "delta"]
    row = world.reader().current().row(IDS[5])
    assert row is not None
    assert row.title == "New"


def test_a_lost_table_is_restored_from_all_of_them(world: World, three: Manifest) -> None:
    assert restore_table_from_index(world.services).restored == three.tracks == len(IDS)


def test_only_what_an_engine_reads_is_stored_with_a_segment(world: World, three: Manifest) -> None:
    folders = [{key.rpartition("/")[2] for key in world.keys(f"segments/{base.id}/")} for base in three.bases]
    assert [folder ^ folders[0] for folder in folders] == [set(), {"annoy.ann"}, set()]
    assert [len(base.engine.canaries) for base in three.bases] == [0, 8, 0]


SMALL = Policy(small_catalogue=4, min_delta_rows=6, delta_share=0.05, at_once=155)
"""A compaction can hold the largest base and a few rows more, and never all of them."""


def test_a_catalogue_that_is_too_large_for_one_compaction_is_compacted_in_part(
    world: World, music: Music, three: Manifest
) -> None:
    services = world.another_process("small", policy=SMALL)
    before = {TrackId(i.decode()): place for part in _map(world) for i, place in zip(*part, strict=True)}
    more = [TrackId(f"file:{i:016x}") for i in range(160, 170)]
    for track_id, raw in zip(more, music(10, seed=5), strict=True):
        world.put(track_id, raw)
    index_batch([changed(*more, IDS[0], IDS[7])], services)  # the table holds neither of the latter
    transform = world.latest()["transform"]
    outcome = compact(services.leading)
    assert outcome.published
    manifest = world.latest()
    assert manifest["transform"] == transform
    assert [(segment["kind"], segment["rows"]) for segment in manifest["segments"]] == [("base", 150), ("base", 19)]
    assert manifest["segments"][0]["id"] == three.bases[1].id, "the large one is where it was"
    searcher = world.reader().current()
    assert searcher.size == 168
    assert all(searcher.contains(track_id) for track_id in (*IDS[1:7], *IDS[8:], *more))
    after = {TrackId(i.decode()): place for part in _map(world) for i, place in zip(*part, strict=True)}
    assert all(np.array_equal(after[i], before[i]) for i in after.keys() & before.keys()), "who has a place keeps it"
    assert np.isfinite([after[i] for i in more]).all()
    assert not compact(services.leading).published, "nothing is due any more"


def _map(world: World) -> list[tuple[Any, Any]]:
    return [(segment.ids, segment.positions()) for segment, _ in world.reader().current().segments if segment.rows > 0
            and segment.positions() is not None]  # fmt: skip


def test_a_fold_during_a_compaction_in_part_is_kept(world: World, music: Music, three: Manifest) -> None:
    services, other = world.another_process("small", policy=SMALL), world.another_process("other", policy=SMALL)
    for track_id, raw in zip(IDS[:3], music(3, seed=9), strict=True):
        world.put(track_id, raw, title="First")
    index_batch([changed(*IDS[:3])], services)
    folded: list[bool] = []

    def meanwhile(params: dict[str, Any], **_: Any) -> None:
        if params["Key"].endswith(MAP) and not folded:
            folded.append(True)
            world.table.register(TrackInfo(IDS[0], "file", title="Second"))
            world.table.delete(IDS[1])
            index_batch([changed(IDS[0], IDS[1])], other)

    world.s3.meta.events.register("provide-client-params.s3.PutObject", meanwhile)
    compact(services.leading, on_demand=True)
    assert folded
    searcher = world.reader().current()
    assert searcher.size == 159
    assert not searcher.contains(IDS[1])
    rows = [searcher.row(i) for i in (IDS[0], IDS[2])]
    assert [row and row.title for row in rows] == ["Second", "First"]


def test_a_row_that_only_moved_has_not_changed(world: World, three: Manifest) -> None:
    builder = world.services.leading
    outcome = compact(builder, on_demand=True)
    assert outcome.manifest is not None
    assert len(outcome.manifest.bases) == 1
    assert changed_between(builder.cache, three, outcome.manifest) == []
    other = replace(outcome.manifest, segments=(outcome.manifest.segments[0].with_dead([3]),))
    assert changed_between(builder.cache, three, other) == [IDS[3]]


def test_a_table_that_is_too_large_for_one_base_is_rebuilt_into_several(world: World, music: Music) -> None:
    services = world.another_process("rebuilder", policy=replace(SMALL, at_once=9))
    for track_id, raw in zip(IDS[:20], music(20), strict=True):
        world.put(track_id, raw)
    rebuild_from_table(services)
    manifest = world.latest()
    assert [(segment["kind"], segment["rows"]) for segment in manifest["segments"]] == [
        ("base", 6),
        ("base", 7),
        ("base", 7),
    ]
    assert manifest["recall_across"] == 1.0
    searcher = world.reader().current()
    assert (searcher.size, searcher.recall) == (20, 1.0)
    vector = searcher.vector(IDS[0])
    assert vector is not None
    assert len(searcher.search(vector, 20)) == 20
