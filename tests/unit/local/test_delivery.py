"""How stream batches are retried, split and given up: the rules of Lambda's event source mapping."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from local.delivery import GivenUp, Record, deliver, on_failure_message, sequence_number
from local.functions import STOPPED, Outcome
from local.triggers import StreamTrigger

_BISECTING = StreamTrigger("arn:stream", retries=2, bisect=True, partial_failures=True)
_PLAIN = StreamTrigger("arn:stream", retries=2)


def _records(count: int) -> list[Record]:
    return [
        {
            "eventID": f"e{n}",
            "dynamodb": {"Keys": {}, "SequenceNumber": str(n), "ApproximateCreationDateTime": 1.5e9 + n},
        }
        for n in range(count)
    ]


class _Function:
    """A function that fails on some records, and remembers what it was called with."""

    def __init__(self, poison: set[int], *, reports: bool = False, fails: int = 10**9) -> None:
        self.poison = {str(n) for n in poison}
        self.reports = reports
        self.fails = fails
        self.calls: list[list[int]] = []
        self.dealt_with: list[int] = []

    def __call__(self, records: Sequence[Record]) -> Outcome:
        numbers = [sequence_number(record) for record in records]
        self.calls.append([int(number) for number in numbers])
        bad = [number for number in numbers if number in self.poison]
        if bad and self.fails > 0:
            self.fails -= 1
            if not self.reports:
                return Outcome(error_type="ValueError", error="poisoned")
            self.dealt_with += [int(number) for number in numbers if number not in bad]
            return Outcome(result={"batchItemFailures": [{"itemIdentifier": number} for number in bad]})
        self.dealt_with += [int(number) for number in numbers]
        return Outcome(result={"batchItemFailures": []})


def _deliver(function: _Function, count: int, trigger: StreamTrigger) -> tuple[list[list[int]], list[float]]:
    given_up: list[list[int]] = []
    pauses: list[float] = []

    def give_up(lost: GivenUp) -> None:
        given_up.append([int(sequence_number(record)) for record in lost.records])

    def pause(seconds: float) -> bool:
        pauses.append(seconds)
        return True

    assert deliver(_records(count), trigger, function, give_up, pause)
    return given_up, pauses


def test_a_good_batch_is_delivered_once() -> None:
    function = _Function(set())
    assert _deliver(function, 5, _BISECTING) == ([], [])
    assert function.calls == [[0, 1, 2, 3, 4]]


def test_bisecting_isolates_one_poisoned_record_and_delivers_the_rest_in_order() -> None:
    function = _Function({5})
    given_up, _ = _deliver(function, 8, _BISECTING)
    assert given_up == [[5]]
    assert function.dealt_with == [0, 1, 2, 3, 4, 6, 7]
    assert function.calls.count([5]) == 3  # once, and two retries


def test_without_bisecting_the_whole_batch_is_given_up_after_its_retries() -> None:
    function = _Function({1})
    given_up, pauses = _deliver(function, 3, _PLAIN)
    assert given_up == [[0, 1, 2]]
    assert len(function.calls) == 3
    assert pauses == sorted(pauses)


def test_a_passing_failure_loses_nothing() -> None:
    function = _Function({0}, fails=2)
    given_up, _ = _deliver(function, 3, _PLAIN)
    assert given_up == []
    assert function.dealt_with == [0, 1, 2]


def test_reported_failures_continue_from_the_first_one() -> None:
    function = _Function({2}, reports=True)
    given_up, _ = _deliver(function, 4, _BISECTING)
    assert given_up == [[2]]
    assert function.calls[:2] == [[0, 1, 2, 3], [2, 3]]
    assert {0, 1, 3} <= set(function.dealt_with)


def test_reports_are_ignored_where_the_trigger_does_not_ask_for_them() -> None:
    function = _Function({2}, reports=True)
    given_up, _ = _deliver(function, 4, _PLAIN)
    assert given_up == []
    assert function.calls == [[0, 1, 2, 3]]


def test_an_unknown_identifier_fails_the_whole_batch() -> None:
    calls: list[int] = []

    def confused(records: Sequence[Record]) -> Outcome:
        calls.append(len(records))
        return Outcome(result={"batchItemFailures": [{"itemIdentifier": "elsewhere"}]})

    given_up: list[GivenUp] = []
    assert deliver(_records(1), _BISECTING, confused, given_up.append, lambda _: True)
    assert calls == [1, 1, 1]
    assert len(given_up) == 1


def test_a_stop_ends_the_delivery_without_giving_anything_up() -> None:
    given_up: list[GivenUp] = []
    stopped = Outcome(error_type=STOPPED)
    assert not deliver(_records(3), _PLAIN, lambda _: stopped, given_up.append, lambda _: True)
    failed = Outcome(error_type="ValueError")
    assert not deliver(_records(3), _PLAIN, lambda _: failed, given_up.append, lambda _: False)
    assert given_up == []


@given(
    count=st.integers(1, 40),
    poison=st.sets(st.integers(0, 39), max_size=6),
    reports=st.booleans(),
    bisect=st.booleans(),
)
def test_every_record_is_dealt_with_or_given_up_and_order_holds(
    count: int, poison: set[int], reports: bool, bisect: bool
) -> None:
    trigger = StreamTrigger("arn:stream", retries=1, bisect=bisect, partial_failures=reports)
    function = _Function(poison, reports=reports)
    given_up, _ = _deliver(function, count, trigger)
    lost = {number for batch in given_up for number in batch}
    assert set(function.dealt_with) | lost == set(range(count))
    if bisect:
        assert lost == {number for number in poison if number < count}
    first_seen = list(dict.fromkeys(number for call in function.calls for number in call))
    assert first_seen == sorted(first_seen)


def test_the_on_failure_message_has_the_shape_that_lambda_sends() -> None:
    records = _records(3)[1:]
    message: Any = on_failure_message(
        GivenUp(records, 3, Outcome(error_type="ValueError")),
        stream_arn="arn:stream",
        shard_id="shardId-1",
        function_arn="arn:function",
    )
    assert message["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert message["requestContext"]["approximateInvokeCount"] == 3
    assert message["responseContext"]["functionError"] == "Unhandled"
    assert message["DDBStreamBatchInfo"] == {
        "shardId": "shardId-1",
        "startSequenceNumber": "1",
        "endSequenceNumber": "2",
        "approximateArrivalOfFirstRecord": "2017-07-14T02:40:01.000Z",
        "approximateArrivalOfLastRecord": "2017-07-14T02:40:02.000Z",
        "batchSize": 2,
        "streamArn": "arn:stream",
    }
