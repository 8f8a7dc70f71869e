"""A bucket, a table and a topic in moto, and tracks whose embeddings have the structure of real ones."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from annoy_service.builder import make_builder
from annoy_service.index import index_batch
from annoy_service.policy import Policy
from annoy_service.services import Services, make_services
from earshot.clock import now_iso
from earshot.descriptors import Descriptors
from earshot.ids import TrackId
from earshot.index.reader import IndexReader
from earshot.messages import IndexPublished, TrackNotIndexed, TracksChanged
from earshot.networks import CHOI, MUSICNN, network_named
from earshot.recipes import Recipe, kept_recipes
from earshot.stores.tracks_table import TracksTable
from earshot.track import Tag, Track, TrackInfo
from tests.aws import account

MODEL, OTHER = CHOI.name, MUSICNN.name
"""The small network and the large one. Hardly anything told here has to do with dimensions, and one transform of the
large one takes longer to fit than a test may."""
BUCKET = "earshot-test-index"
TABLE = "earshot-test-tracks"
POLICY = Policy(small_catalogue=4, min_delta_rows=6, delta_share=0.5)
"""Deltas and compactions begin with a handful of tracks."""


@dataclass
class World:
    """Everything a test of the index needs, wired as in production."""

    s3: Any
    dynamodb: Any
    table: TracksTable
    folder: Path
    announced: list[IndexPublished] = field(default_factory=list)
    parked: list[TrackNotIndexed] = field(default_factory=list)
    upkeep_requests: int = 0
    model: str = MODEL

    @cached_property
    def services(self) -> Services:
        """Those of the first process."""
        return self.another_process("first", policy=POLICY)

    def put(
        self,
        track_id: str,
        raw: np.ndarray[Any, Any],
        *,
        title: str = "",
        model: str = "",
        descriptors: Descriptors | None = None,
    ) -> Track:
        """Store a track with this embedding and drift (2, D), of which as many numbers are taken as its network has; a
        second call is a newer preview."""
        model = model or self.model
        numbers = network_named(model).dimensions
        embedding, drift = (part[:numbers].astype("<f2").tobytes() for part in raw)
        self.table.store_embedding(
            TrackInfo(TrackId(track_id), "file", title=title or f"Title of {track_id}", artists=("Someone",)),
            embedding=embedding,
            drift=drift,
            tags=[Tag("guitar", 0.5)],
            model=model,
            preview_at=now_iso(),
            descriptors=descriptors,
        )
        track = self.table.get(TrackId(track_id))
        assert track is not None
        return track

    def make_bucket(self, name: str) -> None:
        """A bucket besides the index's."""
        where = {"LocationConstraint": self.s3.meta.region_name}
        self.s3.create_bucket(Bucket=name, CreateBucketConfiguration=where)

    def wake(self, *track_ids: str) -> None:
        """Deliver the news that these tracks have changed."""
        index_batch([changed(*track_ids)], self.services)

    def reader(self, name: str = "reader") -> IndexReader:
        """A reader with a cache of its own that checks at every call."""
        return IndexReader(self.s3, BUCKET, self.folder / name, check_every_s=0)

    def another_process(self, name: str, *recipes: Recipe, model: str = "", policy: Policy | None = None) -> Services:
        """The services of a second process, which keeps `recipes`, or the default one of `model`."""
        return make_services(
            table=self.table,
            make_builder=partial(make_builder, self.s3, BUCKET, work_dir=self.folder / name, policy=policy),
            recipes=recipes or kept_recipes(model or self.model, ()),
            announce=self.announced.append,
            park=self.parked.append,
            request_upkeep=self._request_upkeep,
        )

    def _request_upkeep(self) -> None:
        self.upkeep_requests += 1

    def keys(self, prefix: str = "") -> list[str]:
        """Keys in the index bucket."""
        return [entry["Key"] for entry in self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", ())]

    def latest(self) -> dict[str, Any]:
        """The manifest that the pointer names."""
        pointer = json.loads(self.s3.get_object(Bucket=BUCKET, Key="latest.json")["Body"].read())
        manifest: dict[str, Any] = json.loads(
            self.s3.get_object(Bucket=BUCKET, Key=pointer["manifest"]["key"])["Body"].read()
        )
        return manifest


def changed(*track_ids: str) -> TracksChanged:
    """The news that these tracks have changed."""
    return TracksChanged(tuple(map(TrackId, track_ids)))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with account() as aws:
        aws.bucket(BUCKET)
        aws.table(TABLE, "track_id")
        yield World(aws.s3, aws.dynamodb, TracksTable(aws.dynamodb, TABLE), tmp_path)


@pytest.fixture(scope="session")
def music() -> Callable[[int], np.ndarray[Any, Any]]:
    """`music(n)`: n different (2, 624) rows near those of the 50 golden clips, float16."""

    def make(n: int, seed: int = 0) -> np.ndarray[Any, Any]:
        rng = np.random.default_rng(seed)
        means = rng.normal(size=(50, 624)) * np.repeat([0.45, 0.65, 5.0], [200, 212, 212])
        embedding = means[np.arange(n) % 50] + 0.2 * rng.normal(size=(n, 624))
        return np.stack([embedding, 0.1 * rng.normal(size=(n, 624))], axis=1).astype(np.float16)

    return make
