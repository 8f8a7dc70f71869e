"""A co-listening table: stored, served, replaced, damaged, collected."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot import clock
from earshot.colistening.garbage import GRACE, MANIFESTS_STAY, collect_garbage
from earshot.colistening.manifest import (
    POINTER_KEY,
    TABLES,
    Manifest,
    Pointer,
    Snapshot,
    TableEntry,
    Training,
    Verdict,
    manifest_key,
)
from earshot.colistening.publish import publish
from earshot.colistening.reader import ColisteningReader
from earshot.colistening.rows import FILES, PER_TRACK, WEIGHTS, TableRows
from earshot.colistening.store import ColisteningStore, Head
from earshot.colistening.table import ColisteningTable
from earshot.errors import DamagedIndex, IndexRace, InvalidInput
from earshot.index.cache import FileCache
from earshot.index.manifest import StoredObject
from tests.aws import account

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

Links = dict[int, dict[int, tuple[float, int]]]
"""Neighbours by row: weight, and who played both."""


def table(links: Links, n: int = 6, names: Callable[[int], str] = "track:{}".format) -> TableRows:
    neighbours = np.zeros((n, PER_TRACK), np.uint32)
    weights = np.zeros((n, PER_TRACK), np.float16)
    listeners = np.zeros((n, PER_TRACK), np.uint32)
    for row, found in links.items():
        for place, (other, (weight, both)) in enumerate(sorted(found.items(), key=lambda item: -item[1][0])):
            neighbours[row, place], weights[row, place], listeners[row, place] = other, weight, both
    heard = np.column_stack([np.arange(n) * 10, np.arange(n)]).astype(np.uint32)
    return TableRows(
        np.array([names(row).encode() for row in range(n)], np.bytes_), neighbours, weights, listeners, heard
    )


LINKS: Links = {
    0: {1: (0.5, 12), 2: (0.25, 3), 3: (0.125, 2)},
    1: {2: (0.5, 300), 0: (0.25, 12)},
    4: {3: (1.0, 7)},
}


def training(reason: str = "the best", *, enters: bool = True) -> Training:
    return Training(
        model="knn",
        parameters={"shrinkage": 3.0, "of": "all"},
        data=Snapshot("2026-11-01", "2026-11-20", 1000, 20, 6, "ab" * 32),
        figures={"ndcg10": 0.2, "ndcg10_se": 0.01},
        candidates={"knn": {"ndcg10": 0.2}, "als": {"ndcg10": 0.19}},
        baselines={"popularity": {"ndcg10": 0.05}},
        verdict=Verdict(enters, reason),
    )


class World:
    """A bucket, and what stands in it."""

    def __init__(self, s3: "S3Client", folder: Path) -> None:
        self.s3, self.folder = s3, folder
        self.store = ColisteningStore(s3, "index")

    def publish(self, links: Links = LINKS, *, seen: Head | None = None, enters: bool = True) -> Manifest:
        return publish(self.store, table(links), training(enters=enters), seen=seen, work_dir=self.folder)

    def reader(self) -> ColisteningReader:
        return ColisteningReader(self.s3, "index", self.folder / "cache", check_every_s=0.0)

    def all_keys(self) -> set[str]:
        return {entry.key for entry in self.store.list("")}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with account() as aws:
        aws.bucket("index")
        yield World(aws.s3, tmp_path)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> ColisteningTable:
    return on_disk(table(LINKS), tmp_path_factory.mktemp("table"))


def test_plays_are_folded_once_for_several_questions(opened: ColisteningTable) -> None:
    plays = [("track:0", 1.0), ("track:4", 0.5)]
    fold = opened.fold(plays)
    assert fold.best(9) == opened.fold_in(plays, 9)
    assert fold.strongest(2, ["track:1"]) == [(one.track_id, one.score) for one in fold.best(2, ["track:1"])]
    named = ["track:5", "track:3", "nowhere", "track:1"]
    assert fold.scores(named).tolist() == opened.scores(plays, named).tolist()
    assert {one.track_id: one for one in fold.candidates(named)} == {
        one.track_id: one for one in fold.best(9) if one.track_id in named
    }


def on_disk(rows: TableRows, folder: Path) -> ColisteningTable:
    """The table, opened from files that no bucket has seen."""
    entry = TableEntry("t", len(rows.ids), rows.write(folder))
    cache = FileCache(ColisteningStore(None, ""), folder / "cache")  # type: ignore[arg-type]
    cache.adopt(entry, folder)
    return ColisteningTable(Manifest(entry, training(), "2026-11-20T07:00:00.000000Z"), cache)


def test_neighbours_come_with_weights_and_with_listeners_from_three_on(opened: ColisteningTable) -> None:
    found = opened.neighbours("track:0")
    assert found.track_ids == ["track:1", "track:2", "track:3"]
    assert found.weights.tolist() == [0.5, 0.25, 0.125]
    assert found.listeners.tolist() == [12, 3, 0]
    assert opened.neighbours("track:1").listeners.tolist() == [255, 12]
    assert opened.neighbours("track:5").track_ids == opened.neighbours("unknown").track_ids == []


def test_what_was_played_is_folded_in_with_the_play_that_says_most(opened: ColisteningTable) -> None:
    found = opened.fold_in([("track:0", 1.0), ("track:1", 2.0), ("nobody knows it", 9.0)], 10)
    assert [(c.track_id, round(c.score, 4)) for c in found] == [
        ("track:2", 1.25), ("track:0", 0.5), ("track:1", 0.5), ("track:3", 0.125),
    ]  # fmt: skip
    assert [(c.because, c.listeners) for c in found[:2]] == [("track:1", 255), ("track:1", 12)]
    assert [c.track_id for c in opened.fold_in([("track:0", 1.0)], 1)] == ["track:1"]


def test_what_is_excluded_or_was_skipped_does_not_come_back(opened: ColisteningTable) -> None:
    plays = [("track:0", 1.0), ("track:1", 2.0)]
    found = opened.fold_in(plays, 10, exclude={"track:0", "track:1", "unknown"})
    assert [c.track_id for c in found] == ["track:2", "track:3"]
    with_skip = opened.fold_in([("track:0", 1.0), ("track:1", -1.0)], 10)
    assert [c.track_id for c in with_skip] == ["track:1", "track:3"]


def test_scores_of_given_tracks_are_those_of_the_candidates(opened: ColisteningTable) -> None:
    plays = [("track:0", 1.0), ("track:1", 2.0)]
    wanted = ["track:3", "track:5", "a track id longer than any in the table", "", "track:2"]
    assert opened.scores(plays, wanted).tolist() == [0.125, 0, 0, 0, 1.25]
    assert opened.scores([], wanted).tolist() == [0.0] * 5
    assert opened.fold_in([], 5) == []


def test_a_track_is_known_by_its_plays_and_listeners(opened: ColisteningTable) -> None:
    assert opened.heard(["track:3", "unknown", "track:0"]) == [(30, 3), (0, 0), (0, 0)]
    assert opened.popularities(np.array([b"track:5", b"track:55", b"track:1"])).tolist() == [5, 0, 1]
    assert opened.knows("track:3")
    assert not opened.knows("track:33")
    assert not opened.knows("")


def test_an_empty_table_answers_nothing(tmp_path: Path) -> None:
    nothing = on_disk(table({}, 0), tmp_path)
    assert nothing.fold_in([("a", 1.0)], 5) == []
    assert nothing.scores([("a", 1.0)], ["a"]).tolist() == [0.0]


@settings(max_examples=20)
@given(st.data())
def test_any_table_folds_in_as_a_sum_of_its_rows(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 8))
    link = st.tuples(st.sampled_from([0.125, 0.25, 0.5, 1.0]), st.integers(0, 300))
    links = data.draw(st.dictionaries(st.integers(0, n - 1), st.dictionaries(st.integers(0, n - 1), link)))
    opened = on_disk(table(links, n), tmp_path_factory.mktemp("any"))
    plays = data.draw(st.lists(st.tuples(st.integers(0, n - 1), st.sampled_from([-1.0, 0.5, 1.0, 2.0])), max_size=6))
    expected = np.zeros(n)
    for row, weight in plays:
        for other, (share, _) in links.get(row, {}).items():
            expected[other] += weight * share
    asked = [(f"track:{row}", weight) for row, weight in plays]
    everything = [f"track:{row}" for row in range(n)]
    assert opened.scores(asked, everything).tolist() == expected.tolist()
    found = {c.track_id: c for c in opened.fold_in(asked, n)}
    assert {name: c.score for name, c in found.items()} == {
        f"track:{row}": score for row, score in enumerate(expected.tolist()) if score > 0
    }
    for name, candidate in found.items():
        of = {seed: links.get(int(seed[6:]), {}).get(int(name[6:]), (0.0, 0))[0] * weight for seed, weight in asked}
        assert of[candidate.because] == pytest.approx(max(of.values())) or len(asked) > len(of)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ids": np.array([b"b", b"a"])}, "must ascend"),
        ({"neighbours": np.full((2, PER_TRACK), 2, np.uint32)}, "row 2 is named"),
        ({"weights": np.full((2, PER_TRACK), np.nan, np.float16)}, "finite"),
        ({"weights": np.tile(np.arange(PER_TRACK, dtype=np.float16), (2, 1))}, "descend"),
        ({"heard": np.zeros((3, 2), np.uint32)}, "cannot have arrays"),
    ],
)
def test_what_is_no_table_is_refused_before_it_is_written(change: dict[str, np.ndarray], said: str) -> None:
    good = table({}, 2)
    parts = {name: getattr(good, name) for name in ("ids", "neighbours", "weights", "listeners", "heard")}
    with pytest.raises(InvalidInput, match=said):
        TableRows(**{**parts, **change})


def test_manifest_and_pointer_survive_storage() -> None:
    there = Manifest(TableEntry("t", 6, {WEIGHTS: StoredObject(7, "ab" * 32)}), training(), "2026-11-20T07:00:00Z", "v")
    named = there.named()
    assert Manifest.from_bytes(named.to_bytes()) == named
    pointer = Pointer("v", "knn", StoredObject(7, "ab" * 32))
    assert Pointer.from_bytes(pointer.to_bytes()) == pointer


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.update(format=99),
        lambda data: data["training"]["figures"].update(ndcg10=0.9),
        lambda data: data.pop("table"),
        lambda data: data["training"].update(of_some_later_day=1),
    ],
)
def test_a_manifest_that_was_altered_is_refused(spoil: Callable[[dict[str, object]], None]) -> None:
    data = json.loads(Manifest(TableEntry("t", 0, {}), training(), "2026-11-20T07:00:00Z").named().to_bytes())
    spoil(data)
    with pytest.raises(DamagedIndex):
        Manifest.from_bytes(json.dumps(data).encode())
    with pytest.raises(DamagedIndex):
        Pointer.from_bytes(b"[]")


def test_a_reader_serves_nothing_then_each_version_that_is_published(world: World) -> None:
    reader = world.reader()
    assert reader.current() is None
    first = world.publish()
    serving = reader.current()
    assert serving is not None
    assert (serving.version, serving.manifest.training) == (first.version, training())
    assert serving.fold_in([("track:4", 1.0)], 1)[0].track_id == "track:3"
    second = world.publish({4: {5: (1.0, 9)}}, seen=world.store.head())
    newer = reader.current()
    assert newer is not None
    assert (newer.version, newer.manifest.previous) == (second.version, first.version)
    assert newer.fold_in([("track:4", 1.0)], 1)[0].track_id == "track:5"
    assert reader.current() is newer
    assert [path.name for path in (world.folder / "cache" / "tables").iterdir()] == [second.table.id]


def test_a_version_whose_verdict_keeps_it_out_is_there_and_does_not_serve(world: World) -> None:
    first = world.publish()
    refused = world.publish(seen=world.store.head(), enters=False)
    serving = world.reader().current()
    assert serving is not None
    assert serving.version == first.version
    assert world.store.old_manifest(refused.version) == refused


def test_of_two_who_publish_at_once_one_has_to_judge_again(world: World) -> None:
    world.publish()
    seen = world.store.head()
    winner = world.publish(seen=seen)
    with pytest.raises(IndexRace):
        world.publish(seen=seen)
    with pytest.raises(IndexRace):
        world.publish(seen=None)
    head = world.store.head()
    assert head is not None
    assert head.pointer.version == winner.version


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_table_is_not_taken_and_the_one_before_it_serves(world: World, name: str) -> None:
    first = world.publish()
    reader = world.reader()
    assert reader.current() is not None
    second = world.publish({4: {5: (1.0, 9)}}, seen=world.store.head())
    key = second.table.key(name)
    body = bytearray(world.s3.get_object(Bucket="index", Key=key)["Body"].read())
    body[-1] ^= 1
    world.s3.put_object(Bucket="index", Key=key, Body=bytes(body))
    kept = reader.current()
    assert kept is not None
    assert kept.version == first.version
    with pytest.raises(DamagedIndex):
        ColisteningReader(world.s3, "index", world.folder / "other").current()


def test_a_table_that_passes_its_hash_but_has_other_rows_is_not_taken(world: World) -> None:
    manifest = world.publish()
    entry = TableEntry(manifest.table.id, 7, manifest.table.objects)
    pointer = world.store.put_manifest(Manifest(entry, training(), manifest.built_at).named())
    world.store.move(pointer, seen=world.store.head())
    with pytest.raises(DamagedIndex, match="not 7 rows"):
        world.reader().current()


def test_a_file_that_is_written_to_while_it_serves_is_fetched_again(world: World) -> None:
    manifest = world.publish()
    reader = world.reader()
    assert reader.current() is not None
    path = world.folder / "cache" / "tables" / manifest.table.id / WEIGHTS
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    again = reader.current()
    assert again is not None
    assert again.neighbours("track:4").weights.tolist() == [1.0]


def test_a_manifest_that_is_not_what_the_pointer_says_is_refused(world: World) -> None:
    first, second = world.publish(), world.publish(seen=world.store.head())
    body = world.s3.get_object(Bucket="index", Key=manifest_key(first.version))["Body"].read()
    world.s3.put_object(Bucket="index", Key=manifest_key(second.version), Body=body)
    with pytest.raises(DamagedIndex, match=r"instead of"):
        world.reader().current()
    with pytest.raises(DamagedIndex, match="is that of"):
        world.store.old_manifest(second.version)


def test_garbage_leaves_the_version_that_serves_and_the_one_before(world: World) -> None:
    oldest, before = world.publish(), world.publish(seen=world.store.head())
    serving = world.publish(seen=world.store.head())
    refused = world.publish(seen=world.store.head(), enters=False)
    everything = world.all_keys()
    assert collect_garbage(world.store) == 0
    later = clock.now() + GRACE + timedelta(minutes=1)
    assert collect_garbage(world.store, now=later) == 2 * len(FILES)
    gone = oldest.object_keys() | refused.object_keys()
    assert world.all_keys() == everything - gone
    assert collect_garbage(world.store, now=clock.now() + MANIFESTS_STAY + timedelta(days=1)) == 2
    live = {manifest_key(version.version) for version in (before, serving)}
    assert world.all_keys() == live | before.object_keys() | serving.object_keys() | {POINTER_KEY}


def test_garbage_is_left_where_the_serving_manifest_cannot_be_read(world: World) -> None:
    manifest = world.publish()
    world.s3.put_object(Bucket="index", Key=manifest_key(manifest.version), Body=b"{}")
    with pytest.raises(DamagedIndex):
        collect_garbage(world.store, now=clock.now() + timedelta(days=100))
    assert len([key for key in world.all_keys() if key.startswith(TABLES)]) == len(FILES)


def test_garbage_before_anything_serves_is_what_was_left_half_done(world: World) -> None:
    world.s3.put_object(Bucket="index", Key=f"{TABLES}half/ids.npy", Body=b"")
    assert collect_garbage(world.store) == 0
    assert collect_garbage(world.store, now=clock.now() + timedelta(hours=2)) == 1
