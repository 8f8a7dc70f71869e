"""Real processes: shards are killed, held up and started again under load, and nobody who asks gets an error."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from config.local import ROOT
from earshot.api_client import ApiClient
from earshot.errors import ApiError, ApiUnreachable, LocalStackError
from earshot.shards import Shard, shard_of
from ops.deployment import Deployment
from ops.shards import await_all, opened, served, try_shards
from tests.aws import Endpoint, environment, free_ports
from tests.unit.api.world import direction, publish, track

OF, N, TIMEOUT_S = 3, 30, 3.0
SEEDS = [f"deezer:{number}" for number in range(1, N + 1) if shard_of(f"deezer:{number}", OF) == 0]
TRYING = """
import sys, pathlib, boto3
from ops.deployment import Deployment
from ops.shards import try_shards
from ops.terminal import say
sys.exit(try_shards(Deployment(boto3.Session(), "trying"), pathlib.Path(sys.argv[1]), 1, int(sys.argv[2]), say))
"""
WHOLE, PART = {"answered": OF, "of": OF}, {"answered": OF - 1, "of": OF}


@dataclass
class City:
    """Shards, the front door, and who asks there."""

    door: ApiClient
    ports: list[int]
    folder: Path
    processes: dict[int, Any] = field(default_factory=dict)
    stack: ExitStack = field(default_factory=ExitStack)

    def start(self, shard: int) -> None:
        self.processes[shard] = self.stack.enter_context(served(f"shard-{shard}", self.ports[shard], self.folder))

    def similar(self, number: int = 0) -> Any:
        return self.door.get("/similar", track_id=SEEDS[number % len(SEEDS)], k=N).checked()

    def await_shards(self, expected: dict[str, int]) -> None:
        """Until answers are from so many."""
        for _ in range(600):
            with suppress(ApiError):  # not yet
                if self.similar()["shards"] == expected:
                    return
            time.sleep(0.05)
        raise AssertionError(f"never {expected}")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    *ports, at = free_ports(OF + 1)
    try:
        with environment(**Endpoint(server.get_host_and_port()[1]).environment):
            publish_shards()
            city = City(ApiClient(f"http://127.0.0.1:{at}"), ports, tmp_path_factory.mktemp("city"))
            with city.stack:
                for shard in range(OF):
                    city.start(shard)
                settings = {"EARSHOT_DOOR_TIMEOUT_S": str(TIMEOUT_S), "EARSHOT_DOOR_CHECK_EVERY_S": "0.2"}
                addresses = [[f"http://127.0.0.1:{port}"] for port in ports]
                city.stack.enter_context(opened(addresses, at, **settings))
                city.await_shards(WHOLE)
                yield city
    finally:
        server.stop()


def publish_shards() -> None:
    s3 = boto3.client("s3")
    region = s3.meta.region_name
    for shard in range(OF):
        s3.create_bucket(Bucket=f"shard-{shard}", CreateBucketConfiguration={"LocationConstraint": region})  # type: ignore[typeddict-item]
        numbers = [number for number in range(1, N + 1) if shard_of(f"deezer:{number}", OF) == shard]
        vectors = [direction(a0=1, a1=number / N) for number in numbers]
        publish(s3, list(map(track, numbers)), vectors, bucket=f"shard-{shard}", shard=Shard(shard, OF))


@dataclass
class Load:
    """Asks until it is over; notes from how many shards answers were, how long they took, and what failed."""

    city: City
    seen: list[tuple[float, dict[str, int], float]] = field(default_factory=list)
    failed: list[object] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Load":
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(3)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        for thread in self._threads:
            thread.join(10)

    def _ask(self, number: int) -> None:
        client = ApiClient(self.city.door.url)
        while not self.is_over.wait(0.03):
            number += 1
            started = time.monotonic()
            try:
                answer = client.get("/similar", track_id=SEEDS[number % len(SEEDS)], k=N)
                if answer.status != 200:
                    self.failed.append((answer.status, answer.body))
                    continue
                self.seen.append((started, answer.body["shards"], time.monotonic() - started))
            except ApiUnreachable as error:
                self.failed.append(error.message)


def test_a_shard_that_is_killed_under_load_is_missed_and_comes_back_without_an_error(city: City) -> None:
    with Load(city) as load:
        time.sleep(0.3)
        city.processes[2].kill()
        city.processes[2].wait()
        killed = time.monotonic()
        city.await_shards(PART)
        time.sleep(0.5)
        city.start(2)
        city.await_shards(WHOLE)
        whole_again = time.monotonic()
        time.sleep(0.3)
    assert load.failed == []
    assert all(shards == PART for started, shards, _ in load.seen if killed < started < killed + 0.4)
    assert all(shards == WHOLE for started, shards, _ in load.seen if started > whole_again)


def test_a_shard_that_hangs_costs_at_most_the_time_out(city: City) -> None:
    city.await_shards(WHOLE)
    os.kill(city.processes[1].pid, signal.SIGSTOP)
    try:
        with Load(city) as load:
            for _ in range(600):
                if load.seen and load.seen[-1][2] < TIMEOUT_S / 2:
                    break
                time.sleep(0.05)
    finally:
        os.kill(city.processes[1].pid, signal.SIGCONT)
    assert load.failed == []
    assert {tuple(shards.items()) for _, shards, _ in load.seen} == {tuple(PART.items())}
    assert max(seconds for _, _, seconds in load.seen) < TIMEOUT_S + 2
    assert min(seconds for _, _, seconds in load.seen) < TIMEOUT_S / 2  # soon it is not waited for any more
    city.await_shards(WHOLE)


def test_the_shard_of_the_question_s_track_is_missed_by_an_error_that_says_so(city: City) -> None:
    city.await_shards(WHOLE)
    city.processes[0].kill()
    city.processes[0].wait()
    answer = city.door.get("/similar", track_id=SEEDS[0])
    assert (answer.status, answer.body["error"]["code"]) == (503, "shard_of_track_down")
    assert answer.retry_after_s == 1
    city.start(0)
    city.await_shards(WHOLE)


def two_free_ports() -> int:
    """One whose next one is free, too."""
    for _ in range(100):
        (port,) = free_ports(1)
        with socket.socket() as probe:
            if port < 65_535 and probe.connect_ex(("127.0.0.1", port + 1)):
                return port
    raise AssertionError("no two ports are free")


def test_who_tries_shards_is_told_when_all_answer_and_all_of_it_ends_with_the_command(
    city: City, tmp_path: Path
) -> None:
    s3, port = boto3.client("s3"), two_free_ports()
    tracks, vectors = [track(number) for number in (1, 2)], [direction(a0=1), direction(a1=1)]
    place: Any = {"LocationConstraint": s3.meta.region_name}
    s3.create_bucket(Bucket="index", CreateBucketConfiguration=place)
    version = publish(s3, tracks, vectors).rpartition("-")[2]
    s3.create_bucket(Bucket=f"earshot-trying-{version}-0-of-1", CreateBucketConfiguration=place)
    publish(s3, tracks, vectors, bucket=f"earshot-trying-{version}-0-of-1", shard=Shard(0, 1))
    boto3.client("ssm").put_parameter(Name="/earshot/trying/index-bucket", Value="index", Type="String")
    command = [sys.executable, "-c", TRYING, str(tmp_path), str(port)]
    own = {**os.environ, "EARSHOT_RECIPES": "musicnn-msd@1-128d"}
    with subprocess.Popen(command, cwd=ROOT, env=own, stdout=subprocess.PIPE, text=True) as trying:
        assert trying.stdout
        try:
            assert trying.stdout.readline().startswith(f"1 shards behind http://127.0.0.1:{port}")
            assert ApiClient(f"http://127.0.0.1:{port}").get("/health").checked()["shards"] == {"answered": 1, "of": 1}
        finally:
            trying.terminate()
            assert trying.wait(30) == 0
    for each in (port, port + 1):
        with pytest.raises(ApiUnreachable):
            ApiClient(f"http://127.0.0.1:{each}").get("/ready")


def test_who_tries_shards_hears_of_a_port_that_cannot_be_had(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(LocalStackError, match=f"port {port} cannot be had"):
            try_shards(Deployment(boto3.Session(), "trying"), tmp_path, 1, port, print)


def test_who_tries_shards_hears_of_a_process_that_does_not_start() -> None:
    (port,) = free_ports(1)
    with subprocess.Popen(["false"]) as dead:
        dead.wait()
        with pytest.raises(LocalStackError, match="shard 0 has ended with 1"):
            await_all({"shard 0": dead}, f"http://127.0.0.1:{port}", 1)
