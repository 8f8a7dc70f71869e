"""The copy in S3 Vectors answers as the version itself does, whatever happens to its writer."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import numpy as np
import pytest
from botocore.config import Config
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annoy_service import vector_copy, vector_gate
from annoy_service.compact import compact
from annoy_service.garbage import COPY_GRACE, GRACE, collect_garbage
from annoy_service.vector_copy import Copied, Place, copy_version
from earshot import clock
from earshot.errors import IndexRace, IndexRefused, IndexUnavailable, InvalidInput, NoIndexYet, RecallTooLow
from earshot.index.cache import SegmentCache
from earshot.index.s3_vectors.reader import VectorsReader
from earshot.index.s3_vectors.record import RECORD_KEY, Record
from earshot.index.searcher import Searcher
from earshot.index.store import IndexStore
from ops.__main__ import main
from tests.integration.index.conftest import BUCKET, TABLE, World
from tests.stubs import s3_vectors
from tests.stubs.s3_vectors import Index, S3VectorsStub
from tests.stubs.web import serve

VECTORS = "earshot-test-vectors"
Music = Callable[..., np.ndarray[Any, Any]]


class Killed(BaseException):
    """The end of a process: nothing that it would do afterwards is done."""


class Copies:
    """A stub of S3 Vectors, and whoever writes to it and reads from it."""

    def __init__(self, world: World, stub: S3VectorsStub, client: Any) -> None:
        self.world = world
        self.stub = stub
        self.client = client
        self.dead = False
        self._processes = 0
        client.meta.events.register("before-call.s3vectors", self._unless_dead)
        world.s3.meta.events.register("before-call.s3", self._unless_dead)

    def _unless_dead(self, **_: Any) -> None:
        if self.dead:
            raise Killed

    def copy(self) -> Copied:
        """By a process of its own."""
        self._processes += 1
        store = IndexStore(self.world.s3, BUCKET)
        cache = SegmentCache(store, self.world.folder / f"copy-{self._processes}")
        return copy_version(Place(store, cache, self.client, VECTORS))

    def killed_at(self, call: int) -> None:
        """A process that dies when it makes its `call`-th request, to either service."""
        left = call

        def die(**_: Any) -> None:
            nonlocal left
            left -= 1
            self.dead = self.dead or left <= 0
            self._unless_dead()

        for client, service in ((self.client, "s3vectors"), (self.world.s3, "s3")):
            client.meta.events.register_first(f"before-call.{service}", die)
        try:
            self.copy()
        finally:
            for client, service in ((self.client, "s3vectors"), (self.world.s3, "s3")):
                client.meta.events.unregister(f"before-call.{service}", die)
            self.dead = False

    def reader(self) -> VectorsReader:
        return VectorsReader(self.world.s3, BUCKET, self.client, VECTORS, check_every_s=0)

    @property
    def record(self) -> Record:
        return Record.from_bytes(self.world.s3.get_object(Bucket=BUCKET, Key=RECORD_KEY)["Body"].read())

    def held(self) -> Index:
        """What the index that serves holds."""
        assert self.record.serving
        return self.stub.buckets[VECTORS][self.record.serving.index]

    def assert_like(self, searcher: Searcher) -> None:
        """It holds what the version holds, and nothing else."""
        held = self.held().vectors
        rows = {
            segment.track_id(row): (segment.vector(row), segment.line(row).decode())
            for segment, dead in searcher.segments
            for row in range(segment.rows)
            if dead is None or not dead[row]
        }
        assert set(held) == set(rows)
        for track_id, (vector, line) in rows.items():
            assert np.array_equal(held[track_id][0], vector)
            assert held[track_id][1]["text"] == line


@pytest.fixture
def copies(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Copies]:
    monkeypatch.setattr(vector_copy, "_WAVE", 2)
    with serve(stub := S3VectorsStub(buckets={VECTORS: {}})) as server:
        client = boto3.client("s3vectors", endpoint_url=server.url, config=Config(retries={"total_max_attempts": 1}))
        yield Copies(world, stub, client)
        client.close()


def fill(world: World, music: Music, n: int, *, seed: int = 0) -> None:
    for number, raw in enumerate(music(n, seed)):
        world.put(f"file:{number:016x}", raw)
    world.wake(*(f"file:{number:016x}" for number in range(n)))


def later(monkeypatch: pytest.MonkeyPatch, by: Any) -> None:
    then = clock.now() + by
    monkeypatch.setattr(clock, "now", lambda: then)


def test_there_is_nothing_to_copy_before_something_is_indexed(copies: Copies) -> None:
    with pytest.raises(NoIndexYet):
        copies.copy()
    with pytest.raises(NoIndexYet, match="has been copied"):
        copies.reader().current()


def test_a_copy_holds_what_the_version_holds_and_answers_as_it_does(copies: Copies, world: World, music: Music) -> None:
    fill(world, music, 30)
    done = copies.copy()
    assert (done.put, done.deleted, done.tracks, done.recall) == (30, 0, 30, 1.0)
    files, vectors = world.reader().current(), copies.reader().current()
    copies.assert_like(files)
    assert (vectors.version, vectors.model, vectors.recipe, vectors.size) == (
        files.version, files.model, files.recipe, files.size,
    )  # fmt: skip
    assert copies.reader().transform(vectors).to_bytes() == world.reader().transform(files).to_bytes()


def test_what_has_changed_is_put_and_what_is_gone_is_deleted_and_nothing_else_is_touched(
    copies: Copies, world: World, music: Music
) -> None:
    fill(world, music, 9)
    copies.copy()
    index = copies.record.serving
    world.put("file:00000000000000aa", music(10)[9])
    world.put("file:0000000000000003", music(4)[3], title="Another title")
    world.dynamodb.delete_item(TableName=TABLE, Key={"track_id": {"S": "file:0000000000000005"}})
    world.wake("file:00000000000000aa", "file:0000000000000003", "file:0000000000000005")
    done = copies.copy()
    assert (done.put, done.deleted) == (2, 1)
    assert copies.record.serving
    assert index
    assert copies.record.serving.index == index.index
    copies.assert_like(world.reader().current())
    assert copies.copy() == Copied(done.version, 9, 1.0)


def test_vectors_of_another_transform_get_an_index_of_their_own_and_readers_move_once_it_is_whole(
    copies: Copies, world: World, music: Music, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(world, music, 12)
    copies.copy()
    reader = copies.reader()
    before = reader.current()
    compact(world.services.leading, on_demand=True)
    with pytest.raises(Killed):
        copies.killed_at(20)
    assert copies.record.writing
    assert copies.record.serving
    assert reader.current() is before
    own = before.vector("file:0000000000000001")
    assert own is not None
    assert before.search(own, 1)[0].track.track_id == "file:0000000000000001"
    later(monkeypatch, vector_copy._CLAIM_ENDS * 2)
    copies.copy()
    assert reader.current().version == world.reader().current().version
    copies.assert_like(world.reader().current())
    assert len(copies.stub.buckets[VECTORS]) == 2
    later(monkeypatch, vector_copy._READERS_LEAVE * 2)
    copies.copy()
    assert len(copies.stub.buckets[VECTORS]) == 1


@pytest.mark.parametrize("call", range(2, 30, 3))
def test_a_writer_that_dies_at_any_request_leaves_what_the_next_one_finishes(
    copies: Copies, world: World, music: Music, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    """With a version in between that the first one never saw: what it has put of tracks that are gone goes, too."""
    fill(world, music, 5)
    copies.copy()
    for number in (5, 6, 7):
        world.put(f"file:{number:016x}", music(8)[number])
    world.dynamodb.delete_item(TableName=TABLE, Key={"track_id": {"S": "file:0000000000000001"}})
    world.wake(*(f"file:{number:016x}" for number in (1, 5, 6, 7)))
    try:
        copies.killed_at(call)
    except Killed:
        later(monkeypatch, vector_copy._CLAIM_ENDS * 2)
    world.dynamodb.delete_item(TableName=TABLE, Key={"track_id": {"S": "file:0000000000000006"}})
    world.wake("file:0000000000000006")
    copies.copy()
    copies.assert_like(world.reader().current())
    assert copies.record.writing is None
    assert copies.record.claim is None


def test_two_writers_do_not_get_in_each_others_way(copies: Copies, world: World, music: Music) -> None:
    fill(world, music, 12)
    with pytest.raises(Killed):
        copies.killed_at(15)
    with pytest.raises(IndexRace, match="somebody has been writing"):
        copies.copy()


def test_what_the_service_turns_away_is_taken_up_where_it_was_left(
    copies: Copies, world: World, music: Music, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(world, music, 12)
    puts = 0

    def busy_after_three(stub: S3VectorsStub, asked: dict[str, Any]) -> dict[str, Any]:
        nonlocal puts
        puts += 1
        stub.failing = ["TooManyRequestsException"] if puts == 3 else []
        return S3VectorsStub.put_vectors(stub, asked)

    monkeypatch.setitem(s3_vectors.OPERATIONS, "PutVectors", busy_after_three)
    with pytest.raises(IndexUnavailable, match="TooManyRequests"):
        copies.copy()
    assert copies.record.writing
    assert copies.record.writing.done == 6
    assert copies.copy().put == 6
    copies.assert_like(world.reader().current())


def test_a_copy_that_finds_too_little_or_measures_otherwise_does_not_serve(
    copies: Copies, world: World, music: Music, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(world, music, 30)
    copies.stub.distance_of = lambda cosine: (1 - cosine) / 2
    with pytest.raises(IndexRefused, match="has the cosine"):
        copies.copy()
    whole = S3VectorsStub._nearest
    monkeypatch.setattr(S3VectorsStub, "_nearest", lambda stub, index, asked: whole(stub, index, asked)[:3])
    copies.stub.distance_of = lambda cosine: 1 - cosine
    with pytest.raises(RecallTooLow, match=r"0\.300 of the true"):
        copies.copy()
    assert copies.record.serving is None
    monkeypatch.undo()
    assert copies.copy().recall == 1.0


def test_a_lost_record_is_made_anew_from_nothing(copies: Copies, world: World, music: Music) -> None:
    fill(world, music, 6)
    copies.copy()
    copies.held().vectors["file:of nobody"] = (np.ones(128, np.float32), {"text": "{}"})
    world.s3.delete_object(Bucket=BUCKET, Key=RECORD_KEY)
    assert copies.copy().put == 6
    copies.assert_like(world.reader().current())


def test_the_garbage_collector_keeps_what_a_copy_is_told_from_for_a_week(
    copies: Copies, world: World, music: Music
) -> None:
    fill(world, music, 9)
    copies.copy()
    first = world.reader().current().version
    world.put("file:00000000000000aa", music(10)[9])
    world.wake("file:00000000000000aa")
    world.put("file:00000000000000ab", music(11)[10])
    world.wake("file:00000000000000ab")
    store = IndexStore(world.s3, BUCKET)
    collect_garbage(store, now=clock.now() + 2 * GRACE)
    assert world.keys(f"manifests/{first}")
    assert copies.copy().put == 2
    copies.assert_like(world.reader().current())
    collect_garbage(store, now=clock.now() + 2 * COPY_GRACE)
    assert not world.keys(f"manifests/{first}")


def test_a_track_with_more_to_show_than_the_service_takes_is_left_out_and_noted(
    copies: Copies, world: World, music: Music, caplog: pytest.LogCaptureFixture
) -> None:
    world.put("file:00000000000000aa", music(31)[30], title="x" * 41_000)
    fill(world, music, 30)
    world.wake("file:00000000000000aa")
    done = copies.copy()
    assert (done.put, done.left_out) == (30, 1)
    assert "file:00000000000000aa" not in copies.held().vectors
    assert [record for record in caplog.records if "left out" in record.getMessage()]


def test_the_command_copies_what_a_stage_serves(
    copies: Copies, world: World, music: Music, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(world, music, 12)
    boto3.client("ssm").put_parameter(Name="/earshot/dev/index-bucket", Value=BUCKET, Type="String")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3VECTORS", copies.client.meta.endpoint_url)
    monkeypatch.setenv("EARSHOT_VECTOR_BUCKET", VECTORS)
    monkeypatch.setenv("EARSHOT_LOCAL_DIR", str(world.folder / "local"))
    assert main(["--stage", "dev", "vectors"]) == 0
    assert "(12 tracks, recall 1.000): 12 put, 0 deleted" in capsys.readouterr().out
    copies.assert_like(world.reader().current())
    assert main(["--stage", "dev", "vectors"]) == 0
    assert "0 put, 0 deleted" in capsys.readouterr().out


CATALOGUES = st.tuples(
    st.integers(1, 20), st.integers(0, 2**16), st.sets(st.integers(0, 19), max_size=19), st.integers(0, 5)
)


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(catalogue=CATALOGUES)
def test_a_copy_of_any_catalogue_answers_like_exact_search_deletions_included(
    copies: Copies,
    world: World,
    music: Music,
    monkeypatch: pytest.MonkeyPatch,
    catalogue: tuple[int, int, set[int], int],
) -> None:
    n, seed, gone, came = catalogue
    monkeypatch.setattr(vector_copy, "_WAVE", 12)
    monkeypatch.setattr(vector_gate, "QUERIES", 2)
    before = [item["track_id"]["S"] for item in world.dynamodb.scan(TableName=TABLE)["Items"]]
    for track_id in before:
        world.dynamodb.delete_item(TableName=TABLE, Key={"track_id": {"S": track_id}})
    rows = music(n + came, seed)
    for number in range(n):
        world.put(f"file:{number:016x}", rows[number])
    world.wake(*before, *(f"file:{number:016x}" for number in range(n)))
    copies.copy()
    for number in gone & set(range(n)):
        world.dynamodb.delete_item(TableName=TABLE, Key={"track_id": {"S": f"file:{number:016x}"}})
    for number in range(n, n + came):
        world.put(f"file:{number:016x}", rows[number])
    world.wake(*(f"file:{number:016x}" for number in range(n + came)))
    copies.copy()
    files, vectors = world.reader().current(), copies.reader().current()
    assert vectors.version == files.version
    names = [f"file:{number:016x}" for number in range(n + came)]
    own, there = files.vectors(names)
    copied, known = vectors.vectors(names)
    assert np.array_equal(there, known)
    assert np.array_equal(own[there], copied[there])
    assert [vectors.row(name) for name in names] == [files.row(name) for name in names]
    for query in own[there][:5]:
        exact = files.search(query, 100, exclude={names[0]})
        found = vectors.search(query, 100, exclude={names[0]})
        assert [one.similarity for one in found] == pytest.approx([one.similarity for one in exact], abs=1e-5)
        assert {one.track.track_id for one in found} == {one.track.track_id for one in exact}


def test_a_query_asks_for_no_more_than_there_can_be_and_has_a_direction(
    copies: Copies, world: World, music: Music
) -> None:
    fill(world, music, 4)
    copies.copy()
    searcher = copies.reader().current()
    vector = searcher.vector("file:0000000000000000")
    assert vector is not None
    for k in (0, 10_001):
        with pytest.raises(InvalidInput, match="at most 10,000"):
            searcher.search(vector, k)
    with pytest.raises(InvalidInput, match="query vector"):
        searcher.search(np.zeros_like(vector), 3)
    assert searcher.row("file:unknown") is None
    assert not searcher.contains("")


def test_an_answer_asks_the_service_once_for_what_it_looks_at_again_and_again(
    copies: Copies, world: World, music: Music
) -> None:
    fill(world, music, 9)
    copies.copy()
    searcher = copies.reader().current()
    names = [f"file:{number:016x}" for number in range(9)]
    asked: list[str] = []
    copies.client.meta.events.register("before-call.s3vectors", lambda model, **_: asked.append(model.name))
    searcher.vectors(names)
    for name in names:
        assert searcher.vector(name) is not None
        assert searcher.row(name) is not None
    assert asked == ["GetVectors"]
