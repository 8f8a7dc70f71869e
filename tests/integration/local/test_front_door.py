"""The HTTP port of the local stack: the API in its own process, under the names it answers to and no other."""

import http.client
import os
from collections.abc import Iterator

import pytest

from config.local import LocalSettings
from local.gateway import FrontDoor, listen
from local.serverless import Function
from tests.aws import REGION

_NEVER_ASKED = (
    "TRACKS_TABLE",
    "CRAWLS_TABLE",
    "INDEX_BUCKET",
    "PREVIEWS_BUCKET",
    "CRAWL_QUEUE_URL",
    "FETCH_NOW_QUEUE_URL",
    "LISTENERS_TABLE",
    "PLAYS_QUEUE_URL",
)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Where the API answers, under one name more than by default."""
    settings = LocalSettings(
        local_dir=tmp_path_factory.mktemp("door"), local_hosts=("127.0.0.1", "localhost", "Music.example")
    )
    environment = {f"EARSHOT_{name}": "none" for name in _NEVER_ASKED} | {"AWS_DEFAULT_REGION": REGION}
    environment |= {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    function = Function("api", "api.handler.api", environment=environment, serves_http=True)
    with listen(0, "PORT") as listener:
        door = FrontDoor(function, {"PATH": os.environ["PATH"]}, settings, listener)
        door.wait_ready()
        yield int(listener.getsockname()[1])
        door.close()


def _status(port: int, host: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/", headers={"Host": host})
    return connection.getresponse().status


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "music.example", "music.example:8443"])
def test_the_api_answers_to_its_names_and_to_those_that_were_added(port: int, host: str) -> None:
    assert _status(port, host) == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8000", "music.example.evil.example", ""])
def test_a_page_elsewhere_cannot_point_its_name_at_this_machine(port: int, host: str) -> None:
    assert _status(port, host) == 421
