"""An SQS queue of messages."""

import math
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

_BATCH_LIMIT = 10
_HIDDEN_S = 60
_ONE_GROUP = "all"
MAX_DELAY_S = 900


class Message(Protocol):
    """What can be sent: the messages of `earshot.messages`."""

    def to_json(self) -> str:
        """The message's body."""


class MessageQueue:
    """Sends messages.

    Args:
        client: a boto3 SQS client.
        url: the queue's URL.
    """

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, message: Message, *, delay_s: float = 0) -> None:
        """Send one message, to be delivered after `delay_s` seconds (rounded up, cut at 15 minutes)."""
        self._client.send_message(
            QueueUrl=self._url,
            MessageBody=message.to_json(),
            DelaySeconds=max(0, min(MAX_DELAY_S, math.ceil(delay_s))),
        )

    def send_all(self, messages: Sequence[Message]) -> None:
        """Send `messages`, ten per request.

        Raises:
            ClientError: some were refused three times; the others have been sent.
        """
        for start in range(0, len(messages), _BATCH_LIMIT):
            entries: list[SendMessageBatchRequestEntryTypeDef] = [
                {"Id": str(number), "MessageBody": message.to_json()}
                for number, message in enumerate(messages[start : start + _BATCH_LIMIT])
            ]
            for attempt in range(3):
                time.sleep(0.1 * attempt)
                answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
                failed = {failure["Id"]: failure for failure in answer.get("Failed") or ()}
                entries = [entry for entry in entries if entry["Id"] in failed]
                if not entries:
                    break
            else:
                raise ClientError({"Error": {"Code": "BatchFailed", "Message": str(failed)}}, "SendMessageBatch")


class FifoQueue:
    """A queue that hands out its messages in turn, to one reader at a time: they are all of one message group.

    Args:
        client: a boto3 SQS client.
        url: the queue's URL.
    """

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, message: Message, *, deduplication_id: str | None = None) -> None:
        """Send one message.

        `deduplication_id`: for five minutes another message of this id is dropped, also one that comes after the first
        was dealt with. Without it none is.
        """
        self._client.send_message(
            QueueUrl=self._url,
            MessageBody=message.to_json(),
            MessageGroupId=_ONE_GROUP,
            MessageDeduplicationId=deduplication_id or secrets.token_hex(16),
        )


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that was received."""

    body: str
    receipt: str


class Letters:
    """The messages of a queue that nobody is woken by. Each is seen once, and stays until it is removed.

    Args:
        client: a boto3 SQS client.
        arn: the queue's ARN.
    """

    def __init__(self, client: "SQSClient", arn: str) -> None:
        self._client = client
        self._url = client.get_queue_url(QueueName=arn.rsplit(":", 1)[1])["QueueUrl"]

    def __iter__(self) -> Iterator[Letter]:
        while messages := self._client.receive_message(
            QueueUrl=self._url, MaxNumberOfMessages=_BATCH_LIMIT, VisibilityTimeout=_HIDDEN_S
        ).get("Messages"):
            for message in messages:
                yield Letter(message["Body"], message["ReceiptHandle"])

    def remove(self, letter: Letter) -> None:
        """It is dealt with."""
        self._client.delete_message(QueueUrl=self._url, ReceiptHandle=letter.receipt)
