"""What EARSHOT_LOCAL_TIMINGS=aws makes of the pollers, on real queues and a real stream."""

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from local.board import Board
from local.clock import Clock
from local.event_loop import _Throttled
from local.functions import THROTTLED, Outcome
from local.sqs_poller import SqsPoller
from local.stream_poller import StreamPoller
from local.timings import Timings
from local.triggers import ScheduleTrigger, SqsTrigger, StreamTrigger

from .test_pollers import _left, _queue, _running


class _Function:
    """Remembers its events; answers with `outcome`."""

    def __init__(self, outcome: Callable[[int], Outcome] = lambda _: Outcome()) -> None:
        self.events: list[Any] = []
        self.at: list[float] = []
        self._outcome = outcome

    def invoke(self, event: Any) -> Outcome:
        self.events.append(event)
        self.at.append(time.monotonic())
        return self._outcome(len(self.events))

    def until(self, events: int) -> None:
        deadline = time.monotonic() + 20
        while len(self.events) < events:
            assert time.monotonic() < deadline, self.events
            time.sleep(0.02)


def test_what_its_function_died_of_comes_back_when_the_visibility_timeout_is_over(aws: Any, board: Board) -> None:
    sqs, _, arn = _queue(aws, VisibilityTimeout="3")
    died = Outcome(error_type="Runtime.ExitError", error="killed")
    function = _Function(lambda number: died if number == 1 else Outcome())
    sqs.send_message(QueueUrl=_url(sqs), MessageBody="x")
    with _running(
        SqsPoller(sqs, SqsTrigger(arn), function, board, "f", timings=Timings(waits_for_visibility=True)).run
    ):
        function.until(2)
    assert function.at[1] - function.at[0] > 2


def test_a_throttled_function_gets_its_messages_later_and_none_is_lost(aws: Any, board: Board) -> None:
    sqs, url, arn = _queue(aws, VisibilityTimeout="30")
    function = _Function(lambda number: Outcome(error_type=THROTTLED) if number < 3 else Outcome())
    sqs.send_message(QueueUrl=url, MessageBody="x")
    with _running(
        SqsPoller(sqs, SqsTrigger(arn), function, board, "f", timings=Timings(waits_for_visibility=True)).run
    ):
        function.until(3)
        deadline = time.monotonic() + 10
        while _left(sqs, url) and time.monotonic() < deadline:
            time.sleep(0.05)
    assert _left(sqs, url) == 0
    assert [event["Records"][0]["body"] for event in function.events] == ["x"] * 3


def test_an_account_turns_away_what_is_more_than_it_may_do_at_once() -> None:
    working, go_on = threading.Event(), threading.Event()

    def work(_: int) -> Outcome:
        working.set()
        go_on.wait(10)
        return Outcome()

    function = _Throttled(_Function(work), threading.BoundedSemaphore(1))
    first = threading.Thread(target=function.invoke, args=({},))
    first.start()
    working.wait(10)
    assert function.invoke({}).error_type == THROTTLED
    go_on.set()
    first.join()
    assert not function.invoke({}).failed


@pytest.mark.parametrize(("repeats", "times"), [(0.0, 1), (1.0, 2)])
def test_a_message_that_was_dealt_with_may_come_once_more(aws: Any, board: Board, repeats: float, times: int) -> None:
    sqs, url, arn = _queue(aws, VisibilityTimeout="1")
    function = _Function()
    sqs.send_message(QueueUrl=url, MessageBody="x")
    with _running(SqsPoller(sqs, SqsTrigger(arn), function, board, "f", timings=Timings(repeats=repeats)).run):
        function.until(times)
        deadline = time.monotonic() + 20
        while not repeats and _left(sqs, url) and time.monotonic() < deadline:
            time.sleep(0.02)  # it is deleted after its function has ended
        assert (_left(sqs, url) == 0) is (not repeats)


def test_each_reader_of_the_stream_has_tracks_of_its_own_and_none_is_left_out(aws: Any, board: Board) -> None:
    dynamodb = aws.client("dynamodb")
    arn = dynamodb.create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "track_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "track_id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )["TableDescription"]["LatestStreamArn"]
    for number in range(24):
        dynamodb.put_item(TableName="t", Item={"track_id": {"S": str(number % 12)}, "n": {"N": str(number)}})
    functions = [_Function() for _ in range(4)]
    with ExitStack() as running:
        for lane, function in enumerate(functions):
            poller = StreamPoller(
                aws.client("dynamodbstreams"),
                aws.client("sqs"),
                StreamTrigger(arn),
                function=function,
                board=board,
                name="f",
                timings=Timings(shards=4),
                lane=lane,
            )
            running.enter_context(_running(poller.run))
        deadline = time.monotonic() + 20
        while sum(len(event["Records"]) for function in functions for event in function.events) < 24:
            assert time.monotonic() < deadline, [len(function.events) for function in functions]
            time.sleep(0.02)
    seen: dict[int, set[str]] = {}
    order: dict[str, list[str]] = {}
    for lane, function in enumerate(functions):
        records = [record["dynamodb"] for event in function.events for record in event["Records"]]
        seen[lane] = {record["Keys"]["track_id"]["S"] for record in records}
        for record in records:
            order.setdefault(record["Keys"]["track_id"]["S"], []).append(record["NewImage"]["n"]["N"])
    assert sum(map(len, seen.values())) == len(set().union(*seen.values())) == 12
    assert all(numbers == sorted(numbers, key=int) and len(numbers) == 2 for numbers in order.values())


def test_a_schedule_comes_as_often_as_time_passes_faster(board: Board) -> None:
    function = _Function(lambda number: Outcome(error_type=THROTTLED) if number == 1 else Outcome())
    with _running(Clock(ScheduleTrigger(60, {}), function, board, "f", timings=Timings(scale=600)).run):
        function.until(3)
    assert function.at[1] - function.at[0] > 0.5, "one that was turned away is tried again"


def _url(sqs: Any) -> str:
    return str(sqs.get_queue_url(QueueName="work")["QueueUrl"])
