"""`make repair`: which model it indexes, how it rebuilds, and what it says meanwhile."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from annoy_service.bootstrap import known_model
from annoy_service.fold import manifest_at, position
from earshot.index.manifest import POINTER_KEY
from earshot.index.reader import IndexReader
from earshot.track import TrackInfo
from earshot.tracks_table import now_iso
from local import repair as repairing
from local.deployment import Deployment
from local.repair import index_services, repair
from local.resources import create_all


def _stage(aws: Any, tracks: int, model: str = "musicnn-msd@1") -> Deployment:
    create_all(aws, "test")
    deployment = Deployment(aws, "test")
    for number in range(tracks):
        raw = np.random.default_rng(number).normal(size=(2, known_model(model).raw_dim)).astype("<f2")
        deployment.tracks.store_embedding(
            TrackInfo(f"file:{number:016x}", "file"),
            embedding=raw[0].tobytes(),
            drift=raw[1].tobytes(),
            tags=(),
            model=model,
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
    builder = index_services(deployment, tmp_path).builder
    before = manifest_at(builder, position(builder))
    said.clear()
    assert repair(deployment, tmp_path, table_lost=False, rebuild=True, say=said.append).indexed == 3
    assert "3 tracks of the table read" in said
    after = manifest_at(builder, position(builder))
    assert before is not None
    assert after is not None
    assert before.base is not None
    assert after.base is not None
    assert after.base.id != before.base.id
    assert after.tracks == 3


@pytest.mark.parametrize("name", ["annoy.ann", "vectors.npy", "tracks.bin", "raw.npy"])
def test_a_repair_finds_damage_that_comparing_with_the_table_does_not_show(aws: Any, tmp_path: Path, name: str) -> None:
    deployment = _stage(aws, 3)
    repair(deployment, tmp_path, table_lost=False, say=lambda _: None)
    builder = index_services(deployment, tmp_path).builder
    manifest = manifest_at(builder, position(builder))
    assert manifest is not None
    assert manifest.base is not None
    key = manifest.base.key(name)
    builder.store.put(key, bytes(manifest.base.objects[name].size))
    said: list[str] = []
    repair(deployment, tmp_path, table_lost=False, say=said.append)
    assert len(said) == 1
    assert key in said[0]
    reader = IndexReader(aws.client("s3"), deployment.parameters["index-bucket"], tmp_path / "reader")
    assert reader.current().size == 3


def test_a_repair_indexes_the_model_that_the_functions_index(
    aws: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARSHOT_MODEL", "choi-2017@1")
    deployment = _stage(aws, 2, "choi-2017@1")
    assert repair(deployment, tmp_path, table_lost=False, say=lambda _: None).indexed == 2
    head = index_services(deployment, tmp_path).builder.store.head(POINTER_KEY)
    assert head is not None
    assert head.pointer.model == "choi-2017@1"
