"""What becomes of a message that failed: it comes back soon, and its last delivery ends the work that it asked for.

Lambda alone would leave it hidden for the queue's visibility timeout, up to half an hour, and after the last delivery
put it among the dead letters, where nobody who waits for the work hears of it.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from traceback import extract_tb
from typing import TYPE_CHECKING, TypedDict

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from botocore.exceptions import BotoCoreError, ClientError

from earshot.errors import DecoderCrashed
from earshot.telemetry import emit, logger

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

_LONGEST_PAUSE_S = 900


class _Failure(TypedDict):
    itemIdentifier: str


class BatchAnswer(TypedDict):
    """What Lambda is told of a batch: what it is to deliver again."""

    batchItemFailures: list[_Failure]


def batch_answer(failed: Iterable[str]) -> BatchAnswer:
    """All is done but these: message ids, or a stream's sequence numbers."""
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in failed]}


class Deliveries:
    """The deliveries of a function's queues.

    Args:
        client: a boto3 SQS client.
        most: how often a message is delivered before it becomes a dead letter.
    """

    def __init__(self, client: "SQSClient", most: int) -> None:
        self._client = client
        self._most = most
        self._url_of = cache(self._look_up)

    def attempt(self, record: SQSRecord, work: Callable[[], None], give_up: Callable[[Exception], None]) -> None:
        """Do the work that a message asks for.

        Whatever fails is raised again, and the message comes back after 1, 4, 16, … seconds. The last time, or once the
        error says that it was tried often enough, `give_up` is called instead: it ends the work with its reason, and
        the message is done.
        """
        try:
            work()
        except Exception as error:  # whatever it is: somebody waits for the work
            delivery = _delivery(record)
            enough = error.tries if isinstance(error, DecoderCrashed) else self._most
            if delivery < min(enough, self._most):
                self._come_back(record, _pause_s(delivery))
                raise
            logger().exception("given up", message_id=record.message_id, body=record.body)
            emit("WorkGivenUp", reason=type(error).__name__)
            give_up(error)

    def attempt_together(
        self, records: Sequence[SQSRecord], work: Callable[[], None], give_up: Callable[[Exception], None]
    ) -> list[str]:
        """Do the one piece of work that all messages of a batch ask for.

        Fails and comes back as in `attempt`. Where that was the last delivery of some of the messages, `give_up` is
        called once, and only the others come back.

        Returns:
            The ids of the messages that are to be delivered again although the batch was dealt with.
        """
        try:
            work()
        except Exception as error:  # as above
            last = [record for record in records if _delivery(record) >= self._most]
            again = [record for record in records if record not in last]
            for record in again:
                self._come_back(record, _pause_s(max(map(_delivery, again))))
            if not last:
                raise
            logger().exception("given up", message_ids=[record.message_id for record in last])
            emit("WorkGivenUp", reason=type(error).__name__)
            give_up(error)
            return [record.message_id for record in again]
        return []

    def attempt_apart(self, records: Sequence[SQSRecord], work: Callable[[Sequence[SQSRecord]], None]) -> list[str]:
        """Do the work that the messages of a batch ask for: all in one go, and where that fails each alone, so that one
        of them holds up no other.

        What fails comes back as in `attempt`, and is never given up: the last time it becomes a dead letter, for
        whoever gives dead letters back. The log tells where it failed, and nothing of what the messages say.

        Returns:
            The ids of the messages that are to be delivered again.
        """
        try:
            work(records)
        except Exception as error:  # noqa: BLE001 (as above)
            if len(records) > 1 and not isinstance(error, BotoCoreError | ClientError):  # AWS is as far away for each
                return [failed for record in records for failed in self.attempt_apart([record], work)]
            failed = [record.message_id for record in records]
            logger().error("not done", message_ids=failed, error=type(error).__name__, at=_place(error))
            for record in records:
                if _delivery(record) >= self._most:
                    emit("WorkGivenUp", reason=type(error).__name__)
                else:
                    self._come_back(record, _pause_s(_delivery(record)))
            return failed
        return []

    def _come_back(self, record: SQSRecord, seconds: int) -> None:
        try:
            self._client.change_message_visibility(
                QueueUrl=self._url_of(record.event_source_arn),
                ReceiptHandle=record.receipt_handle,
                VisibilityTimeout=seconds,
            )
        except (BotoCoreError, ClientError) as error:
            logger().warning("comes back only when the queue's visibility timeout is over", error=str(error))

    def _look_up(self, queue_arn: str) -> str:
        return self._client.get_queue_url(QueueName=queue_arn.rsplit(":", 1)[1])["QueueUrl"]


def _delivery(record: SQSRecord) -> int:
    """How often the message has been delivered, this time included."""
    return int(record.attributes.approximate_receive_count)


def _place(error: Exception) -> str:
    """Where it was raised; messages of errors may quote what they could not work with."""
    last = extract_tb(error.__traceback__)[-1]
    code = f", {error.response['Error']['Code']}" if isinstance(error, ClientError) else ""
    return f"{Path(last.filename).name}:{last.lineno}{code}"


def _pause_s(delivery: int) -> int:
    return int(min(_LONGEST_PAUSE_S, 4 ** (delivery - 1)))
