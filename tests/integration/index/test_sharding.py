"""An index is divided: what becomes of it, and how the shards live on."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import boto3
import numpy as np
import pytest

from annoy_service.__main__ import main
from annoy_service.builder import Builder, make_builder
from annoy_service.compact import compact
from annoy_service.index import index_batch
from annoy_service.pointers import manifest_at, position
from annoy_service.policy import Policy
from annoy_service.repair import rebuild_from_table
from annoy_service.services import Services, make_services
from annoy_service.sharding import divide
from earshot.errors import IndexRace, NoIndexYet, RecipeNotReady
from earshot.index.manifest import Manifest
from earshot.index.reader import IndexReader
from earshot.index.searcher import Searcher
from earshot.recipes import Recipe
from earshot.shards import Shard
from ops import shards
from ops.deployment import Deployment

from .conftest import BUCKET, MODEL, POLICY, World, changed

Music = Callable[..., np.ndarray[Any, Any]]
N, OF = 60, 3
IDS = [f"file:{number:016x}" for number in range(N)]


@pytest.fixture
def whole(world: World, music: Music) -> World:
    for track_id, raw in zip(IDS, music(N), strict=True):
        world.put(track_id, raw)
    world.wake(*IDS)
    for number in range(OF):
        world.make_bucket(bucket_of(number))
    return world


def bucket_of(number: int) -> str:
    return f"shard-{number}"


def builder_of(world: World, number: int, policy: Policy = POLICY) -> Builder:
    recipe = world.services.leading.recipe
    return make_builder(world.s3, bucket_of(number), recipe, world.folder / bucket_of(number), policy=policy)


def services_of(world: World, number: int, policy: Policy = POLICY) -> Services:
    """Those of a shard, woken by the stream of the one table."""
    make = partial(
        make_builder, world.s3, bucket_of(number), work_dir=world.folder / f"builder-{number}", policy=policy
    )
    recipes = [world.services.leading.recipe]
    return make_services(
        table=world.table, make_builder=make, recipes=recipes, announce=world.announced.append,
        park=world.parked.append, request_upkeep=lambda: None,
    )  # fmt: skip


def divided(world: World) -> list[Manifest]:
    whole = world.services.leading
    return [divide(whole, builder_of(world, number), Shard(number, OF)) for number in range(OF)]


def opened(world: World, number: int) -> Searcher:
    reader = IndexReader(world.s3, bucket_of(number), world.folder / f"reader-{number}", check_every_s=0)
    return reader.current()


def ids_of(searcher: Searcher) -> Iterator[str]:
    for segment, dead in searcher.segments:
        yield from (segment.track_id(row) for row in range(segment.rows) if dead is None or not dead[row])


def newest(builder: Builder) -> Manifest:
    found = manifest_at(builder, position(builder))
    assert found is not None
    return found


def test_every_track_is_in_the_one_shard_that_it_belongs_to(whole: World) -> None:
    divided(whole)
    searchers = [opened(whole, number) for number in range(OF)]
    assert sorted(track_id for shard in searchers for track_id in ids_of(shard)) == IDS
    for number, shard in enumerate(searchers):
        assert shard.shard == (number, OF)
        assert all(Shard(number, OF).owns(track_id) for track_id in ids_of(shard))


def test_what_the_shards_find_together_is_what_the_whole_index_finds(whole: World) -> None:
    divided(whole)
    parts, searcher = [opened(whole, number) for number in range(OF)], whole.reader().current()
    assert {shard.transform for shard in parts} == {searcher.transform}
    for track_id in IDS[:20]:
        vector = searcher.vector(track_id)
        assert vector is not None
        expected = searcher.search(vector, 10)
        found = [hit for shard in parts for hit in shard.search(vector, 10)]
        found.sort(key=lambda hit: (-hit.similarity, hit.track.track_id))
        assert [hit.track for hit in found[:10]] == [hit.track for hit in expected]
        assert [hit.similarity for hit in found[:10]] == pytest.approx([hit.similarity for hit in expected], abs=1e-4)


@pytest.mark.parametrize("policy", [POLICY, Policy()], ids=["deltas", "rebuilt at once"])
def test_a_shard_takes_what_is_its_own_and_keeps_its_transform(whole: World, music: Music, policy: Policy) -> None:
    before = divided(whole)
    more = [f"file:{number:016x}" for number in range(N, N + 30)]
    for track_id, raw in zip(more, music(30, seed=1), strict=True):
        whole.put(track_id, raw)
    for number in range(OF):
        services = services_of(whole, number, policy)
        index_batch([changed(*more)], services)
        compact(services.leading, on_demand=True)
        after = newest(services.leading)
        assert (after.shard, after.transform.sha256) == ((number, OF), before[number].transform.sha256)
        assert len(after.segments) == 1
    assert sorted(track_id for number in range(OF) for track_id in ids_of(opened(whole, number))) == IDS + more


def test_a_shard_of_several_bases_has_the_same_transform(whole: World) -> None:
    builder = builder_of(whole, 0, Policy(at_once=8))
    made = divide(whole.services.leading, builder, Shard(0, OF))
    assert len(made.bases) > 1
    assert (made.shard, made.transform) == ((0, OF), newest(whole.services.leading).transform)


def test_a_shard_that_is_rebuilt_from_the_table_stays_the_shard_that_it_was(whole: World) -> None:
    before = divided(whole)[1]
    services = services_of(whole, 1)
    rebuild_from_table(services)
    after = newest(services.leading)
    assert (after.shard, after.transform.sha256, after.tracks) == ((1, OF), before.transform.sha256, before.tracks)
    assert after.version != before.version


def test_a_shard_takes_no_other_recipe(whole: World, music: Music) -> None:
    """As after an upgrade that brings a better default: it would be of all tracks, and no shard any more."""
    first = divided(whole)[0]
    whole.put(IDS[0], music(N + 1)[N])
    network = whole.services.network
    other = Recipe("a challenger", network, "centred", network.dimensions)
    make = partial(make_builder, whole.s3, bucket_of(0), work_dir=whole.folder / "other", policy=POLICY)
    services = make_services(
        table=whole.table, make_builder=make, recipes=[other], announce=whole.announced.append,
        park=whole.parked.append, request_upkeep=lambda: None,
    )  # fmt: skip
    with pytest.raises(RecipeNotReady, match="shard 0 of 3 by choi-2017@1-160d") as refused:
        index_batch([changed(*IDS)], services)
    assert "Set EARSHOT_RECIPES=choi-2017@1-160d." in refused.value.hint
    assert newest(builder_of(whole, 0)).version == first.version
    assert opened(whole, 0).shard == (0, OF)


def test_what_is_divided_already_is_left_as_it_is(whole: World) -> None:
    assert [made.version for made in divided(whole)] == [made.version for made in divided(whole)]


def test_a_bucket_that_holds_something_else_is_not_touched(whole: World) -> None:
    divided(whole)
    with pytest.raises(IndexRace, match="another index"):
        divide(whole.services.leading, builder_of(whole, 0), Shard(0, 2))


def test_nothing_cannot_be_divided(world: World) -> None:
    world.make_bucket(bucket_of(0))
    with pytest.raises(NoIndexYet):
        divide(world.services.leading, builder_of(world, 0), Shard(0, OF))


def test_the_command_divides_and_says_into_what(
    whole: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARSHOT_MODEL", MODEL)
    words = ["divide", "--bucket", BUCKET, "--of", str(OF), "--into", "shard-{shard}", "--work-dir", str(whole.folder)]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[2].split(" in ")[0].strip() for line in lines] == [f"shard {n} of 3" for n in range(OF)]
    assert sum(opened(whole, number).size for number in range(OF)) == N
    assert main([*words[:3], "--of", "2", *words[5:]]) == 2
    assert "another index" in capsys.readouterr().err
    assert main([*words[:5], "--into", "nowhere-{shard}", *words[7:]]) == 2
    assert f"{BUCKET} into nowhere-{{shard}}: " in (told := capsys.readouterr().err)
    assert "NoSuchBucket" in told


def test_the_command_that_tries_shards_divides_into_buckets_of_its_own(
    whole: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("EARSHOT_MODEL", MODEL)
    session = boto3.Session()
    session.client("ssm").put_parameter(Name="/earshot/local/index-bucket", Value=BUCKET, Type="String")
    deployment = Deployment(session, "local")
    buckets = shards.divided(deployment, whole.folder / "trying", 4)
    assert buckets == shards.divided(deployment, whole.folder / "trying", 4)
    sizes = [IndexReader(whole.s3, one, whole.folder / one, check_every_s=0).current().size for one in buckets]
    assert (len(sizes), sum(sizes)) == (4, N)


def test_a_shard_to_which_nothing_belongs_is_an_empty_index(whole: World) -> None:
    empty = next(number for number in range(1_000) if not any(Shard(number, 1_000).owns(each) for each in IDS))
    made = divide(whole.services.leading, builder_of(whole, 0), Shard(empty, 1_000))
    assert (made.tracks, made.segments) == (0, ())
    searcher = opened(whole, 0)
    assert (searcher.size, searcher.shard) == (0, (empty, 1_000))
