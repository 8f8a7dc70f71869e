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
from annoy_service.policy import compaction_due
from annoy_service.repair import restore_table_from_index
from api.answers.atlas import atlas
from earshot.clock import now_iso
from earshot.ids import TrackId
from earshot.index.manifest import Manifest, SegmentEntry, StoredObject, transform_key
from earshot.index.row_sources import FreshRow, FreshRows, MergedRows, fresh_row
from earshot.index.segment import MAP
from earshot.index.transform import unit
from earshot.track import Track, TrackInfo

from .conftest import MODEL, World, changed

Music = Callable[..., np.ndarray[Any, Any]]
IDS = [TrackId(f"file:{i:016x}") for i in range(160)]
PARTS = (slice(0, 5), slice(5, 155), slice(155, 160))
"""The second is searched by Annoy, which needs more rows than fit into a leaf of a tree."""


def tracks(music: Music) -> list[Track]:
    return [
        Track(
            TrackInfo(track_id, "file", title=track_id), model=MODEL, preview_at=now_iso(),
            embedding=embedding.astype("<f2").tobytes(), drift=drift.astype("<f2").tobytes(),
        )
        for track_id, (embedding, drift) in zip(IDS, music(len(IDS)), strict=True)
    ]  # fmt: skip


@pytest.fixture
def three(world: World, music: Music) -> Manifest:
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
