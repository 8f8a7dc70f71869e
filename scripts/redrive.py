"""Dead letters: shows what is in them and, when told to, sends them back: `python -m scripts.redrive --help`.

A message goes back to its queue before it leaves the dead letters, so that nothing is lost in between; where that makes
a duplicate, the functions do not mind.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from earshot.errors import EarshotError
from scripts.stages import deployment_of

QUEUES = ("crawl", "fetch", "extract", "compact")
INDEX_FAILED = "index-failed"
"""Tracks that could not be read, and positions of stream records that failed: `make repair` indexes what can be."""
_SHOWN = 10
_HIDDEN_WHILE_SHOWN_S = 1
_HIDDEN_WHILE_MOVED_S = 60


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """What waits in one dead-letter queue: how many, and the first few bodies."""

    queue: str
    count: int
    bodies: tuple[str, ...]


def look(sqs: Any, stage: str, queue: str) -> DeadLetters:
    """How many dead letters `queue` has, and some of them; they stay where they are."""
    url = _dead_url(sqs, stage, queue)
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    count = sum(int(attributes[name]) for name in names)
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


def send_back(sqs: Any, stage: str, queue: str) -> int:
    """Move every dead letter of `queue` back to it; those of `index-failed` are dropped. Returns how many."""
    dead = _dead_url(sqs, stage, queue)
    alive = None if queue == INDEX_FAILED else sqs.get_queue_url(QueueName=f"earshot-{stage}-{queue}")["QueueUrl"]
    moved = 0
    for message in _received(sqs, dead):
        if alive is not None:
            sqs.send_message(QueueUrl=alive, MessageBody=message["Body"])
        sqs.delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])
        moved += 1
    return moved


def _received(sqs: Any, url: str) -> Iterator[dict[str, Any]]:
    # Long enough for what was shown a moment ago to come back into sight.
    wait_s = _HIDDEN_WHILE_SHOWN_S + 1
    while messages := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=_HIDDEN_WHILE_MOVED_S, WaitTimeSeconds=wait_s
    ).get("Messages", []):
        yield from messages


def _dead_url(sqs: Any, stage: str, queue: str) -> str:
    name = f"earshot-{stage}-{queue}" if queue == INDEX_FAILED else f"earshot-{stage}-{queue}-dlq"
    url: str = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    return url


def described(body: str) -> str:
    """A message on one line: JSON without its braces where it is JSON, cut to what fits a terminal."""
    try:
        body = ", ".join(f"{key}={value}" for key, value in json.loads(body).items() if value is not None)
    except (ValueError, AttributeError):
        body = repr(body)
    return body if len(body) <= 160 else body[:157] + "…"


def main() -> int:
    """Show every queue's dead letters, and send back those asked for."""
    parser = argparse.ArgumentParser(description="Show dead letters, and send them back.")
    parser.add_argument("stage")
    parser.add_argument("--send", choices=(*QUEUES, INDEX_FAILED), help="the queue whose dead letters go back")
    wanted = parser.parse_args()
    try:
        deployment = deployment_of(wanted.stage)
        _ = deployment.parameters  # says so where there is no such stage
        sqs = deployment.session.client("sqs")
    except EarshotError as error:
        print(f"error: {error}\n{error.hint}".rstrip(), file=sys.stderr)
        return 1
    for queue in (*QUEUES, INDEX_FAILED):
        letters = look(sqs, wanted.stage, queue)
        print(f"{queue}: {letters.count or 'none'}")
        for body in letters.bodies:
            print(f"    {described(body)}")
    if wanted.send:
        moved = send_back(sqs, wanted.stage, wanted.send)
        print(f"{moved} {'dropped from' if wanted.send == INDEX_FAILED else 'sent back to'} {wanted.send}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
