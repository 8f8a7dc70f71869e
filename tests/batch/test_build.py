"""Embeddings become an index on Spark, which the API's reader opens as it opens any other."""

import io
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from annoy_service import spark as door
from annoy_service.builder import Builder, make_builder
from annoy_service.bulk import clients
from annoy_service.fold import fold
from annoy_service.pointers import manifest_at, position
from earshot.clock import Timestamp
from earshot.embedding_files import folder_of, row_of
from earshot.errors import IndexRace, InvalidInput
from earshot.ids import TrackId
from earshot.index import layout
from earshot.index.directory import Directory
from earshot.index.manifest import Manifest
from earshot.index.reader import IndexReader
from earshot.index.row_sources import FreshRow, fresh_row
from earshot.index.searcher import Searcher
from earshot.networks import MUSICNN
from earshot.recipes import default_recipe
from earshot.stores.parts import parts_at
from earshot.track import Tag, Track, TrackInfo
from tests.aws import REGION

RECIPE = default_recipe(MUSICNN)
EARLY, LATE = Timestamp("2026-11-20T07:00:00.000000Z"), Timestamp("2026-11-27T07:00:00.000000Z")
N, FILES = 2_400, 6


def tracks(n: int = N, *, seed: int = 0, at: Timestamp = EARLY, title: str = "heard") -> list[Track]:
    rng = np.random.default_rng(seed)
    means = np.random.default_rng(1).normal(size=(50, 624)) * np.repeat([0.45, 0.65, 5.0], [200, 212, 212])
    embeddings = means[rng.integers(50, size=n)] + 0.2 * rng.normal(size=(n, 624))
    drifts = 0.1 * rng.normal(size=(n, 624))
    return [
        Track(
            TrackInfo(TrackId(f"file:{i * 0x9E3779B97F4A7C15 % 2**64:016x}"), "file", title=f"{title} {i}"),
            model=MUSICNN.name, preview_at=at, tags=(Tag("guitar", 0.5),),
            embedding=embeddings[i].astype("<f2").tobytes(), drift=drifts[i].astype("<f2").tobytes(),
        )
        for i in range(n)
    ]  # fmt: skip


def write_files(place: Path, heard: Sequence[Track], files: int = FILES, name: str = "part") -> None:
    """As `embed` leaves them."""
    parts = parts_at(str(place), clients.s3)
    for number in range(files):
        rows = [row_of(track, f"key of {track.track_id}") for track in heard[number::files]]
        body = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows), body)
        parts.write(f"{folder_of(MUSICNN.name)}/{name}-{number}.parquet", body.getvalue())


def make_bucket(name: str) -> None:
    clients.s3().create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})


@dataclass
class Bulk:
    """A bucket, and a folder of embeddings."""

    spark: SparkSession
    bucket: str
    folder: Path
    heard: Path = field(init=False)

    def __post_init__(self) -> None:
        self.heard = self.folder / "heard"
        make_bucket(self.bucket)

    @cached_property
    def builder(self) -> Builder:
        """Of the table's stream."""
        return make_builder(clients.s3(), self.bucket, RECIPE, self.folder / "builder")

    def build(self, rows_per_base: int = 900, *, embeddings: bool = True) -> door.Report:
        place, work_dir = str(self.heard) if embeddings else "", self.folder / "work"
        return door.run(
            self.spark,
            self.bucket,
            RECIPE,
            embeddings=place,
            rows_per_base=rows_per_base,
            work_dir=work_dir,
        )

    def searcher(self, name: str = "reader") -> Searcher:
        return IndexReader(clients.s3(), self.bucket, self.folder / name, check_every_s=0).current()

    def manifest(self) -> Manifest:
        manifest = manifest_at(self.builder, position(self.builder))
        assert manifest is not None
        return manifest

    def ids(self) -> list[bytes]:
        ids: list[bytes] = Directory(self.builder.cache, self.manifest()).ids().tolist()
        return ids

    def fold(self, *changed: Track, gone: Sequence[TrackId] = ()) -> None:
        rows: dict[TrackId, FreshRow | None] = {track.track_id: fresh_row(track, MUSICNN) for track in changed}
        fold(self.builder, lambda: rows | dict.fromkeys(gone))


@pytest.fixture(autouse=True)
def quick_map(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has tests of its own."""
    monkeypatch.setattr(layout, "_STEPS_FRESH", 2)


@pytest.fixture
def bulk(spark: SparkSession, tmp_path: Path) -> Iterator[Bulk]:
    clients.s3.cache_clear()
    yield Bulk(spark, f"index-{secrets.token_hex(4)}", tmp_path)
    clients.s3.cache_clear()


def test_the_same_tracks_are_found_as_in_an_index_from_one_builder(bulk: Bulk) -> None:
    heard = tracks()
    write_files(bulk.heard, heard)
    report = bulk.build()
    assert (report.tracks, report.bases, report.built) == (N, 3, 3)
    assert report.recall > 0.995
    sizes = [base.rows for base in bulk.manifest().bases]
    assert max(sizes) < 1.25 * min(sizes)
    one = make_builder(boto3.client("s3"), bulk.bucket + "-one", RECIPE, bulk.folder / "one")
    make_bucket(bulk.bucket + "-one")
    rows: dict[TrackId, FreshRow | None] = {track.track_id: fresh_row(track, MUSICNN) for track in heard}
    fold(one, lambda: rows)
    alone = IndexReader(clients.s3(), bulk.bucket + "-one", bulk.folder / "alone", check_every_s=0).current()
    ours = bulk.searcher()
    assert bulk.ids() == sorted(track.track_id.encode() for track in heard)
    same = 0
    for track in heard[::48]:
        vector, there = ours.vector(track.track_id), alone.vector(track.track_id)
        assert vector is not None
        assert there is not None
        found = {hit.track_id for hit in ours.nearest(vector, 11)}
        same += len(found & {hit.track_id for hit in alone.nearest(there, 11)})
    assert same / (11 * 50) > 0.995
    shown = ours.row(heard[7].track_id)
    assert shown is not None
    assert (shown.title, shown.tags) == ("heard 7", (Tag("guitar", 0.5),))
    assert bulk.build() == door.Report(report.version, N, 3, 0, 3, report.recall, 0, 0), "it is done already"


def test_what_the_stream_changes_meanwhile_is_kept(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    old, newer = tracks(60, title="indexed"), tracks(40, seed=5, at=LATE, title="newer")
    bulk.fold(*old[:50], *newer[38:40])
    bulk.fold(*tracks(600, seed=3, title="more")[60:])
    write_files(bulk.heard, [*newer[:20], *tracks(45, seed=9, title="heard again")[20:]])
    extra = Track(TrackInfo(TrackId("file:new"), "file", title="meanwhile"), model=MUSICNN.name, preview_at=LATE,
                  embedding=old[0].embedding, drift=old[0].drift)  # fmt: skip
    compose = door._composed

    def meanwhile(*arguments: Any) -> Manifest:
        bulk.fold(extra, gone=[old[3].track_id, old[49].track_id])
        return compose(*arguments)

    monkeypatch.setattr(door, "_composed", meanwhile)
    report = bulk.build(200)
    assert report.bases == 4
    ours = bulk.searcher()
    titles = {i: row.title if (row := ours.row(track.track_id)) else None for i, track in enumerate(old)}
    assert [titles[i] for i in (0, 3, 30, 38, 48, 49, 55)] == [
        "newer 0", None, "indexed 30", "newer 38", "indexed 48", None, None
    ]  # fmt: skip
    assert ours.contains("file:new")
    assert ours.size == 50 + 540 + 1 - 2 == report.tracks


def _fails(*_: object, **__: object) -> None:
    raise IndexRace("the driver dies here")


@pytest.mark.parametrize("where", ["_composed", "put_in_place"])
def test_a_driver_that_dies_leaves_no_half_version_and_nothing_is_built_twice(
    bulk: Bulk, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    write_files(bulk.heard, tracks(300))
    bulk.fold(*tracks(3, seed=4))
    before = bulk.manifest()
    with monkeypatch.context() as patch:
        patch.setattr(door, where, _fails)
        with pytest.raises(IndexRace):
            bulk.build(150)
    assert bulk.manifest().version == before.version
    assert bulk.searcher().size == 3
    bulk.fold(*tracks(4, seed=4)[3:])  # the stream goes on
    report = bulk.build(150)
    assert (report.built, report.there, report.tracks) == (0, 3, 300)


def test_an_index_is_built_anew_from_its_own_rows(bulk: Bulk) -> None:
    bulk.fold(*tracks(600))
    bulk.fold(*tracks(20, seed=8, at=LATE, title="changed"), gone=[tracks(600)[599].track_id])
    prints = {i: each.fingerprint for i, each in Directory(bulk.builder.cache, bulk.manifest()).locate(
        [TrackId(i.decode()) for i in bulk.ids()]).items()}  # fmt: skip
    report = bulk.build(200, embeddings=False)
    assert (report.tracks, report.bases, report.built) == (599, 4, 4)
    located = Directory(bulk.builder.cache, bulk.manifest()).locate(prints)
    assert {i: each.fingerprint for i, each in located.items()} == prints
    assert [segment.kind for segment in bulk.manifest().segments] == ["base"] * 4


def test_nothing_makes_no_index(bulk: Bulk) -> None:
    with pytest.raises(InvalidInput, match="neither"):
        bulk.build(embeddings=False)
    with pytest.raises(InvalidInput, match="no embeddings below"):
        bulk.build()
