"""Two recipes of one network, kept side by side from one table: a verdict says which of them serves."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from annoy_service import index
from annoy_service.changes import Wanted, read_wanted
from annoy_service.garbage import collect_garbage
from annoy_service.generations import promote, settle
from annoy_service.index import index_batch
from annoy_service.pointers import manifest_at, position
from annoy_service.repair import index_missing, rebuild_from_table, restore_table_from_index
from annoy_service.services import Services
from annoy_service.upkeep import keep_up
from earshot.errors import DamagedIndex, InvalidSettings, RecipeNotReady
from earshot.ids import TrackId
from earshot.index.pointer import generation_key
from earshot.messages import KeepUp, TracksChanged
from earshot.networks import CHOI
from earshot.recipes import Recipe, recipe_named
from earshot.track import TrackInfo

from .conftest import BUCKET, OTHER, POLICY, World, changed

Music = Callable[..., np.ndarray[Any, Any]]
FIRST, SECOND = "choi-2017@1-160d", "a challenger"
RECIPES = (recipe_named(FIRST), Recipe(SECOND, CHOI, "centred", CHOI.dimensions))
"""Of the small network: most of what is told here has nothing to do with dimensions."""
IDS = [TrackId(f"file:{i:016x}") for i in range(6)]
IN_TWO_DAYS = timedelta(days=2)


def fill(world: World, music: Music, services: Services) -> Services:
    """Every track is put into the table and, in two batches, into the indexes."""
    network = services.network
    for track_id, raw in zip(IDS, music(len(IDS)), strict=True):
        world.put(track_id, raw[:, : network.dimensions], model=network.name)
    for start in range(0, len(IDS), 3):
        index_batch(records(IDS[start : start + 5]), services)
    return services


@pytest.fixture
def both(world: World, music: Music) -> Services:
    """Both recipes, kept from the same stream batches; the first one leads."""
    return fill(world, music, world.another_process("both", *RECIPES, policy=POLICY))


@pytest.fixture
def one(world: World, music: Music) -> Services:
    """Only the first recipe, which serves."""
    return fill(world, music, world.another_process("one", RECIPES[0], policy=POLICY))


def records(track_ids: list[TrackId]) -> list[TracksChanged]:
    return [changed(*track_ids)]


def rename(world: World, title: str = "New") -> None:
    """The first track, in the table."""
    world.table.register(TrackInfo(IDS[0], "file", title=title))


def title(world: World) -> str:
    """Of the first track, as readers see it."""
    row = world.reader().current().row(IDS[0])
    return row.title if row else ""


def held(services: Services) -> dict[str, int]:
    """Tracks of each recipe's newest version."""
    manifests = [manifest_at(builder, position(builder)) for builder in services.builders]
    return {manifest.recipe: manifest.tracks for manifest in manifests if manifest}


def hear(world: World, music: Music, track_id: TrackId, seed: int) -> None:
    """A newer preview of a track."""
    world.put(track_id, music(1, seed=seed)[0][:, : CHOI.dimensions], model=CHOI.name)


def test_two_recipes_of_one_network_are_kept_from_one_table_and_a_verdict_says_which_serves(
    world: World, music: Music
) -> None:
    wide, narrow = "musicnn-msd@1-128d", "musicnn-msd@1-64d"
    services = fill(
        world, music, world.another_process("both", recipe_named(wide), recipe_named(narrow), policy=POLICY)
    )
    assert held(services) == {wide: 6, narrow: 6}
    reader = world.reader()
    assert (reader.current().recipe, reader.current().dim) == (wide, 128)
    before = world.latest()["version"]
    promote(narrow, services)
    searcher = reader.current()
    assert (searcher.recipe, searcher.dim, searcher.size) == (narrow, 64, 6)
    assert world.latest()["previous"] == before
    for track_id in IDS:
        vector = searcher.vector(track_id)
        assert vector is not None
        assert searcher.search(vector, 1)[0].track.track_id == track_id
    collect_garbage(services.leading.store)
    old = services.leading.store.old_manifest(before)
    assert old is not None
    assert old.object_keys() <= set(world.keys())


def test_the_leading_one_serves_and_of_generations_nobody_is_told(world: World, both: Services) -> None:
    assert held(both) == {FIRST: 6, SECOND: 6}
    assert world.latest()["recipe"] == FIRST
    assert world.keys("generations/") == [generation_key(SECOND)]
    assert len(world.announced) == 2


def test_what_served_before_goes_on_being_kept_and_can_come_back(world: World, both: Services, music: Music) -> None:
    promote(SECOND, both)
    hear(world, music, IDS[0], seed=9)
    world.table.delete(IDS[1])
    index_batch(records(IDS[:2]), both)
    assert held(both) == {FIRST: 5, SECOND: 5}
    assert world.latest()["recipe"] == SECOND
    promote(FIRST, both)
    assert (world.latest()["recipe"], world.latest()["tracks"]) == (FIRST, 5)
    assert held(both) == {FIRST: 5, SECOND: 5}


def test_what_served_before_stays_readable_for_a_day_where_it_is_not_kept_any_more(
    world: World, both: Services
) -> None:
    """Though nothing had changed in it for longer than that."""
    first = both.leading
    version = world.latest()["version"]
    bucket = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[BUCKET]
    before = world.keys()
    for key in before:
        bucket.keys[key].last_modified -= IN_TWO_DAYS
    only = world.another_process("only", RECIPES[1], policy=POLICY)
    index_batch(records(IDS[:1]), only)
    assert world.latest()["recipe"] == SECOND, "the rule: what serves is not kept, and the leading one lacks nothing"
    collect_garbage(only.leading.store)
    old = first.store.old_manifest(version)
    assert old is not None
    assert old.object_keys() <= set(world.keys())
    collect_garbage(only.leading.store, now=datetime.now(UTC) + IN_TWO_DAYS)
    assert first.store.old_manifest(version) is None
    assert world.reader().current().size == 6


def test_what_serves_is_kept_up_to_date_until_the_leading_recipe_covers_the_catalogue(
    world: World, one: Services, music: Music
) -> None:
    """As after an upgrade that brings a better default: a new track must not wait for the whole catalogue."""
    new = TrackId("file:00000000000000aa")
    only = world.another_process("only", RECIPES[1], policy=POLICY)
    hear(world, music, new, seed=30)
    rename(world)
    index_batch(records([new, IDS[0]]), only)
    assert (world.latest()["recipe"], world.latest()["tracks"], title(world)) == (FIRST, 7, "New")
    assert held(only) == {SECOND: 2}
    index_missing(only)
    assert (world.latest()["recipe"], world.latest()["tracks"]) == (SECOND, 7)


def test_a_generation_is_not_begun_anew_of_what_is_replaced_meanwhile(
    world: World, one: Services, music: Music, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = world.another_process("only", RECIPES[1], policy=POLICY)
    hear(world, music, IDS[0], seed=30)
    reads = iter(range(100))

    def read(*arguments: Any) -> Wanted:
        if next(reads) == 2:  # the first two are for the leading recipe
            promote(SECOND, only, incomplete=True)
        return read_wanted(*arguments)

    monkeypatch.setattr(index, "read_wanted", read)
    index_batch(records(IDS[:1]), only)
    assert world.latest()["recipe"] == SECOND
    assert world.keys(generation_key(FIRST)) == []


def test_what_a_newer_earshot_made_serves_until_a_known_recipe_covers_the_catalogue(world: World, music: Music) -> None:
    """As after a way back to an older Earshot."""
    fill(world, music, world.another_process("newer", RECIPES[1], policy=POLICY))
    older = world.another_process("older", RECIPES[0], policy=POLICY)
    index_batch(records(IDS[:3]), older)
    assert (world.latest()["recipe"], world.latest()["tracks"]) == (SECOND, 6)
    index_batch(records(IDS[3:]), older)
    assert (world.latest()["recipe"], world.latest()["tracks"]) == (FIRST, 6)


def test_the_rule_leaves_alone_what_a_verdict_put_into_service(world: World, both: Services, music: Music) -> None:
    promote(SECOND, both)
    for seed in range(3):
        hear(world, music, IDS[seed], seed=seed + 20)
        index_batch(records(IDS[seed : seed + 1]), both)
    assert world.latest()["recipe"] == SECOND


def test_a_recipe_that_lacks_tracks_is_refused_unless_a_person_decides(world: World, one: Services) -> None:
    both = world.another_process("both", *RECIPES, policy=POLICY)
    with pytest.raises(RecipeNotReady, match="nothing has been indexed by a challenger yet"):
        promote(SECOND, both)
    index_batch(records(IDS[:2]), both)
    with pytest.raises(RecipeNotReady, match="lacks 4 tracks") as refused:
        promote(SECOND, both)
    assert "RECIPE=a challenger ARGS=--incomplete" in refused.value.hint
    assert world.latest()["recipe"] == FIRST
    assert promote(SECOND, both, incomplete=True).published
    assert world.latest()["tracks"] == 2


def test_a_recipe_that_is_listed_later_is_filled_from_the_table(world: World, one: Services) -> None:
    both = world.another_process("both", *RECIPES, policy=POLICY)
    assert index_missing(both).added == 6
    assert held(both) == {FIRST: 6, SECOND: 6}
    assert promote(SECOND, both).published


def test_a_recipe_that_is_unknown_or_not_kept_is_refused(both: Services, world: World) -> None:
    with pytest.raises(InvalidSettings, match="no recipe 'musicnn-msd@1-7d'"):
        promote("musicnn-msd@1-7d", both)
    with pytest.raises(RecipeNotReady, match="not kept up to date"):
        promote(FIRST, world.another_process("only", RECIPES[1]))


def test_a_verdict_for_what_serves_changes_nothing(both: Services, world: World) -> None:
    before = world.keys()
    assert not promote(FIRST, both).published
    assert world.keys() == before


def test_upkeep_and_repairs_look_after_every_recipe(world: World, both: Services) -> None:
    keep_up([KeepUp(on_demand=True)], both)
    for builder in both.builders:
        manifest = manifest_at(builder, position(builder))
        assert manifest is not None
        assert [segment.kind for segment in manifest.segments] == ["base"]
    promote(SECOND, both)
    for key in world.keys("segments/"):
        world.s3.put_object(Bucket=BUCKET, Key=key, Body=b"damaged")
    for builder in both.builders:
        builder.cache.keep_only([])
    with pytest.raises(DamagedIndex):
        index_missing(both)
    assert rebuild_from_table(both).added == 6
    assert held(both) == {FIRST: 6, SECOND: 6}
    assert world.latest()["recipe"] == SECOND, "what served is found at its place again"


def test_a_lost_table_is_restored_from_either_recipe_and_each_track_counts_once(world: World, both: Services) -> None:
    serving = manifest_at(both.leading, position(both.leading))
    assert serving is not None
    for track_id in IDS:
        world.table.delete(track_id)
    restored = restore_table_from_index(both)
    assert (restored.restored, restored.present) == (6, 0)
    for track_id in IDS:
        world.table.delete(track_id)
    for builder in both.builders:
        builder.cache.keep_only([])
    world.s3.put_object(Bucket=BUCKET, Key=serving.bases[0].key("raw.npy"), Body=b"damaged")
    with pytest.raises(DamagedIndex):
        restore_table_from_index(both)
    assert {track.track_id for track in world.table.scan()} == set(IDS)


def test_a_damaged_challenger_does_not_keep_the_serving_index_from_its_tracks(world: World, both: Services) -> None:
    world.s3.put_object(Bucket=BUCKET, Key=generation_key(SECOND), Body=b"{}")
    rename(world)
    with pytest.raises(DamagedIndex):
        index_batch(records(IDS[:1]), both)
    assert title(world) == "New"


class Killed(Exception):
    """The process has died here."""


@contextmanager
def killed_at(world: World, calls: int) -> Iterator[None]:
    """Within the block the process dies before its `calls`-th call to S3."""
    left = iter(range(calls))

    def kill(**_: Any) -> None:
        if next(left, None) is None:
            raise Killed

    world.s3.meta.events.register("before-call.s3", kill)
    try:
        with suppress(Killed):
            yield
    finally:
        world.s3.meta.events.unregister("before-call.s3", kill)


def test_a_verdict_that_is_cut_short_anywhere_is_finished_by_the_next_or_by_upkeep(
    world: World, both: Services
) -> None:
    """After the death a change arrives, and an hour later upkeep."""
    served = set()
    for calls in range(14):
        with killed_at(world, calls):
            promote(SECOND, both)
        rename(world, f"Title {calls}")
        index_batch(records(IDS[:1]), both)
        settle(both, now=datetime.now(UTC) + timedelta(hours=2))
        assert held(both) == {FIRST: 6, SECOND: 6}
        serving = world.latest()["recipe"]
        served.add(serving)
        assert world.keys("generations/") == [generation_key(SECOND if serving == FIRST else FIRST)]
        promote(SECOND, both)
        assert world.reader().current().recipe == SECOND
        assert title(world) == f"Title {calls}"
        promote(FIRST, both)
    assert served == {FIRST, SECOND}, "it died before and after the pointer moved"


def test_what_is_folded_into_a_generation_in_its_last_moment_is_not_lost(world: World, both: Services) -> None:
    """The verdict has compared the generation; before it moves the pointer, another process folds a track into it."""
    folded: list[bool] = []

    def meanwhile(params: dict[str, Any], **_: Any) -> None:
        if params["Key"] == "latest.json" and not folded:
            folded.append(True)
            rename(world)
            index_batch(records(IDS[:1]), world.another_process("second", RECIPES[1], policy=POLICY))

    world.s3.meta.events.register("provide-client-params.s3.PutObject", meanwhile)
    promote(SECOND, both)
    assert folded
    assert title(world) == "New"


def test_a_generation_that_older_code_began_under_the_name_of_its_network_is_carried_on(
    world: World, music: Music
) -> None:
    world.model = OTHER
    for track_id, raw in zip(IDS[:4], music(4), strict=True):
        world.put(track_id, raw)
    world.wake(*IDS[:4])
    new = world.another_process("new", RECIPES[0], policy=POLICY)
    for track_id in IDS[:2]:
        hear(world, music, track_id, seed=0)
    index_batch(records(IDS[:2]), new)
    as_before = generation_key(CHOI.name)
    body = world.s3.get_object(Bucket=BUCKET, Key=generation_key(FIRST))["Body"].read()
    world.s3.put_object(Bucket=BUCKET, Key=as_before, Body=body)
    world.s3.delete_object(Bucket=BUCKET, Key=generation_key(FIRST))
    hear(world, music, IDS[2], seed=0)
    index_batch(records(IDS[2:3]), new)
    assert world.keys("generations/") == [as_before]
    assert held(new) == {FIRST: 3}
    promote(FIRST, new, incomplete=True)
    assert world.keys("generations/") == []
