"""A small real HTTP server for stubs of music providers: routes are functions, every request is counted."""

import json
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Request:
    """What came in."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    every: dict[str, list[str]] = field(default_factory=dict)
    """Parameters that come several times."""


@dataclass
class Answer:
    """What goes out. `claimed_length`: a Content-Length that lies; `drip_s`: seconds between single bytes."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    claimed_length: int | None = None
    drip_s: float = 0.0

    @classmethod
    def json(cls, value: Any, status: int = 200, **headers: str) -> "Answer":
        """A JSON answer."""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return cls(status, json.dumps(value).encode(), {"Content-Type": "application/json", **named})


Route = Callable[[Request], Answer]


class StubServer:
    """Serves `route` on 127.0.0.1 until closed; `requests` keeps all that came, `hits` counts them by path.

    With `tls` over https.
    """

    def __init__(self, route: Route, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                parts = urlsplit(self.path)
                length = int(self.headers.get("Content-Length") or 0)
                request = Request(
                    self.command,
                    parts.path,
                    {name: values[0] for name, values in parse_qs(parts.query).items()},
                    dict(self.headers.items()),
                    self.rfile.read(length),
                    parse_qs(parts.query),
                )
                stub.requests.append(request)
                answer = route(request)
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                claimed = len(answer.body) if answer.claimed_length is None else answer.claimed_length
                self.send_header("Content-Length", str(claimed))
                self.end_headers()
                try:
                    if answer.drip_s:
                        for byte in answer.body:
                            self.wfile.write(bytes([byte]))
                            self.wfile.flush()
                            time.sleep(answer.drip_s)
                    else:
                        self.wfile.write(answer.body)
                except OSError:
                    pass
                if claimed != len(answer.body):
                    self.close_connection = True

            do_GET = do_POST = do_PUT = do_DELETE = do_OPTIONS = _serve  # noqa: N815

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    @property
    def port(self) -> int:
        """Of this machine."""
        return self._server.server_port

    @property
    def url(self) -> str:
        """``http://127.0.0.1:<port>``."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def hits(self) -> Counter[str]:
        """Requests by path."""
        return Counter(request.path for request in self.requests)

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def serve(route: Route, tls: ssl.SSLContext | None = None) -> Iterator[StubServer]:
    """A running `StubServer`."""
    server = StubServer(route, tls)
    try:
        yield server
    finally:
        server.close()
