"""Lambda entry points of annoy_service."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSEvent
from aws_lambda_powertools.utilities.typing import LambdaContext

from annoy_service import bootstrap
from annoy_service.index import index_batch, park_batch
from annoy_service.upkeep import keep_up
from earshot.deliveries import BatchAnswer, batch_answer
from earshot.errors import InvalidInput
from earshot.messages import KeepUp, TracksChanged
from earshot.telemetry import emit, logger

_Asked = TypeVar("_Asked", TracksChanged, KeepUp)
_RESERVE_MS = 60_000


def index_tracks(event: dict[str, object], _context: object) -> BatchAnswer:
    """SQS batch of changed tracks -> index. What cannot be indexed is parked one by one; the rest is indexed."""
    services = bootstrap.services()
    return _together(
        event,
        TracksChanged.from_json,
        lambda asked: index_batch(asked, services),
        partial(park_batch, services=services),
    )


def compact_index(event: dict[str, object], _context: object) -> BatchAnswer:
    """SQS requests for upkeep -> the indexes compacted where that is due, and their garbage removed."""
    services = bootstrap.services()
    return _together(event, KeepUp.from_json, lambda asked: keep_up(asked, services), _leave_to_the_next_change)


def reconcile_index(_event: object, context: LambdaContext) -> None:
    """The clock -> what failed is tried again, and some of the tracks are compared with the index."""
    reconcile = bootstrap.reconcile()
    asked_again = reconcile.ask_again()
    differing = reconcile.compare(lambda: context.get_remaining_time_in_millis() < _RESERVE_MS)
    logger().info("reconciled", asked_again=asked_again, differing=differing)


def _together(
    event: dict[str, object],
    read: Callable[[str], _Asked],
    work: Callable[[Sequence[_Asked]], None],
    give_up: Callable[[Sequence[_Asked], Exception], None],
) -> BatchAnswer:
    """Do what the messages of a batch ask for, in one go."""
    records = list(SQSEvent(event).records)
    asked: list[_Asked] = []
    for record in records:
        try:
            asked.append(read(record.body))
        except InvalidInput as error:  # nothing is lost with it: the table tells, and is looked at by the clock
            logger().error("a message cannot be read", message_id=record.message_id, error=error.message)
            emit("WorkGivenUp", reason=type(error).__name__)
    attempt = bootstrap.deliveries().attempt_together
    return batch_answer(attempt(records, lambda: work(asked), lambda error: give_up(asked, error)))


def _leave_to_the_next_change(_asked: Sequence[KeepUp], _error: Exception) -> None:
    """Whoever changes the index asks for upkeep again: at once in a new process, within the hour in one that has."""
