"""From a topic to a function. The queue in between is ours alone; the function sees what SNS would hand it."""

import json
from collections.abc import Mapping
from typing import cast

from local.channel import Event
from local.functions import Invocable, Outcome
from local.sqs_poller import SqsRecord

_RENAMED = {"SigningCertURL": "SigningCertUrl", "UnsubscribeURL": "UnsubscribeUrl"}


def sns_event(envelope: Mapping[str, object], topic_arn: str) -> Event:
    """The Lambda event of a notification, from the envelope that SNS puts into a queue."""
    notification = {_RENAMED.get(name, name): value for name, value in envelope.items()}
    return {
        "Records": [
            {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "EventSubscriptionArn": f"{topic_arn}:00000000-0000-0000-0000-000000000000",
                "Sns": {"Subject": None, "MessageAttributes": {}, **notification},
            }
        ]
    }


class TopicSubscriber:
    """Takes SQS events that carry notifications and invokes the function once per notification, as SNS does.

    Args:
        function: takes the SNS events.
        topic_arn: where they come from.
    """

    def __init__(self, function: Invocable, topic_arn: str) -> None:
        self._function = function
        self._topic_arn = topic_arn

    def invoke(self, event: Event) -> Outcome:
        """The first failure, or success."""
        for record in cast("list[SqsRecord]", event["Records"]):
            outcome = self._function.invoke(sns_event(json.loads(record["body"]), self._topic_arn))
            if outcome.failed:
                return outcome
        return Outcome()
