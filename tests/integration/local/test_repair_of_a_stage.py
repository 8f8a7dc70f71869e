"""`make repair`: how it rebuilds, which damage it finds, and what it says meanwhile."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from annoy_service.builder import Builder
from annoy_service.pointers import manifest_at, position
from earshot.clock import now_iso
from earshot.ids import TrackId
from earshot.index.manifest import SegmentEntry
from earshot.index.reader import IndexReader
from earshot.networks import MUSICNN
from earshot.track import TrackInfo
from local.resources import create_all
from ops import repair as repairing
from ops.deployment import Deployment
from ops.indexes import index_services
from ops.repair import repair


def _stage(aws: Any, tracks: int) -> Deployment:
    create_all(aws, "test")
    deployment = Deployment(aws, "test")
    for number in range(tracks):
        raw = np.random.default_rng(number).normal(size=(2, MUSICNN.dimensions)).astype("<f2")
        deployment.tracks.store_embedding(
            TrackInfo(TrackId(f"file:{number:016x}"), "file"),
            embedding=raw[0].tobytes(),
            drift=raw[1].tobytes(),
            tags=(),
            model=MUSICNN.name,
            preview_at=now_iso(),
        )
    return deployment


def test_a_rebuild_on_demand_makes_a_base_from_nothing_but_the_table_and_says_how_far_it_is(
    aws: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repairing, "_SAY_EVERY_S", 0.0)
    deployment = _stage(aws, 3)
    said: list[str] = []
    assert repair(deployment, tmp_path, table_lost=False, say=said.append).indexed == 3
    assert "3 tracks of the table compared with the index" in said
    builder = index_services(deployment, tmp_path).leading
    before = manifest_at(builder, position(builder))
    said.clear()
    assert repair(deployment, tmp_path, table_lost=False, rebuild=True, say=said.append).indexed == 3
    assert "3 tracks of the table read" in said
    after = manifest_at(builder, position(builder))
    assert before is not None
    assert after is not None
    assert after.base_ids != before.base_ids
    assert after.tracks == 3


def test_a_repair_finds_damage_that_comparing_with_the_table_does_not_show(aws: Any, tmp_path: Path) -> None:
    """Of any object of the index; each repair leaves a version that the next damage is done to."""
    deployment, said = _stage(aws, 3), list[str]()
    repair(deployment, tmp_path, table_lost=False, say=said.append)
    builder, damaged = index_services(deployment, tmp_path).leading, set[str]()
    while names := _base(builder).objects.keys() - damaged:
        name, base = min(names), _base(builder)
        builder.store.put(base.key(name), bytes(base.objects[name].size))
        said.clear()
        repair(deployment, tmp_path, table_lost=False, say=said.append)
        assert len(said) == 1
        assert base.key(name) in said[0]
        damaged.add(name)
    assert damaged >= {"ids.npy", "vectors.npy", "tracks.bin", "raw.npy"}
    reader = IndexReader(aws.client("s3"), deployment.parameters["index-bucket"], tmp_path / "reader")
    assert reader.current().size == 3


def _base(builder: Builder) -> SegmentEntry:
    manifest = manifest_at(builder, position(builder))
    assert manifest is not None
    return manifest.bases[0]
