"""Structured Streaming between a real broker and the stores: from its checkpoint on, every play is kept, once."""

import json
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import pytest
from confluent_kafka import KafkaException, Producer
from pyspark.sql import SparkSession
from pyspark.sql.streaming import StreamingQuery

from earshot.errors import InvalidSettings
from earshot.stores.plays_lake import PlaysLake
from listening.kafka import spark as door
from listening.kafka.spans import Span, Topic
from listening.parquet import Plays
from tests.aws import Endpoint
from tests.kafka.conftest import aws as stage
from tests.kafka.conftest import bootstrap_server, until

__all__ = ["bootstrap_server", "stage"]  # fixtures
_TOPIC, _AT = "streamed", 1_790_000_000
_PATIENCE_S = 120
_NAMES = {
    "STAGE": "test",
    "TRACKS_TABLE": "tracks",
    "CRAWLS_TABLE": "crawls",
    "LISTENERS_TABLE": "listeners",
    "PLAYS_BUCKET": "plays",
}


def _produce(server: str, numbers: Iterable[int], partition: int = -1) -> None:
    producer = Producer({"bootstrap.servers": server, "batch.num.messages": 1})  # Tansu's end of a topic counts batches
    for number in numbers:
        play = {"listened_at": _AT + number, "title": f"Song {number % 7}", "artists": ["Aiko Mori"], "listener": "ana"}
        producer.produce(_TOPIC, b"\xff" if number == 5 else json.dumps(play).encode(), partition=partition)
    assert producer.flush(30) == 0


def _is_over(query: StreamingQuery, holds: Callable[[], bool]) -> bool:
    return not query.isActive or holds()


@pytest.mark.timeout(3 * _PATIENCE_S)
def test_a_stream_goes_on_where_its_checkpoint_says_and_keeps_every_play_once(
    spark: SparkSession, bootstrap_server: str, stage: Endpoint, tmp_path: Path
) -> None:
    work = {"EARSHOT_PLAYS_WORK_DIR": str(tmp_path / "work")}
    spark.sparkContext.environment.update(
        {**stage.environment, **{f"EARSHOT_{name}": value for name, value in _NAMES.items()}, **work}
    )
    lake, reader = PlaysLake(stage.client("s3"), "plays"), Plays(tmp_path)
    checkpoint = tmp_path / "checkpoint"

    def kept() -> list[int]:
        plays = (play for found in lake.objects() for play in reader.unpack(lake.read(found) or b""))
        return [play.listened_at - _AT for play in plays]

    def stream(wanted: set[int]) -> None:
        """Until they are kept; begun anew where no worker could start within the ten seconds that Spark allows."""
        settings = {"bootstrap.servers": bootstrap_server}
        for _ in range(4):
            if wanted <= set(kept()):
                return
            query = door.take_in(spark, settings, _TOPIC, checkpoint=str(checkpoint), every_s=0.2)
            try:
                until(partial(_is_over, query, lambda: wanted <= set(kept())), "all are kept", _PATIENCE_S)
                failed = query.exception()
                assert failed is None or "failed to connect back" in str(failed), failed
                if failed is None:
                    query.processAllAvailable()
            finally:
                query.stop()
        assert wanted <= set(kept())

    _produce(bootstrap_server, range(60))
    stream(set(range(60)) - {5})
    assert set(kept()) == set(range(60)) - {5}
    _produce(bootstrap_server, range(60, 80))
    last = max(checkpoint.glob("commits/[0-9]*"), key=lambda path: int(path.name))
    for path in (last, last.with_name(f".{last.name}.crc")):  # as if it had died after keeping, before saying so
        path.unlink()
    stream(set(range(80)) - {5})
    assert set(kept()) == set(range(80)) - {5}
    (folder,) = {found.day for found in lake.objects()}
    files = []
    for number, found in enumerate(lake.objects()):
        files.append(tmp_path / f"{number}.parquet")
        files[-1].write_bytes(lake.read(found) or b"")
    merged = [play.listened_at - _AT for packed in reader.merge(files) for play in reader.unpack(packed.body)]
    assert sorted(merged) == sorted(set(range(80)) - {5}), folder


@pytest.mark.timeout(25)  # reading a few messages must not wait for as many as a span could have
def test_a_span_is_read_whole_and_what_is_not_there_is_not_passed_over(bootstrap_server: str) -> None:
    settings = {"bootstrap.servers": bootstrap_server}
    topic = Topic(settings, _TOPIC)
    _produce(bootstrap_server, range(10), partition=0)
    first, end = topic.ends()[0]
    assert end >= first + 10
    wanted = list(range(first + 3, first + 7))
    assert [message.offset for message in topic.read(Span(_TOPIC, 0, wanted[0], wanted[-1] + 1))] == wanted
    with pytest.raises(KafkaException):
        list(Topic(settings, _TOPIC, timeout_s=2).read(Span(_TOPIC, 0, end + 100, end + 101)))


def test_a_topic_that_is_not_there_is_named(bootstrap_server: str) -> None:
    with pytest.raises(InvalidSettings, match="'nowhere'"):
        Topic({"bootstrap.servers": bootstrap_server, "allow.auto.create.topics": "false"}, "nowhere").ends()
