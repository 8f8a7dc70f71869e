"""Reading a topic of librdkafka's own broker, which runs in this process: nothing is lost, whatever fails."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError
from confluent_kafka import Consumer, Message, Producer

from earshot.messages import RecordPlays
from listening.kafka import consuming
from listening.kafka.consuming import consume, sender
from listening.kafka.dead_letters import DeadLetterFile, DeadLetters, DeadLetterTopic
from listening.kafka.intake import Intake

_PATIENCE_S = 15.0


@dataclass
class _Recording:
    """Keeps titles; raises first what it was told to."""

    failures: list[Exception] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)

    def run(self, messages: Sequence[RecordPlays]) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.titles += [play.title for message in messages for play in message.plays]


@pytest.fixture(scope="module")
def broker() -> Iterator[Producer]:
    producer = Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "here", "log_level": 0})
    yield producer
    producer.flush(5)


@pytest.fixture
def config(broker: Producer, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setattr(consuming, "_POLL_S", 0.1)
    monkeypatch.setattr(consuming, "_TRIES", 2)
    (one,) = broker.list_topics(timeout=5).brokers.values()
    return {"bootstrap.servers": f"{one.host}:{one.port}", "group.id": "earshot", "group.protocol": "consumer"}


def _send(broker: Producer, topic: str, *titles: str) -> None:
    for title in titles:
        play = f'{{"listener": "me", "listened_at": 1700000000, "title": "{title}", "artists": ["A"]}}'
        broker.produce(topic, play if title else "nothing")
    broker.flush(5)


def _until(is_done: Callable[[], bool]) -> Callable[[], bool]:
    deadline = time.monotonic() + _PATIENCE_S
    return lambda: is_done() or time.monotonic() > deadline


def _take(record: _Recording, letters: DeadLetters, config: dict[str, str], topic: str, most: int) -> None:
    consume(Intake(record, letters), config, topic, _until(lambda: len(record.titles) >= most))


def test_plays_are_kept_once_and_the_rest_is_put_aside(
    broker: Producer, config: dict[str, str], tmp_path: Path
) -> None:
    first, second = _Recording(), _Recording()
    letters = DeadLetterFile(tmp_path / "letters.jsonl")
    _send(broker, "plays", "One", "", "Two")
    _take(first, letters, config, "plays", 2)
    _send(broker, "plays", "Three")
    _take(second, letters, config, "plays", 1)
    assert sorted(first.titles) == ["One", "Two"]
    assert second.titles == ["Three"]
    assert (tmp_path / "letters.jsonl").read_text().count("no_json") == 1


def test_what_could_not_be_kept_comes_again(broker: Producer, config: dict[str, str], tmp_path: Path) -> None:
    gone = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
    first, second = _Recording([gone, gone]), _Recording([gone])
    letters = DeadLetterFile(tmp_path / "letters.jsonl")
    _send(broker, "again", "One")
    with pytest.raises(EndpointConnectionError):
        _take(first, letters, config, "again", 1)
    _take(second, letters, config, "again", 1)  # its first try fails, too
    assert (first.titles, second.titles) == ([], ["One"])


def test_a_topic_of_dead_letters_says_why_and_from_where(broker: Producer, config: dict[str, str]) -> None:
    _send(broker, "mixed", "", "One")
    record = _Recording()
    _take(record, DeadLetterTopic(sender(config, "dead")), config, "mixed", 1)
    reader = Consumer({**config, "group.id": "reader", "auto.offset.reset": "earliest"})
    reader.subscribe(["dead"])
    letters: list[Message] = []
    over = _until(lambda: bool(letters))
    while not over():
        letters += reader.consume(1, 0.1)
    reader.close()
    assert letters[0].value() == b"nothing"
    headers = dict(letters[0].headers() or ())
    assert headers["earshot-reason"] == b"no_json"
    assert str(headers["earshot-from"]).startswith("b'mixed/")
