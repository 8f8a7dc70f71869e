"""A clip given as a URL reaches the bucket through the crawler's own handler, from allow-listed hosts only."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from api.bootstrap import services
from crawler import bootstrap
from crawler.handler import fetch_preview
from earshot.stores.sound_queries import new_query_id
from tests.unit.api.world import World


class _Clip(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"clip")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def host() -> Iterator[str]:
    """A server with one clip."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Clip)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def crawler(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The crawler of this process, which may ask this machine."""
    monkeypatch.setenv("EARSHOT_ALLOWED_HOSTS", "127.0.0.1")
    monkeypatch.setenv("EARSHOT_ALLOW_LOOPBACK", "true")
    bootstrap.clips.cache_clear()
    yield
    bootstrap.clips.cache_clear()


def _deliver(query_id: str, url: str) -> dict[str, Any]:
    record = {"messageId": "1", "receiptHandle": "1", "body": json.dumps({"query_id": query_id, "url": url})}
    context: Any = None
    return fetch_preview({"Records": [{**record, "attributes": {}, "eventSource": "aws:sqs"}]}, context)


def test_the_clip_is_stored_for_the_extractor(world: World, host: str) -> None:
    services().queries.open(query_id := new_query_id())
    assert _deliver(query_id, f"http://{host}/a.mp3") == {"batchItemFailures": []}
    assert services().queries.clip(query_id, max_bytes=10) == b"clip"


def test_a_host_that_is_not_listed_is_the_answer(world: World) -> None:
    services().queries.open(query_id := new_query_id())
    assert _deliver(query_id, "https://169.254.169.254/latest/meta-data") == {"batchItemFailures": []}
    answer = world.get(f"/queries/{query_id}").json()
    assert (answer["status"], answer["reason"]) == ("failed", "forbidden_url")
