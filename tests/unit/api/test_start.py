"""A container of the api opens the index before its first request, and looks again when it wakes from a snapshot."""

import importlib
import random
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from awslambdaric.lambda_runtime_hooks_runner import run_after_restore
from snapshot_restore_py import get_after_restore

import api.handler
import api.start
from api.bootstrap import services
from earshot.errors import InvalidSettings
from tests.unit.api.world import World, direction, track

Begin = Callable[[str], None]
KINDS = ["on-demand", "provisioned-concurrency", "snap-start"]


@pytest.fixture
def settings() -> dict[str, str]:
    """Who does not look again when asked to does not look for five minutes."""
    return {"EARSHOT_INDEX_CHECK_EVERY_S": "300"}


@pytest.fixture
def begin(monkeypatch: pytest.MonkeyPatch) -> Iterator[Begin]:
    """Starts a container as Lambda does: the handler's module is imported, the environment says what for."""

    def start(kind: str) -> None:
        monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", kind)
        importlib.reload(api.handler)

    yield start
    get_after_restore().clear()


def forget_everything(s3: Any) -> None:
    """Empty the index bucket, so that only what was loaded before can answer."""
    for entry in s3.list_objects_v2(Bucket="index")["Contents"]:
        s3.delete_object(Bucket="index", Key=entry["Key"])


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_request_finds_the_index_open(world: World, begin: Begin, kind: str) -> None:
    world.publish([track(1), track(2)], [direction(a0=1), direction(a0=1, a1=1)])
    begin(kind)
    forget_everything(world.s3)
    assert world.get("/similar", track_id="deezer:1").json()["results"][0]["track_id"] == "deezer:2"
    assert world.get("/search", text="title 2").json()["total"] == 1
    assert len(get_after_restore()) == (kind == "snap-start")


@pytest.mark.parametrize("kind", KINDS)
def test_where_nothing_has_been_indexed_the_api_starts_and_says_so(world: World, begin: Begin, kind: str) -> None:
    begin(kind)
    assert world.get("/health").json()["status"] == "no_index"


def test_an_index_that_cannot_be_opened_does_not_keep_the_api_from_starting(world: World, begin: Begin) -> None:
    world.s3.put_object(Bucket="index", Key="latest.json", Body=b"nonsense")
    begin("on-demand")
    assert world.get("/similar", track_id="deezer:1").status_code == 503
    world.s3.delete_object(Bucket="index", Key="latest.json")
    world.publish([track(1)], [direction(a0=1)])
    services().index.look_again()
    assert world.get("/search").json()["total"] == 1


def test_settings_that_are_missing_are_an_error_of_every_request_not_of_the_start(
    world: World, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EARSHOT_INDEX_BUCKET")
    begin("on-demand")
    with pytest.raises(InvalidSettings, match="EARSHOT_INDEX_BUCKET"):
        world.get("/health")


def test_an_opening_that_takes_longer_than_a_start_may_is_waited_for_by_the_first_request(
    world: World, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish([track(1)], [direction(a0=1)])
    monkeypatch.setattr(api.start, "PATIENCE_S", 0.05)
    gate, opened = threading.Event(), services().index.current
    monkeypatch.setattr(services().index, "current", lambda: gate.wait(10) and opened())
    begin("on-demand")
    monkeypatch.undo()
    assert [thread.name for thread in threading.enumerate()].count("warm-up") == 1
    gate.set()
    assert world.get("/search").json()["total"] == 1


def test_a_container_that_wakes_from_a_snapshot_has_the_newest_index_and_dice_of_its_own(
    world: World, begin: Begin
) -> None:
    world.publish([track(1)], [direction(a0=1)])
    begin("snap-start")
    newer = world.publish([track(1), track(2)], [direction(a0=1), direction(a1=1)])
    assert world.get("/search").json()["total"] == 1, "it was told to look every five minutes"
    dice = random.getstate()
    run_after_restore()
    assert random.getstate() != dice
    assert world.get("/search").json()["index_version"] == newer
