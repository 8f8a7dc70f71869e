"""The API's container: from an index bucket alone, without a failed request while versions come and it goes."""

import http.client
import json
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.aws import REGION, free_ports
from tests.integration.service.image import command, container
from tests.unit.api.world import direction, publish, track

_ACCESS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": REGION}
_RATE, _CALLERS = 50, 4


@pytest.fixture(scope="module")
def s3() -> Iterator[object]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name=REGION,
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )
    client.create_bucket(Bucket="index", CreateBucketConfiguration={"LocationConstraint": REGION})
    yield client
    server.stop()


def version(s3: object, number: int) -> str:
    """A version whose tracks are called after its number."""
    tracks = [track(n, title=f"of {number}") for n in range(1, 5)]
    return publish(s3, tracks, [direction(a0=1, **{f"a{n}": n / 4}) for n in range(1, 5)], number=number)


@dataclass
class Service:
    process: subprocess.Popen[bytes]
    port: int

    def ask(self, path: str, method: str = "GET") -> tuple[int, dict[str, object]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def await_ready(self) -> None:
        for _ in range(600):
            assert self.process.poll() is None, self.process.stdout.read()  # type: ignore[union-attr]
            try:
                if self.ask("/ready")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError("not ready")


@pytest.fixture(scope="module")
def service(s3: object) -> Iterator[Service]:
    version(s3, 0)
    (port,) = free_ports(1)
    settings = {
        "AWS_ENDPOINT_URL": s3.meta.endpoint_url,  # type: ignore[attr-defined]
        "EARSHOT_INDEX_BUCKET": "index",
        "EARSHOT_INDEX_CHECK_EVERY_S": "0.2",
        "EARSHOT_SERVICE_HOST": "127.0.0.1",
        "EARSHOT_SERVICE_DRAIN_S": "0.8",
        "PORT": str(port),
    }
    with container(**_ACCESS, **settings) as process:
        found = Service(process, port)
        found.await_ready()
        yield found


@dataclass
class Load:
    """Callers behind a balancer, which asks for readiness twice a second and lets them go on until it hears no."""

    service: Service
    told: set[tuple[str, str]] = field(default_factory=set)
    """Which version an answer said that it is from, and what its tracks were called."""
    asked: int = 0
    failed: list[object] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> list[threading.Thread]:
        threads = [threading.Thread(target=self._call) for _ in range(_CALLERS)]
        threads.append(threading.Thread(target=self._watch))
        for thread in threads:
            thread.start()
        return threads

    def _watch(self) -> None:
        while not self.is_over.wait(0.2):
            try:
                if self.service.ask("/ready")[0] != 200:
                    self.is_over.set()
            except OSError:
                self.is_over.set()

    def _call(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=10)
        while not self.is_over.wait(_CALLERS / _RATE):
            self.asked += 1
            try:
                connection.request("GET", "/similar?track_id=deezer:1&k=3")
                answer = connection.getresponse()
                body = json.loads(answer.read())
                self.told |= {(body["index_version"], one["title"]) for one in body["results"]}
                if answer.status != 200 or len(body["results"]) != 3:
                    self.failed.append((answer.status, body))
            except (OSError, http.client.HTTPException, KeyError) as error:
                self.failed.append(repr(error))
                connection.close()
        connection.close()


def test_it_starts_the_api_s_own_door() -> None:
    assert command() == ["python", "-m", "api"]


def test_what_needs_more_than_the_index_says_so(service: Service) -> None:
    status, body = service.ask("/crawls")
    assert (status, body["error"]["code"]) == (501, "not_served_here")  # type: ignore[index]
    assert service.ask("/tracks/deezer:2")[1]["title"] == "of 0"
    assert service.ask("/tracks/deezer:99")[0] == 404
    assert service.ask("/similar?track_id=deezer:99")[0] == 404
    assert service.ask("/health")[1]["stage"] == "service"


def test_no_request_fails_while_a_version_comes_and_the_service_goes(service: Service, s3: object) -> None:
    older = service.ask("/health")[1]["index"]["version"]  # type: ignore[index]
    load = Load(service)
    threads = load.run()
    time.sleep(0.3)
    newer = version(s3, 1)
    time.sleep(1.0)
    assert service.ask("/health")[1]["index"]["version"] == newer  # type: ignore[index]
    service.process.send_signal(signal.SIGTERM)
    for thread in threads:
        thread.join(10)
    assert service.process.wait(10) == 0
    assert load.failed == []
    assert load.told == {(older, "of 0"), (newer, "of 1")}
    assert load.asked > 40
    with pytest.raises(ConnectionRefusedError):
        service.ask("/ready")
