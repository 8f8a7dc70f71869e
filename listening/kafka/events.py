"""What Lambda hands a function whose event source is a topic of MSK or of any other Apache Kafka."""

import base64
from collections.abc import Iterator, Mapping
from typing import cast

from listening.kafka.messages import TopicMessage

KAFKA = ("aws:kafka", "SelfManagedKafka")
"""What such an event calls its source."""


def messages_in(event: Mapping[str, object]) -> Iterator[TopicMessage]:
    """The messages, partition by partition, each in its order. One without a value (a tombstone) is an empty one."""
    for records in cast("Mapping[str, list[Mapping[str, object]]]", event["records"]).values():
        for record in records:
            sent_ms = record.get("timestamp")
            yield TopicMessage(
                str(record["topic"]),
                int(cast("int", record["partition"])),
                int(cast("int", record["offset"])),
                _bytes(record.get("value")),
                _bytes(record.get("key")),
                sent_ms if isinstance(sent_ms, int) and sent_ms > 0 else None,
            )


def _bytes(encoded: object) -> bytes:
    return base64.b64decode(encoded) if isinstance(encoded, str) else b""
