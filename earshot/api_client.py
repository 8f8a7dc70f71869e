"""The one client of our own HTTP API, for the commands that ask it."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from earshot.errors import ApiRefused, ApiUnreachable

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

    from earshot.api_answers import OpenedJson, TrackJson

_NEXT = re.compile(r'<(/[^/<>][^<>]*)>; rel="next"')
_TIMEOUT_S = 35.0
"""A little longer than any function of the API may run."""


class Answer(NamedTuple):
    """Status and JSON of an answer; the JSON of an error that came without is None.

    `retry_after_s`: after how many seconds it is worth asking again, where the answer says so.
    """

    status: int
    body: Any
    retry_after_s: int | None = None

    def checked(self) -> Any:
        """The body of a success.

        Raises:
            ApiRefused: the answer is an error; says what the API says of it.
        """
        if self.status < HTTPStatus.BAD_REQUEST:
            return self.body
        try:
            problem = self.body["error"]
            raise ApiRefused(str(problem["message"]), hint=str(problem["hint"]), status=self.status)
        except (LookupError, TypeError):
            raise ApiRefused(f"the server answered {self.status}", status=self.status) from None


class ApiClient:
    """Asks the API at `url` over connections that are kept for the next question.

    Args:
        url: its address, http or https, perhaps with a path before the API's own.
        key: an API key, where the stage wants one.

    Raises:
        ApiUnreachable: the address cannot be one.
    """

    def __init__(self, url: str, *, key: str | None = None) -> None:
        if not url.startswith(("http://", "https://")):
            raise ApiUnreachable(f"not the address of an API: {url!r}", hint="Use http:// or https://.")
        self.url = url.rstrip("/")
        self._headers = {"X-Api-Key": key} if key else {}

    def get(self, path: str, **query: str | float | list[str] | None) -> Answer:
        """The answer to GET `path`; parameters that are None are left out.

        Raises:
            ApiUnreachable: there is none, or none in JSON.
        """
        given = {name: value for name, value in query.items() if value is not None}
        return self._ask("GET", f"{path}?{urlencode(given, doseq=True, errors='replace')}" if given else path)

    def post(self, path: str, body: Mapping[str, object]) -> Answer:
        """The answer to POST `path`.

        Raises:
            ApiUnreachable: there is none, or none in JSON.
        """
        return self._ask("POST", path, json.dumps(body).encode())

    def put(self, path: str, body: Mapping[str, object]) -> Answer:
        """The answer to PUT `path`.

        Raises:
            ApiUnreachable: there is none, or none in JSON.
        """
        return self._ask("PUT", path, json.dumps(body).encode())

    def patch(self, path: str, body: Mapping[str, object]) -> Answer:
        """The answer to PATCH `path`.

        Raises:
            ApiUnreachable: there is none, or none in JSON.
        """
        return self._ask("PATCH", path, json.dumps(body).encode())

    def delete(self, path: str, **query: str) -> Answer:
        """The answer to DELETE `path`.

        Raises:
            ApiUnreachable: there is none, or none in JSON.
        """
        return self._ask("DELETE", f"{path}?{urlencode(query)}" if query else path)

    def list_of(
        self, path: str, body: Mapping[str, object] | None = None, **query: str | float | list[str] | None
    ) -> str:
        """The answer to GET `path`, or with a `body` to POST, as the list that `format` names among what is given.

        Raises:
            ApiRefused: the answer is an error.
            ApiUnreachable: there is none.
        """
        given = {name: value for name, value in query.items() if value is not None}
        url = f"{self.url}{path}?{urlencode(given, doseq=True, errors='replace')}" if given else self.url + path
        content = json.dumps(body).encode() if body is not None else None
        headers = self._headers | ({"Content-Type": "application/json"} if content else {})
        response = self._send("POST" if content else "GET", url, content, headers)
        if response.status >= HTTPStatus.BAD_REQUEST:
            Answer(response.status, _json(response.data, response.status)).checked()
        return response.data.decode("utf-8", "replace")

    def pages_of(self, path: str) -> Iterator[str]:
        """The answer to GET `path`, page by page, for as long as the header `Link` names a next one.

        Raises:
            ApiRefused: an answer is an error.
            ApiUnreachable: there is none, or the next page would be elsewhere.
        """
        following: str | None = path
        while following:
            response = self._send("GET", self.url + following, None, self._headers)
            if response.status >= HTTPStatus.BAD_REQUEST:
                Answer(response.status, _json(response.data, response.status)).checked()
            yield response.data.decode("utf-8", "replace")
            link = response.headers.get("Link", "")
            found = _NEXT.fullmatch(link)
            if link and not found:
                raise ApiUnreachable(f"{self.url} names a next page elsewhere: {link[:80]!r}")
            following = found[1] if found else None

    def ask_with_clip(self, clip: bytes, media_type: str) -> "OpenedJson":
        """Open a query by sound (`POST /queries`) and upload its clip; `status_url` tells what comes of it.

        Raises:
            ApiRefused: the API refuses the clip, or the store does.
            ApiUnreachable: one of both does not answer.
        """
        opened: OpenedJson = self.post("/queries", {"size": len(clip), "type": media_type}).checked()
        upload = opened["upload"]
        if upload is None:
            raise ApiUnreachable(f"{self.url} says nowhere to upload to")
        url, headers = upload["url"], upload["headers"]
        if url.startswith("/"):  # to the API itself, on one machine
            url, headers = self.url + url, {**self._headers, **headers}
        status = self._send(upload["method"], url, clip, headers).status
        if status >= HTTPStatus.BAD_REQUEST:
            raise ApiRefused(f"the store answered {status} to the upload", status=status)
        return opened

    def track(self, track_id: str) -> "TrackJson | None":
        """What `GET /tracks/{id}` says; None where it knows nothing."""
        answer = self.get(f"/tracks/{segment(track_id)}")
        return answer.body if answer.status == HTTPStatus.OK else None

    def is_searchable(self, track_id: str) -> bool:
        """Whether the index version that the API answers from holds the track."""
        track = self.track(track_id)
        return bool(track and track["indexed"])

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def _ask(self, method: str, path: str, body: bytes | None = None) -> Answer:
        headers = self._headers | ({"Content-Type": "application/json"} if body else {})
        response = self._send(method, self.url + path, body, headers)
        try:
            return Answer(response.status, _json(response.data, response.status), _retry_after_s(response.headers))
        except ValueError as error:
            raise ApiUnreachable(f"no usable answer from {self.url}: {error}") from None

    def _send(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> "BaseHTTPResponse":
        from urllib3.exceptions import HTTPError, ProtocolError  # late: see `_pool`

        for may_be_idle in (method == "GET", False):
            try:
                return self._pool.request(method, url, body=body, headers=headers, timeout=_TIMEOUT_S, retries=False)
            except ProtocolError as error:  # perhaps a connection that the server has closed meanwhile: once more
                if not may_be_idle:
                    raise ApiUnreachable(f"no usable answer from {_host(url)}: {error}") from None
            except (HTTPError, OSError, ValueError) as error:
                raise ApiUnreachable(f"no usable answer from {_host(url)}: {error}") from None
        raise AssertionError  # the second round returns or raises

    @cached_property
    def _pool(self) -> "PoolManager":
        """Connections, through a proxy where the environment names one."""
        import urllib3  # late, for commands that ask nothing, such as --help

        proxy = _proxy(self.url)
        return urllib3.ProxyManager(proxy) if proxy else urllib3.PoolManager()


def _proxy(url: str) -> str | None:
    parts = urlsplit(url)
    if f"{parts.scheme}_proxy" not in map(str.lower, os.environ):
        return None
    from urllib.request import getproxies, proxy_bypass  # late: most need none, and its import takes as long as asking

    return None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)


def _host(url: str) -> str:
    """What may be shown of an address: some are signed."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def segment(text: str) -> str:
    """`text` as one segment of a path."""
    return quote(text, safe="", errors="replace")


def _retry_after_s(headers: Mapping[str, str]) -> int | None:
    said = headers.get("Retry-After", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 6 else None


def _json(data: bytes, status: int) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        if status < HTTPStatus.BAD_REQUEST:
            raise
        return None
