"""Bases are built from stretches of others, and what a build has done so far is kept as long as it goes on."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from annoy_service.bulk import clients, part
from annoy_service.bulk.part import Work, summary_of_slice, write_base_of
from annoy_service.bulk.plan import Inputs, Plan, Slice
from annoy_service.bulk.progress import Progress
from annoy_service.garbage import collect_garbage
from annoy_service.parts import Common
from annoy_service.pointers import manifest_at, position
from earshot.errors import DamagedIndex
from earshot.ids import TrackId
from earshot.index import layout
from earshot.index.manifest import Manifest
from earshot.index.row_sources import RAW, StoredRows
from earshot.index.slices import fetched_slice

from .conftest import BUCKET, OTHER, World

Music = Callable[..., np.ndarray[Any, Any]]
IDS = [TrackId(f"file:{i:016x}") for i in range(40)]
LATER = datetime.now(UTC) + timedelta(days=2)


@pytest.fixture
def indexed(world: World, music: Music, monkeypatch: pytest.MonkeyPatch) -> Manifest:
    """A base, a delta, and a dead row in the base."""
    monkeypatch.setattr(layout, "_STEPS_FRESH", 2)
    world.model = OTHER  # whose transform is fitted to the sums that a build adds up
    for cached in (clients.s3, part._store, part._plan, part._common, part._before):
        cached.cache_clear()
    for track_id, raw in zip(IDS, music(40), strict=True):
        world.put(track_id, raw)
    world.wake(*IDS[:4])
    world.wake(*IDS[4:])
    world.table.delete(IDS[1])
    world.wake(IDS[1])
    builder = world.services.leading
    manifest = manifest_at(builder, position(builder))
    assert manifest is not None
    return manifest


def test_a_stretch_of_a_segment_holds_what_the_segment_holds(world: World, indexed: Manifest, tmp_path: Path) -> None:
    stretches = [(0, 0, 4), (0, 1, 3), (1, 0, 36), (1, 7, 9), (1, 35, 36)]
    for number, start, stop in stretches:
        entry, folder = indexed.segments[number], tmp_path / f"{number}-{start}-{stop}"
        whole = StoredRows.living(world.services.leading.cache, entry)
        folder.mkdir()
        rows = fetched_slice(world.services.leading.store, entry, start, stop, folder)
        living = np.delete(np.arange(entry.rows), entry.dead)
        here = np.flatnonzero((living >= start) & (living < stop))
        assert rows.ids.tolist() == whole.ids[here].tolist()
        assert rows.fingerprints.tolist() == whole.fingerprints[here].tolist()
        assert [*rows.all_lines()] == [*whole.lines(here)]
        np.testing.assert_array_equal(rows.all_raw(), whole.raw(here))

    entry, store = indexed.segments[1], world.services.leading.store
    body = bytearray(world.s3.get_object(Bucket=BUCKET, Key=entry.key(RAW))["Body"].read())
    body[-700] ^= 1
    world.s3.put_object(Bucket=BUCKET, Key=entry.key(RAW), Body=bytes(body))
    with pytest.raises(DamagedIndex, match="was altered"):
        fetched_slice(store, entry, 0, entry.rows, tmp_path)
    world.s3.put_object(Bucket=BUCKET, Key=entry.key(RAW), Body=bytes(body[:300]))
    with pytest.raises(DamagedIndex, match=r"too short|ends before"):
        fetched_slice(store, entry, 0, entry.rows, tmp_path)


def build(world: World, indexed: Manifest, tmp_path: Path) -> tuple[Progress, Plan]:
    """A build of two bases, of which one is done."""
    builder = world.services.leading
    plan = Plan.of(Inputs(builder.recipe.name, 20), [], indexed, builder.cache)
    progress = Progress(builder.store, "b")
    progress.note_plan(plan)
    work = Work(BUCKET, "b", builder.recipe.name, str(tmp_path))
    whole = summary_of_slice(Slice(0, 0, indexed.segments[0].rows), work, plan.total)
    whole = whole + summary_of_slice(Slice(1, 0, indexed.segments[1].rows), work, plan.total)
    assert len(whole.ids) == whole.statistics.n == 39
    progress.note_common(Common.of(whole, builder.recipe))
    assert write_base_of(0, iter(()), work) + write_base_of(1, iter(()), work) == 39
    return progress, plan


def test_a_build_remembers_what_is_done(world: World, indexed: Manifest, tmp_path: Path) -> None:
    progress, plan = build(world, indexed, tmp_path)
    assert progress.plan() == plan
    assert sorted(progress.done()) == [0, 1]
    bases = [progress.base(key)[0] for key in progress.done().values()]
    assert sum(base.rows for base in bases if base) == 39
    assert progress.published() is None
    progress.note_published("v")
    assert progress.published() == "v"
    assert [*tmp_path.iterdir()] == [tmp_path / "first"], "nothing is left on the worker's disk"


def test_bases_of_a_build_that_goes_on_are_no_garbage(
    world: World, indexed: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    progress, plan = build(world, indexed, tmp_path)
    store = world.services.leading.store
    segments = {base.id for key in progress.done().values() if (base := progress.base(key)[0])}

    def there() -> set[str]:
        return {key.split("/")[1] for key in world.keys("segments/")}

    collect_garbage(store)
    assert segments <= there()
    monkeypatch.setattr("earshot.clock.now", lambda: LATER)
    progress.begin()
    assert not progress.done(), "a build that is too old is begun anew"
    progress.note_plan(plan)
    collect_garbage(store, now=LATER)
    assert not segments & there()
    assert not world.keys("builds/")
    assert world.reader().current().size == 39
    assert indexed.model == OTHER
