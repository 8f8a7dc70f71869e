"""A topic as spans of offsets: how far it reaches, and what is in a part of it. No group of consumers, no memory."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from earshot.errors import InvalidSettings
from listening.kafka.messages import TopicMessage

_TIMEOUT_S = 30.0
_GROUP = "earshot-spans"
"""librdkafka wants the name of a group even of who joins none."""
_OWN: Mapping[str, str | bool] = {
    "group.id": _GROUP,
    "enable.auto.commit": False,
    "enable.partition.eof": True,
    "auto.offset.reset": "error",  # what the topic has deleted before anybody read it is lost: that shall be said
}


@dataclass(frozen=True, slots=True)
class Span:
    """The messages of a partition from `first` up to, without, `end`."""

    topic: str
    partition: int
    first: int
    end: int


class Topic:
    """A topic, asked from anywhere.

    Args:
        config: settings of librdkafka; ``bootstrap.servers`` must be among them.
        name: the topic's.
        timeout_s: for so long the broker may say nothing.
    """

    def __init__(self, config: Mapping[str, str], name: str, *, timeout_s: float = _TIMEOUT_S) -> None:
        self._config = {**config, **_OWN}
        self._name = name
        self._timeout_s = timeout_s

    def ends(self) -> dict[int, tuple[int, int]]:
        """Of each partition the first offset that is there, and the one after the last.

        Raises:
            InvalidSettings: there is no such topic.
            KafkaException: the broker does not answer.
        """
        with closing(Consumer(self._config)) as consumer:
            found = consumer.list_topics(self._name, timeout=self._timeout_s).topics[self._name]
            if found.error is not None or not found.partitions:
                raise InvalidSettings(
                    f"there is no topic {self._name!r}", hint=str(found.error or "It has no partition.")
                )
            return {
                number: consumer.get_watermark_offsets(TopicPartition(self._name, number), timeout=self._timeout_s)
                for number in found.partitions
            }

    def read(self, span: Span) -> Iterator[TopicMessage]:
        """The messages of a span, all of them.

        Raises:
            KafkaException: some cannot be had (any longer): none counts as read.
        """
        with closing(Consumer(self._config)) as consumer:
            consumer.assign([TopicPartition(span.topic, span.partition, span.first)])
            while True:
                message = consumer.poll(self._timeout_s)  # many at once would be waited for until there are so many
                if message is None:
                    raise KafkaException(
                        KafkaError(KafkaError._TIMED_OUT, f"{span}: nothing for {self._timeout_s:.0f} s")
                    )
                offset = message.offset() or 0
                if _is_end(message) or offset >= span.end:
                    return
                yield message_of(message)
                if offset + 1 >= span.end:
                    return


def _is_end(message: Message) -> bool:
    error = message.error()
    if error is None:
        return False
    if error.code() == KafkaError._PARTITION_EOF:
        return True  # what was compacted away at the end of a span is no message
    raise KafkaException(error)


def message_of(message: Message) -> TopicMessage:
    """What librdkafka has read, as we have it."""
    _, sent_ms = message.timestamp()
    return TopicMessage(
        message.topic() or "",
        message.partition() or 0,
        message.offset() or 0,
        message.value() or b"",
        message.key() or b"",
        sent_ms if sent_ms > 0 else None,
    )
