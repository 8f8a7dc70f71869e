"""The functions as Lambda calls them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from earshot.colistening.manifest import Snapshot
from earshot.colistening.reader import ColisteningReader
from earshot.plays import ListenerId
from earshot.stores.message_queue import MessageQueue
from listening import bootstrap, handler
from listening.__main__ import main
from tests.integration.listening.mortal import Context, event_record, fresh_world, story
from tests.unit.listening.world import ANA, BEN, World, message, play


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with fresh_world(tmp_path) as world:
        yield world


def _batch(world: World) -> dict[str, Any]:
    """What waits in the queue of plays, as Lambda hands it over."""
    url = world.stage.queues["plays"]
    received = world.stage.account.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return {"Records": [event_record(m["Body"], m["MessageId"], m["ReceiptHandle"]) for m in received]}


def _send(world: World, *messages: Any) -> None:
    MessageQueue(world.stage.account.sqs, world.stage.queues["plays"]).send_all(messages)


def test_a_message_that_nobody_can_read_comes_back_and_the_others_are_kept(world: World) -> None:
    _send(world, message(play(1)), message(play(1, BEN)))
    world.stage.account.sqs.send_message(QueueUrl=world.stage.queues["plays"], MessageBody="{}")
    batch = _batch(world)
    answer = handler.record_plays(batch, None)
    (bad,) = [record["messageId"] for record in batch["Records"] if record["body"] == "{}"]
    assert [failed["itemIdentifier"] for failed in answer["batchItemFailures"]] == [bad]
    assert {kept.listener for kept in world.kept()} == {ANA, BEN}


def test_the_clock_gives_dead_letters_back_and_keeps_the_lake(world: World) -> None:
    _send(world, message(play(1)))
    handler.record_plays(_batch(world), None)
    world.stage.account.sqs.send_message(QueueUrl=world.stage.dead["plays"], MessageBody=message(play(2)).to_json())
    handler.keep_plays({}, Context())  # type: ignore[arg-type]
    assert [found.is_whole for found in world.objects()] == [True]
    assert len(_batch(world)["Records"]) == 1


def test_what_the_clock_learns_from_is_what_was_kept(world: World) -> None:
    handler.learn_listening({}, Context())
    world.register(1)
    _send(world, message(play(1)))
    handler.record_plays(_batch(world), None)
    heard: list[Snapshot] = []
    learn = bootstrap.learn()
    replace(learn, fit=lambda _, snapshot: heard.append(snapshot)).run()
    assert [snapshot.plays for snapshot in heard] == [1]


def test_what_many_have_played_becomes_a_table_that_serves(world: World, tmp_path: Path) -> None:
    """Two crowds, each with six songs of its own."""
    for number in range(12):
        world.register(number)
    crowds = [(ListenerId(f"{who:016x}"), 6 * (who % 2)) for who in range(60)]
    plays = [play(first + (who + n) % 6, one) for who, (one, first) in enumerate(crowds) for n in range(5)]
    world.record.run([message(*plays)])
    handler.learn_listening({}, Context())
    table = ColisteningReader(world.stage.account.s3, "index", tmp_path / "tables").current()
    assert table is not None
    found = table.neighbours("deezer:1")
    assert set(found.track_ids) <= {f"deezer:{number}" for number in range(6)}
    assert min(found.listeners) >= 3


def test_a_shell_says_what_was_done(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.record.run([message(play(1))])
    assert [main(["keep"]), main(["learn"])] == [0, 0]
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "1 days merged, 0 objects too old, 0 listeners forgotten, 0 plays matched, 0 tastes made.",
        "Learned from nothing.",
    ]


def test_a_shell_starts_a_trial_of_what_there_is_alone(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trial", "report"]) == 0
    assert main(["trial", "start", "a-trial", "20261120T070000Z-00000000", "--share", "0.1"]) == 1
    assert main(["trial", "end"]) == 1
    said = capsys.readouterr()
    assert said.out.splitlines()[-1] == "No trial ever ran."
    assert "nothing to try" in said.err
    assert "no trial runs" in said.err


def test_processes_that_die_again_and_again_each_time_a_change_later_lose_double_and_leave_nothing(
    tmp_path: Path,
) -> None:
    """tests/chaos has one die in each of its windows, in a story of its own."""
    deaths = {number: iter(range(50)) for number in range(4)}
    with fresh_world(tmp_path) as world:
        story(world, lambda number: next(deaths[number]))
