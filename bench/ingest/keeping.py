"""What it costs that the embedded AWS answers when its file has it: beside MiniStack as it comes, in turns."""

import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bench.figures import Figures
from local import embedded_aws
from local.resources import create_all
from tests.aws import Endpoint, free_ports

_ROUNDS, _TRACKS = 8, 20
_SOUND = os.urandom(480_000)
_EMBEDDING = os.urandom(1_248)
_TABLE, _BUCKET, _QUEUE = "earshot-test-tracks", "earshot-test-index", "earshot-test-fetch"


def cost_of_keeping(folder: Path) -> Figures:
    """Of each, CPU and wall milliseconds of AWS for a track; the ratio of CPU, and the median one of wall time."""
    with _ministack(folder / "plain") as plain, _embedded(folder / "kept") as kept:
        for served in (plain, kept):
            _track_s(served.session, 0)
        before = [served.cpu_s() for served in (plain, kept)]
        times = [(_track_s(plain.session, number), _track_s(kept.session, number)) for number in range(1, _ROUNDS + 1)]
        cpu = [
            (served.cpu_s() - began) / (_ROUNDS * _TRACKS) for served, began in zip((plain, kept), before, strict=True)
        ]
    wall = [statistics.median(column) for column in zip(*times, strict=True)]
    return {
        "plain": {"cpu_ms": cpu[0] * 1e3, "wall_ms": wall[0] * 1e3},
        "kept": {"cpu_ms": cpu[1] * 1e3, "wall_ms": wall[1] * 1e3},
        "cpu_ratio": cpu[1] / cpu[0],
        "wall_ratio": statistics.median(after / before for before, after in times),
    }


@dataclass(frozen=True, slots=True)
class _Served:
    session: Endpoint
    pid: int

    def cpu_s(self) -> float:
        used = psutil.Process(self.pid).cpu_times()
        return used.user + used.system


def _track_s(session: Endpoint, round_: int) -> float:
    """Seconds for what a crawl asks of AWS for a track, more or less: four messages and items, an object."""
    dynamodb, sqs, s3 = session.client("dynamodb"), session.client("sqs"), session.client("s3")
    url = sqs.get_queue_url(QueueName=_QUEUE)["QueueUrl"]
    began = time.perf_counter()
    for number in range(_TRACKS):
        key: dict[str, Any] = {"track_id": {"S": f"deezer:{round_}-{number}"}}
        dynamodb.put_item(TableName=_TABLE, Item={**key, "title": {"S": "A song"}, "status": {"S": "pending"}})
        sqs.send_message(QueueUrl=url, MessageBody="x" * 300)
        (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
        s3.put_object(Bucket=_BUCKET, Key=f"{round_}/{number}", Body=_SOUND)
        s3.get_object(Bucket=_BUCKET, Key=f"{round_}/{number}")["Body"].read()
        for value in (_EMBEDDING[:600], _EMBEDDING):
            dynamodb.update_item(
                TableName=_TABLE,
                Key=key,
                UpdateExpression="SET embedding = :embedding",
                ExpressionAttributeValues={":embedding": {"B": value}},
            )
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        s3.delete_object(Bucket=_BUCKET, Key=f"{round_}/{number}")
    return (time.perf_counter() - began) / _TRACKS


@contextmanager
def _embedded(state: Path) -> Iterator[_Served]:
    (port,) = free_ports(1)
    session = Endpoint(port)
    child = embedded_aws.start(port, state=state, log=state / "log", env=session.environment)
    embedded_aws.wait_until_it_answers(child, port)
    try:
        create_all(session, "test")
        yield _Served(session, child.pid)
    finally:
        child.stop(embedded_aws.STOP_TIMEOUT_S)


@contextmanager
def _ministack(state: Path) -> Iterator[_Served]:
    (port,) = free_ports(1)
    session = Endpoint(port)
    env = embedded_aws.settings(port, state, session.environment)
    process = subprocess.Popen([sys.executable, "-m", "ministack"], env=env, cwd=state, stdout=subprocess.DEVNULL)
    try:
        while not embedded_aws.healthy(port):
            if process.poll() is not None:
                raise RuntimeError("MiniStack did not start")
            time.sleep(0.05)
        create_all(session, "test")
        yield _Served(session, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(embedded_aws.STOP_TIMEOUT_S)
