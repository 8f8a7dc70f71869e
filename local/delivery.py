"""How a batch of stream records reaches a function: retries, bisecting, partial failures, and the end of all retries.

The rules are those of Lambda's event source mapping for streams. Order holds: nothing behind a failing record is
delivered before that record has been dealt with or given up.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

from earshot.clock import iso_ms
from local.functions import STOPPED, Outcome
from local.sqs_poller import failed_ids
from local.triggers import StreamTrigger


class Position(TypedDict):
    """Where a record stands in its shard, and since when (seconds since 1970)."""

    Keys: Mapping[str, Mapping[str, str]]
    SequenceNumber: str
    ApproximateCreationDateTime: float


class Record(TypedDict):
    """As much of a stream's record as its delivery looks at; the rest travels along."""

    eventID: str
    dynamodb: Position


Invoke = Callable[[Sequence[Record]], Outcome]

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 30.0


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A batch whose retries are exhausted."""

    records: Sequence[Record]
    attempts: int
    outcome: Outcome


def sequence_number(record: Record) -> str:
    """Where the record stands in its shard."""
    return record["dynamodb"]["SequenceNumber"]


def deliver(
    batch: Sequence[Record],
    trigger: StreamTrigger,
    invoke: Invoke,
    give_up: Callable[[GivenUp], None],
    pause: Callable[[float], bool],
) -> bool:
    """Bring every record of `batch` to the function, or to `give_up`, in order.

    Args:
        batch: records of one shard.
        trigger: retry limit, bisecting, partial failures.
        invoke: runs the function on some records.
        give_up: told of records whose retries are exhausted.
        pause: waits so many seconds; False when the stack stops, which ends the delivery.

    Returns:
        Whether all of it is dealt with. If not, the same records must be delivered again after the restart.
    """
    waiting = [list(batch)]
    attempts = 0
    while waiting:
        records = waiting[0]
        outcome = invoke(records)
        if outcome.error_type == STOPPED:
            return False
        done = _dealt_with(records, outcome, trigger)
        if done == len(records):
            waiting.pop(0)
            attempts = 0
            continue
        if done:  # progress: the rest starts afresh from the first record that failed
            waiting[0] = records[done:]
            attempts = 0
        elif trigger.bisect and len(records) > 1:  # splitting does not consume retries
            middle = len(records) // 2
            waiting[:1] = [records[:middle], records[middle:]]
            attempts = 0
        else:
            attempts += 1
            if 0 <= trigger.retries < attempts:
                give_up(GivenUp(records, attempts, outcome))
                waiting.pop(0)
                attempts = 0
                continue
        if not pause(min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(attempts, 10))):
            return False
    return True


def _dealt_with(records: Sequence[Record], outcome: Outcome, trigger: StreamTrigger) -> int:
    """How many records from the front are done: all before the first that failed."""
    numbers = [sequence_number(record) for record in records]
    failed = failed_ids(outcome, set(numbers), partial_failures=trigger.partial_failures)
    return next((index for index, number in enumerate(numbers) if number in failed), len(numbers))


def on_failure_message(given_up: GivenUp, *, stream_arn: str, shard_id: str, function_arn: str) -> Mapping[str, object]:
    """What Lambda sends to the on-failure destination of a stream: positions, not the records themselves."""
    first, last = given_up.records[0], given_up.records[-1]
    return {
        "requestContext": {
            "requestId": first["eventID"],
            "functionArn": function_arn,
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": given_up.attempts,
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled" if given_up.outcome.failed else None,
        },
        "version": "1.0",
        "timestamp": iso_ms(time.time()),
        "DDBStreamBatchInfo": {
            "shardId": shard_id,
            "startSequenceNumber": sequence_number(first),
            "endSequenceNumber": sequence_number(last),
            "approximateArrivalOfFirstRecord": iso_ms(first["dynamodb"]["ApproximateCreationDateTime"]),
            "approximateArrivalOfLastRecord": iso_ms(last["dynamodb"]["ApproximateCreationDateTime"]),
            "batchSize": len(given_up.records),
            "streamArn": stream_arn,
        },
    }
