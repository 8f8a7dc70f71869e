"""Plays from a topic by Structured Streaming: a source in Python, so that no jar is needed, and the intake in workers.

Spark's checkpoint says how far was read, and a batch counts as read once all of its plays are kept: at least once in,
and counted once, because a play that is kept twice is one (`listening.record`). No group of consumers is needed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.datasource import DataSource, DataSourceStreamReader, InputPartition
from pyspark.sql.streaming import StreamingQuery

from listening.bootstrap import record
from listening.kafka.dead_letters import DeadLetters, DeadLetterTopic, StayInTopic
from listening.kafka.intake import Intake
from listening.kafka.messages import TopicMessage
from listening.kafka.spans import Span, Topic

FORMAT = "earshot-topic"
_COLUMNS = "topic string, partition int, offset long, value binary, key binary, sent_ms long"
_TAKEN = "messages long"
_MOST = 2_000
"""Messages of a task: few enough for a worker's memory (20 MB at most), enough that Spark costs little."""
_PREFIX = "kafka."


class Plays(DataSource):  # type: ignore[misc]  # its types are in an environment of their own
    """A topic as Spark reads it. Options: ``topic``, and settings of librdkafka behind ``kafka.``."""

    @classmethod
    def name(cls) -> str:
        """What `format` is given."""
        return FORMAT

    def schema(self) -> str:
        """A message a row."""
        return _COLUMNS

    def streamReader(self, schema: object) -> "Reader":  # noqa: ARG002, N802 (Spark's name)
        """See `Reader`."""
        config = {name.removeprefix(_PREFIX): value for name, value in self.options.items() if name.startswith(_PREFIX)}
        return Reader(config, self.options["topic"])


@dataclass
class Part(InputPartition):  # type: ignore[misc]
    """What one task reads."""

    span: Span


class Reader(DataSourceStreamReader):  # type: ignore[misc]
    """Spans of a topic. An offset is, for each partition, the number of the message that comes next."""

    def __init__(self, config: Mapping[str, str], topic: str) -> None:
        self._config, self._topic = dict(config), topic

    def initialOffset(self) -> dict[str, int]:  # noqa: N802
        """From the first message that is there."""
        return {str(number): first for number, (first, _) in self._all().ends().items()}

    def latestOffset(self) -> dict[str, int]:  # noqa: N802
        """Up to the last."""
        return {str(number): end for number, (_, end) in self._all().ends().items()}

    def partitions(self, start: dict[str, int], end: dict[str, int]) -> list[InputPartition]:
        """At most 2,000 messages each. A partition that is new begins at its beginning."""
        return [
            Part(Span(self._topic, int(number), first, min(first + _MOST, last)))
            for number, last in end.items()
            for first in range(start.get(number, 0), last, _MOST)
        ]

    def read(self, partition: InputPartition) -> Iterator[tuple[object, ...]]:
        """The messages of a part. Runs in the workers."""
        for message in self._all().read(partition.span):
            yield (message.topic, message.partition, message.offset, message.value, message.key, message.sent_ms)

    def _all(self) -> Topic:
        return Topic(self._config, self._topic)


def take_in(
    spark: SparkSession,
    config: Mapping[str, str],
    topic: str,
    *,
    checkpoint: str,
    every_s: float = 1.0,
    dead_letter_topic: str | None = None,
) -> StreamingQuery:
    """Begin to take plays in from `topic`; who began it ends it.

    Args:
        spark: a session whose workers have the environment of `record_plays`.
        config: settings of librdkafka; ``bootstrap.servers`` must be among them.
        topic: where plays are written.
        checkpoint: a folder, or whatever Spark writes to: how far was read.
        every_s: between the beginnings of two batches.
        dead_letter_topic: where messages go that are no plays; None: they stay where they are, and the log says where.
    """
    spark.dataSource.register(Plays)
    options = {f"{_PREFIX}{name}": value for name, value in config.items()}
    stream = spark.readStream.format(FORMAT).options(topic=topic, **options).load()
    keep = partial(_keep, config=dict(config), dead_letter_topic=dead_letter_topic)
    query = stream.writeStream.foreachBatch(keep).option("checkpointLocation", checkpoint)
    return query.trigger(processingTime=f"{every_s} seconds").start()


def _keep(frame: DataFrame, _: int, config: Mapping[str, str], dead_letter_topic: str | None) -> None:
    worker = partial(taken_in, config=config, dead_letter_topic=dead_letter_topic)
    frame.mapInArrow(worker, _TAKEN).collect()


def taken_in(
    batches: Iterator[pa.RecordBatch], config: Mapping[str, str], dead_letter_topic: str | None
) -> Iterator[pa.RecordBatch]:
    """Messages -> how many were taken in: their plays are kept. Runs in the workers."""
    intake = Intake(record(), _letters(config, dead_letter_topic))
    for batch in batches:
        rows = batch.to_pylist()
        intake.take([TopicMessage(**{name: row[name] or _EMPTY.get(name, row[name]) for name in row}) for row in rows])
        yield pa.RecordBatch.from_pydict({"messages": [len(rows)]})


_EMPTY = {"value": b"", "key": b""}


def _letters(config: Mapping[str, str], topic: str | None) -> DeadLetters:
    if topic is None:
        return StayInTopic()
    from listening.kafka.consuming import sender

    return DeadLetterTopic(sender(config, topic))
