"""From stream records to answers: the real builder and reader against S3 and DynamoDB semantics."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest

from annoy_service.index import index_batch
from earshot.errors import NoIndexYet
from earshot.ids import TrackId
from earshot.networks import MUSICNN
from earshot.recipes import default_recipe
from earshot.track import Tag, TrackInfo

from .conftest import TABLE, World, changed

Music = Callable[..., np.ndarray[Any, Any]]


def ids(n: int) -> list[str]:
    return [f"file:{i:016x}" for i in range(n)]


def test_a_reader_without_any_version_says_so(world: World) -> None:
    with pytest.raises(NoIndexYet):
        world.reader().current()


@pytest.mark.parametrize("n", [1, 2, 3, 60])
def test_every_track_of_a_batch_can_be_found_and_is_its_own_nearest(world: World, music: Music, n: int) -> None:
    for track_id, raw in zip(ids(n), music(n), strict=True):
        world.put(track_id, raw)
    world.wake(*ids(n))
    searcher = world.reader().current()
    assert searcher.size == n
    for track_id in ids(n):
        vector = searcher.vector(track_id)
        assert vector is not None
        best = searcher.search(vector, 1)[0]
        assert best.track.track_id == track_id
        assert best.similarity == pytest.approx(1, abs=1e-6)
    assert len(world.announced) == 1
    assert world.announced[0].tracks == n
    assert world.announced[0].version == searcher.version


def test_a_duplicate_event_changes_nothing(world: World, music: Music) -> None:
    world.put(*next(zip(ids(1), music(1), strict=True)))
    world.wake(*ids(1))
    before = world.keys()
    world.wake(*ids(1), *ids(1))
    assert world.keys() == before
    assert len(world.announced) == 1


def test_a_newer_embedding_replaces_the_older_one(world: World, music: Music) -> None:
    first, second = music(2)
    world.put(ids(1)[0], first)
    world.wake(*ids(1))
    before = world.reader().current().vector(ids(1)[0])
    world.put(ids(1)[0], second)
    world.wake(*ids(1))
    searcher = world.reader().current()
    assert searcher.size == 1
    after = searcher.vector(ids(1)[0])
    assert before is not None
    assert after is not None
    assert not np.allclose(before, after)


def test_a_deleted_track_is_not_found_any_more(world: World, music: Music) -> None:
    for track_id, raw in zip(ids(8), music(8), strict=True):
        world.put(track_id, raw)
        world.wake(track_id)
    searcher = world.reader().current()
    query = searcher.vector(ids(8)[3])
    assert query is not None
    world.table.delete(TrackId(ids(8)[3]))
    world.wake(ids(8)[3])
    searcher = world.reader().current()
    assert not searcher.contains(ids(8)[3])
    assert ids(8)[3] not in {hit.track.track_id for hit in searcher.search(query, 8)}
    assert len(searcher.search(query, 8)) == searcher.size == 7
    assert world.announced[-1].removed == 1


def test_an_index_whose_last_track_is_deleted_answers_with_nothing(world: World, music: Music) -> None:
    world.put(ids(1)[0], music(1)[0])
    world.wake(*ids(1))
    world.table.delete(TrackId(ids(1)[0]))
    world.wake(*ids(1))
    searcher = world.reader().current()
    assert searcher.size == 0
    assert searcher.search(np.ones(searcher.dim, np.float32), 3) == []


def test_a_new_title_is_shown_though_the_embedding_is_the_same(world: World, music: Music) -> None:
    world.put(ids(1)[0], music(1)[0], title="Old")
    world.wake(*ids(1))
    world.table.register(TrackInfo(TrackId(ids(1)[0]), "file", title="New"))
    world.wake(*ids(1))
    row = world.reader().current().row(ids(1)[0])
    assert row is not None
    assert row.title == "New"
    assert row.tags == (Tag("guitar", 0.5),)


def test_a_stale_record_that_arrives_late_does_not_bring_back_a_deleted_track(world: World, music: Music) -> None:
    world.put(ids(2)[0], music(2)[0])
    world.put(ids(2)[1], music(2)[1])
    world.wake(*ids(2))
    world.table.delete(TrackId(ids(2)[0]))
    world.wake(ids(2)[0])
    world.wake(ids(2)[0])  # the record of its insertion, delivered again
    assert not world.reader().current().contains(ids(2)[0])


def test_a_poisoned_track_is_parked_under_its_id_and_the_rest_is_indexed(world: World, music: Music) -> None:
    world.put(ids(3)[0], music(3)[0])
    world.put(ids(3)[1], music(3)[1][:, :100])  # the embedding of some other model, under this model's name
    world.put(ids(3)[2], music(3)[2])
    world.wake(*ids(3))
    assert [parked.track_id for parked in world.parked] == [ids(3)[1]]
    assert "100" in world.parked[0].reason
    searcher = world.reader().current()
    assert [searcher.contains(i) for i in ids(3)] == [True, False, True]


def test_an_item_with_attributes_of_foreign_types_poisons_only_itself(world: World, music: Music) -> None:
    world.put(ids(2)[0], music(2)[0])
    world.dynamodb.put_item(
        TableName=TABLE,
        Item={"track_id": {"S": ids(2)[1]}, "embedding": {"S": "not bytes"}, "drift": {"N": "1"}, "tags": {"N": "7"}},
    )
    used: set[str] = set()
    world.dynamodb.meta.events.register("before-call.dynamodb", lambda model, **_: used.add(model.name))
    world.wake(*ids(2))
    assert [parked.track_id for parked in world.parked] == [ids(2)[1]]
    assert world.reader().current().contains(ids(2)[0])
    assert used == {"BatchGetItem"}, "what the function's role allows"


def test_two_builders_that_race_both_get_their_tracks_in(world: World, music: Music) -> None:
    """The second publishes between the first one's reading of the pointer and its moving of it."""
    for track_id, raw in zip(ids(2), music(2), strict=True):
        world.put(track_id, raw)
    second = world.another_process("second")
    raced: list[bool] = []

    def race(params: dict[str, Any], **_: Any) -> None:
        if params["Key"] == "latest.json" and not raced:
            raced.append(True)
            index_batch([changed(ids(2)[1])], second)

    world.s3.meta.events.register("provide-client-params.s3.PutObject", race)
    index_batch([changed(ids(2)[0])], world.services)
    assert raced
    assert world.reader().current().size == 2
    assert [message.tracks for message in world.announced] == [1, 2]


def test_what_a_killed_process_had_half_written_does_not_fill_the_disk(world: World, music: Music) -> None:
    """Lambda keeps /tmp when it kills a function that took too long."""
    world.put(ids(1)[0], music(1)[0])
    world.wake(*ids(1))
    world.reader().current()
    segment = next((world.folder / "reader" / "segments").iterdir())
    base = world.folder / "killed" / quote(default_recipe(MUSICNN).name, safe="") / "0" / "tmpabc123" / "raw.npy"
    for left in (base, segment / ".annoy.ann.xyz"):
        left.parent.mkdir(parents=True, exist_ok=True)
        left.write_bytes(b"half of it")
    folder = world.another_process("killed").leading.work_dir
    assert folder == base.parent.parent
    assert not base.parent.exists()
    assert world.reader().current().size == 1
    assert list(segment.glob(".*")) == []
    base.parent.mkdir()
    assert world.another_process("killed").leading.work_dir != folder
    assert base.parent.exists(), "the first one lives and may be writing there"


def test_many_small_batches_leave_few_segments(world: World, music: Music) -> None:
    rows = music(60)
    for track_id, raw in zip(ids(60), rows, strict=True):
        world.put(track_id, raw)
    for start in range(0, 60, 2):
        world.wake(*ids(60)[start : start + 2])
    manifest = world.latest()
    assert manifest["tracks"] == 60
    assert len(manifest["segments"]) <= 7  # logarithmic: the base and deltas that double in size
    assert world.upkeep_requests >= 1
