"""Dead letters: shows what is in them and, when told to, sends them back.

A message goes back to its queue before it leaves the dead letters, so that nothing is lost in between; where that makes
a duplicate, the functions do not mind.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from earshot.stores.message_queue import FifoQueue, MessageQueue
from ops.deployment import Deployment
from ops.queue_table import queue_table
from ops.terminal import Say

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.type_defs import MessageTypeDef

_SHOWN = 10
_HIDDEN_WHILE_SHOWN_S = 1
_HIDDEN_WHILE_MOVED_S = 60


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """What waits in one dead-letter queue: how many, and the first few bodies."""

    queue: str
    count: int
    bodies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Letter:
    body: str

    def to_json(self) -> str:
        return self.body


def show(deployment: Deployment, say: Say) -> None:
    """Say of every queue how many dead letters it has, and what stands in some of them."""
    _ = deployment.parameters  # says so where there is no such stage
    for queue in queue_table().names:
        letters = look(deployment.sqs, deployment.stage, queue)
        say(f"{queue}: {letters.count or 'none'}")
        for body in letters.bodies:
            say(f"    {described(body)}")


def look(sqs: "SQSClient", stage: str, queue: str) -> DeadLetters:
    """How many dead letters `queue` has, and some of them; they stay where they are."""
    url = _dead_url(sqs, stage, queue)
    attributes = sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    )["Attributes"]
    count = sum(map(int, attributes.values()))
    messages = (
        sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=_SHOWN,
            VisibilityTimeout=_HIDDEN_WHILE_SHOWN_S,
            WaitTimeSeconds=1,  # without waiting SQS asks only some of its servers, and shows fewer than there are
        ).get("Messages", [])
        if count
        else []
    )
    return DeadLetters(queue, count, tuple(message["Body"] for message in messages))


def send_back(sqs: "SQSClient", stage: str, queue: str) -> int:
    """Move every dead letter of `queue` back to it, or drop those of one that no function reads. Returns how many."""
    dead = _dead_url(sqs, stage, queue)
    alive = sqs.get_queue_url(QueueName=queue_table().name(queue, stage))["QueueUrl"] if is_work(queue) else None
    moved = 0
    for message in _received(sqs, dead):
        if alive is not None and queue_table().work[queue].fifo:
            FifoQueue(sqs, alive).send(_Letter(message["Body"]))
        elif alive is not None:
            MessageQueue(sqs, alive).send(_Letter(message["Body"]))
        sqs.delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])
        moved += 1
    return moved


def is_work(queue: str) -> bool:
    """Whether a function reads the queue, so that its letters can be tried again."""
    return queue in queue_table().work


def _received(sqs: "SQSClient", url: str) -> "Iterator[MessageTypeDef]":
    # Long enough for what was shown a moment ago to come back into sight.
    wait_s = _HIDDEN_WHILE_SHOWN_S + 1
    while messages := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=_HIDDEN_WHILE_MOVED_S, WaitTimeSeconds=wait_s
    ).get("Messages", []):
        yield from messages


def _dead_url(sqs: "SQSClient", stage: str, queue: str) -> str:
    return sqs.get_queue_url(QueueName=queue_table().dead_name(queue, stage))["QueueUrl"]


def described(body: str) -> str:
    """A message on one line: JSON without its braces where it is JSON, cut to what fits a terminal."""
    try:
        body = ", ".join(f"{key}={value}" for key, value in json.loads(body).items() if value is not None)
    except (ValueError, AttributeError):
        body = repr(body)
    return body if len(body) <= 160 else body[:157] + "…"
