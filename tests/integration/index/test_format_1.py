"""The frozen index of format 1: it answers as it did when it was written, and builders carry it on."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from annoy_service.builder import Builder, make_builder
from annoy_service.compact import compact
from annoy_service.fold import fold
from annoy_service.garbage import collect_garbage
from annoy_service.policy import Policy
from annoy_service.repair import check_index, index_missing, restore_table_from_index
from annoy_service.services import Services, make_services
from earshot.embedding import Vector
from earshot.errors import DamagedIndex
from earshot.ids import TrackId
from earshot.index.formats import manifest_from_bytes
from earshot.index.reader import IndexReader
from earshot.index.row_sources import fresh_row
from earshot.networks import MUSICNN
from earshot.recipes import first_recipe
from earshot.stores.tracks_table import TracksTable
from earshot.track import Track, TrackInfo
from tests.aws import account
from tests.golden.index_format_1.manifest import Manifest as OfThen

_SAME = ("model", "dim", "search_k", "recall")
GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "index_format_1"
BUCKET = "format-1"


@dataclass
class Frozen:
    """A bucket that holds the index, what its reader answered, and an empty table."""

    s3: Any
    expected: dict[str, Any]
    table: TracksTable
    folder: Path

    @cached_property
    def services(self) -> Services:
        """A builder that keeps the recipe of which format 1 knew nothing."""
        return make_services(
            table=self.table,
            make_builder=partial(make_builder, self.s3, BUCKET, work_dir=self.folder / "work"),
            recipes=[first_recipe(MUSICNN)],
            announce=lambda _: None,
            park=lambda _: None,
            request_upkeep=lambda: None,
        )

    @property
    def builder(self) -> Builder:
        """The only one."""
        return self.services.leading

    def reader(self, name: str = "reader") -> IndexReader:
        """One that checks at every call."""
        return IndexReader(self.s3, BUCKET, self.folder / name, check_every_s=0)

    def latest(self) -> bytes:
        """The manifest that the pointer names, as stored."""
        head = self.builder.store.head()
        assert head is not None
        return self.builder.store.read(head.pointer.manifest_key, head.pointer.manifest)

    def fold_one(self) -> str:
        """Publish a version with a new track; returns its id."""
        raw = np.random.default_rng(1).normal(size=(2, MUSICNN.dimensions)).astype("<f2")
        track = Track(
            TrackInfo(TrackId("file:00000000000000ff"), "file", title="New"),
            model=MUSICNN.name, embedding=raw[0].tobytes(), drift=raw[1].tobytes(),
        )  # fmt: skip
        fold(self.builder, lambda: {track.track_id: fresh_row(track, MUSICNN)})
        return track.track_id


@pytest.fixture(params=["annoy", "exact"])
def frozen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Frozen]:
    folder = GOLDEN / request.param
    with account() as aws:
        s3 = aws.s3
        aws.bucket(BUCKET)
        for path in sorted(folder.joinpath("bucket").rglob("*.*")):
            s3.put_object(Bucket=BUCKET, Key=path.relative_to(folder / "bucket").as_posix(), Body=path.read_bytes())
        yield Frozen(s3, json.loads((folder / "expected.json").read_text()), aws.tracks_table(), tmp_path)


def answers(frozen: Frozen, reader: IndexReader) -> dict[str, list[tuple[str, float]]]:
    """What the queries of that time find now."""
    searcher = reader.current()
    return {
        query["track_id"]: [
            (hit.track.track_id, hit.similarity)
            for hit in searcher.search(vector_of(query, reader), frozen.expected["k"])
        ]
        for query in frozen.expected["queries"]
    }


def vector_of(query: dict[str, Any], reader: IndexReader) -> Vector:
    """The track's own vector, or that of its embedding where the index does not hold it."""
    searcher = reader.current()
    vector = searcher.vector(query["track_id"])
    if vector is None:
        embedding = np.frombuffer(base64.b64decode(query["embedding"]), "<f2")
        vector = reader.transform(searcher)(embedding[None])[0]
    return vector


def assert_as_then(frozen: Frozen, found: dict[str, list[tuple[str, float]]]) -> None:
    assert len(found) == len(frozen.expected["queries"]) >= 10
    for query in frozen.expected["queries"]:
        hits, expected = found[query["track_id"]], query["neighbours"]
        assert [track_id for track_id, _ in hits] == [track_id for track_id, _ in expected]
        assert [cosine for _, cosine in hits] == pytest.approx([cosine for _, cosine in expected], abs=1e-5)


def test_it_answers_the_neighbours_that_it_answered_then(frozen: Frozen) -> None:
    reader = frozen.reader()
    searcher, expected = reader.current(), frozen.expected
    for name, of_then in (("version", "version"), ("size", "tracks"), *((same, same) for same in _SAME)):
        assert getattr(searcher, name) == expected[of_then]
    assert searcher.recipe == "musicnn-msd@1-128d", "the first one of its network"
    assert_as_then(frozen, answers(frozen, reader))


def test_a_fold_onto_it_gives_a_version_of_format_2_that_holds_the_same(frozen: Frozen) -> None:
    before = json.loads(frozen.latest())
    track_id = frozen.fold_one()
    manifest = json.loads(frozen.latest())
    assert (before["format"], manifest["format"]) == (1, 2)
    assert manifest["previous"] == before["version"]
    searcher = frozen.reader().current()
    assert searcher.contains(track_id)
    assert searcher.size == frozen.expected["tracks"] + 1


def test_a_delta_on_its_base_leaves_the_answers_as_they_were(frozen: Frozen) -> None:
    reader = frozen.reader()
    builder = replace(frozen.builder, policy=Policy(small_catalogue=0))
    fold(builder, lambda: {frozen.expected["queries"][0]["neighbours"][-1][0]: None})
    manifest = manifest_from_bytes(frozen.latest())
    assert manifest.bases[0].engine.name == ("annoy" if frozen.expected["search_k"] else "exact")
    gone = frozen.expected["queries"][0]["neighbours"][-1][0]
    for query in frozen.expected["queries"]:
        left = [pair for pair in query["neighbours"] if pair[0] != gone]
        hits = reader.current().search(vector_of(query, reader), len(left))
        assert [hit.track.track_id for hit in hits] == [track_id for track_id, _ in left]


def test_a_reader_of_format_1_refuses_format_2_with_a_clear_error(frozen: Frozen) -> None:
    assert OfThen.from_bytes(frozen.latest()).version == frozen.expected["version"]
    frozen.fold_one()
    with pytest.raises(DamagedIndex, match=r"manifest format 2 .*expected 1"):
        OfThen.from_bytes(frozen.latest())


def test_its_canaries_are_repeated(frozen: Frozen) -> None:
    """Those of the base that Annoy searches; those of the exact one were never anybody's."""
    (base,) = manifest_from_bytes(frozen.latest()).bases
    assert len(base.engine.canaries) == (8 if frozen.expected["search_k"] else 0)


@pytest.mark.parametrize("frozen", ["exact"], indirect=True)
def test_a_lost_table_is_restored_from_it_and_equals_it_then(frozen: Frozen) -> None:
    restored = restore_table_from_index(frozen.services)
    assert restored.restored == frozen.expected["tracks"]
    version = frozen.latest()
    agreement = index_missing(frozen.services)
    assert (agreement.added, agreement.removed, frozen.latest()) == (0, 0, version)


def test_compaction_and_garbage_collection_carry_it_on(frozen: Frozen) -> None:
    check_index(frozen.services)
    compact(frozen.builder, on_demand=True)
    collect_garbage(frozen.builder.store, now=datetime.now(UTC) + timedelta(days=2))
    (base,) = manifest_from_bytes(frozen.latest()).bases
    listed = {entry.key for entry in frozen.builder.store.list("segments/")}
    assert listed == {base.key(name) for name in base.objects}
    assert "annoy.ann" not in base.objects
    assert frozen.reader().current().size == frozen.expected["tracks"]
