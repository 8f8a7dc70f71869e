"""`python -m listening.kafka` between a real broker and the stores: whatever kills it, every play is kept, once."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from confluent_kafka import Producer

from earshot.plays import ListenerId, Play, listener_of
from earshot.stores.listeners_table import ListenersTable
from earshot.stores.plays_lake import PlaysLake
from listening.parquet import Plays
from tests.aws import Endpoint
from tests.kafka.conftest import until

_ROOT = Path(__file__).parents[2]
_PLAYS, _BAD, _KILLS = 1_500, 2, 2
_SONGS = 7
_AT = 1_790_000_000
_REBALANCE = "session.timeout.ms=6000\nmax.poll.interval.ms=12000\nheartbeat.interval.ms=1000\n"
"""Tansu lets a group begin after half the poll interval; a member that was killed is out when its session is over."""
_LISTENERS = ("ana", "ben", "eva")


def _listener(name: str) -> ListenerId:
    return listener_of(hashlib.sha256(name.encode()).hexdigest())


class _Kept:
    """What the stores hold."""

    def __init__(self, aws: Endpoint, folder: Path) -> None:
        self.lake, self._folder = PlaysLake(aws.client("s3"), "plays"), folder
        self.table = ListenersTable(aws.client("dynamodb"), "listeners")

    def plays(self) -> list[Play]:
        """All of the lake, twice where they are there twice."""
        reader = Plays(self._folder)
        return [play for found in self.lake.objects() for play in reader.unpack(self.lake.read(found) or b"")]

    def objects(self) -> int:
        return len(list(self.lake.objects()))

    def has_more_than(self, objects: int) -> bool:
        return self.objects() > objects

    def recent(self, name: str) -> list[Play]:
        return self.table.recent(_listener(name), _PLAYS)

    def times(self) -> set[int]:
        return {play.listened_at - _AT for play in self.plays()}


@contextmanager
def _consumer(bootstrap_server: str, aws: Endpoint, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    (folder / "librdkafka").write_text(_REBALANCE)
    words = ["--bootstrap", bootstrap_server, "--topic", "plays", "--config", str(folder / "librdkafka")]
    names = {
        "TRACKS_TABLE": "tracks",
        "CRAWLS_TABLE": "crawls",
        "LISTENERS_TABLE": "listeners",
        "PLAYS_BUCKET": "plays",
    }
    env = os.environ | aws.environment | {f"EARSHOT_{name}": value for name, value in names.items()}
    env |= {"EARSHOT_STAGE": "test", "EARSHOT_PLAYS_WORK_DIR": str(folder / "work"), "PYTHONPATH": str(_ROOT)}
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "listening.kafka", *words], cwd=folder, env=env, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


def _produce(bootstrap_server: str, numbers: Sequence[int]) -> None:
    producer = Producer({"bootstrap.servers": bootstrap_server, "batch.num.messages": 20})
    for number in numbers:
        play = {
            "listened_at": _AT + number,
            "title": f"Song {number % _SONGS}",
            "artists": ["Aiko Mori"],
            "skipped": False,
        }
        producer.produce("plays", json.dumps(play), key=_LISTENERS[number % len(_LISTENERS)])
        producer.poll(0)
    assert producer.flush(30) == 0


@pytest.mark.timeout(180)
def test_every_play_is_kept_once_whatever_kills_its_reader(
    bootstrap_server: str, aws: Endpoint, tmp_path: Path
) -> None:
    kept = _Kept(aws, tmp_path)
    _produce(bootstrap_server, range(_PLAYS // 2))
    producer = Producer({"bootstrap.servers": bootstrap_server})
    for value in (b"\xff\x00", b'{"listener": "ana"}'):
        producer.produce("plays", value)
    assert producer.flush(30) == 0
    _produce(bootstrap_server, range(_PLAYS // 2, _PLAYS))
    for _ in range(_KILLS):  # each while it works: it has kept something
        before = kept.objects()
        with _consumer(bootstrap_server, aws, tmp_path):
            until(partial(kept.has_more_than, before), f"something is kept; {tmp_path / 'log'}")
    with _consumer(bootstrap_server, aws, tmp_path) as process:
        until(lambda: len(kept.times()) == _PLAYS, f"all are kept; {tmp_path / 'log'}")
        # A reader that was killed after the lake had its plays leaves the table to the next one.
        until(lambda: sum(len(kept.recent(name)) for name in _LISTENERS) == _PLAYS, "all are in the table, too")
        letters = tmp_path / "dead-letters.jsonl"
        until(lambda: letters.exists() and len(_reasons(letters)) == _BAD, "both others are put aside")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, (tmp_path / "log").read_text()
    assert _reasons(letters) == {"no_json", "unknown"}
    plays = {(play.listener, play.key) for play in kept.plays()}
    assert len(plays) == _PLAYS
    for name in _LISTENERS:
        recent = kept.recent(name)
        assert len(recent) == len({play.key for play in recent}) == _PLAYS // len(_LISTENERS)
    objects = kept.objects()
    _produce(bootstrap_server, [_PLAYS])
    with _consumer(bootstrap_server, aws, tmp_path) as process:  # what was called read does not come again
        until(lambda: _PLAYS in kept.times(), "one more is kept")
        assert kept.objects() == objects + 1


def _reasons(letters: Path) -> set[str]:
    return {json.loads(line)["reason"] for line in letters.read_text().splitlines()}
