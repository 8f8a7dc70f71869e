"""A story of plays whose processes may die after any change that they make to the outside world."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import botocore.client
import pytest

import earshot.clock
from listening import bootstrap, handler
from tests.unit.listening.world import ANA, BEN, World, message, play, running

STEPS = 4
_CHANGES = ("Put", "Update", "Delete", "Send", "BatchWrite")
_EVENT = Path(__file__).parents[2] / "events" / "sqs_message.json"

Dies = Callable[[int], int | None]
"""After which of its changes the process of a step dies, by the step; None: after none. Asked for every process."""


class Context:
    """Of a function that has all the time it is given."""

    def get_remaining_time_in_millis(self) -> int:
        return 900_000


class _Killed(BaseException):
    """The process is gone."""


@contextmanager
def fresh_world(folder: Path) -> Iterator[World]:
    """An empty world, in which functions find what they need."""
    with running(folder) as world, pytest.MonkeyPatch.context() as patches:
        patches.setenv("EARSHOT_PLAYS_WORK_DIR", str(folder))
        try:
            yield world
        finally:
            forget_process()


def forget_process() -> None:
    """What comes next runs in a new process."""
    for made in (bootstrap.record, bootstrap.keep, bootstrap.learn, bootstrap.dead_letters, bootstrap.deliveries):
        made.cache_clear()


def event_record(body: str, message_id: str, receipt: str = "receipt") -> dict[str, Any]:
    """A message of the queue of plays, as Lambda hands it over."""
    record: dict[str, Any] = json.loads(_EVENT.read_text())["Records"][0]
    said = {"body": body, "messageId": message_id, "receiptHandle": receipt}
    return record | said | {"eventSourceARN": "arn:aws:sqs:eu-central-1:1:plays"}


def story(world: World, dies: Dies) -> None:
    """Plays are recorded, a track arrives, the clock strikes, somebody asks to be forgotten, and it strikes again.

    Whoever dies is called again an hour later. Then everything is as if nobody had died.
    """
    plays = [play(1), play(2)], [play(1, BEN, days_ago=3)]
    bodies = [message(*some, minutes_ago=1).to_json() for some in plays]
    batch = {"Records": [event_record(body, f"id-{number}") for number, body in enumerate(bodies)]}
    first, second = (lambda: handler.record_plays(batch, None)), (lambda: handler.keep_plays({}, Context()))  # type: ignore[arg-type]
    honest, passed = earshot.clock.now, [timedelta()]
    world.register(2)
    with pytest.MonkeyPatch.context() as patches:
        for module in ("earshot.clock", "listening.keep", "listening.taste"):
            patches.setattr(f"{module}.now", lambda: honest() + passed[0])
        for number, step in enumerate((first, second, first, second)):
            if number == 2:
                world.stage.listeners.forget(BEN)
            while not _lives(step, dies(number)):
                passed[0] += timedelta(hours=1)
            passed[0] += timedelta(hours=6)
            if number == 0:
                world.register(1)
                forget_process()  # and with it which songs were not found a moment ago
    _check(world)


def _check(world: World) -> None:
    assert sorted((kept.listener, kept.track_id) for kept in world.kept()) == [(ANA, "deezer:1"), (ANA, "deezer:2")]
    assert [found.is_whole for found in world.objects()] == [True]
    found = world.stage.listeners.get(ANA, 9)
    assert [recent.track_id for recent in found.recent] == ["deezer:2", "deezer:1"]
    assert found.taste is not None
    assert {track_id for track_id, _ in found.taste.tracks} == {"deezer:1", "deezer:2"}
    assert list(world.stage.listeners.everything(BEN)) == []
    assert world.stage.listeners.to_forget() == []


def _lives(step: Callable[[], object], at: int | None) -> bool:
    """Whether the process of a step lives until the end."""
    base: Any = botocore.client.BaseClient
    honest: Callable[..., Any] = base._make_api_call
    made: list[str] = []

    def call(client: Any, operation: str, parameters: Any) -> Any:
        answer = honest(client, operation, parameters)
        if operation.startswith(_CHANGES):
            made.append(operation)
            if len(made) - 1 == at:
                raise _Killed
        return answer

    with patch.object(base, "_make_api_call", call):
        try:
            step()
        except _Killed:
            forget_process()
            return False
    return True
