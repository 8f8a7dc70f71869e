"""The one HTTP client for foreign hosts: previews, lists, and the web APIs of sources.

(spotipy has a client of its own, for Spotify's web API alone; `earshot.api_client` talks to our own API.)

Only https, only hosts that are allow-listed (each redirect anew), only public addresses: the name is resolved here,
every address checked, and the connection made to a checked address, so that a name cannot change its mind in between.
At most 10 MB and 30 seconds, or what the caller sets.
"""

import http.client
import io
import ipaddress
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import IO, NamedTuple, Self
from urllib.parse import SplitResult, urljoin, urlsplit

import urllib3
from botocore.httpsession import get_cert_path
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.ssl_match_hostname import CertificateError

from earshot.clock import LONGEST_WAIT_S, age, http_date
from earshot.errors import AudioRejected, ForbiddenUrl, ProviderRefused, ProviderThrottled, ProviderUnavailable
from earshot.reasons import Reason

MAX_BYTES = 10 * 1024 * 1024
MAX_SECONDS = 30.0
_MAX_JSON_BYTES = 2 * 1024 * 1024
_MAX_REDIRECTS = 3
_GET = "GET"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SOCKET_TIMEOUT_S = 8.0
_CHUNK = 64 * 1024
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]*)?")
_UNICAST = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Downloader:
    """Fetches from allow-listed hosts.

    Attributes:
        hosts: host names; ``*.example.org`` allows every name below example.org.
        allow_loopback: an allow-listed name may lead to this machine, over http and any port (tests, local stack).
        user_agent: sent with every request.
        max_seconds: from the first look-up to the last byte.
        own_servers: addresses (``http://nas.local:4533``) of servers in somebody's own house: over http too, at any
            port and at private addresses.
        own_headers: sent to these and to nobody else; shown nowhere, for they may hold what lets a user in.
        keyed_server: address of a foreign server that knows its callers.
        keys: headers for it, and for nobody that it redirects to.
    """

    hosts: frozenset[str]
    user_agent: str
    allow_loopback: bool = False
    max_seconds: float = MAX_SECONDS
    own_servers: frozenset[str] = frozenset()
    own_headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    keyed_server: str = ""
    keys: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def at_home(self, url: str, headers: Mapping[str, str] | None = None, max_seconds: float = MAX_SECONDS) -> Self:
        """The same for the server at `url`, in somebody's own house, and for nothing else; `headers` go to it alone."""
        return replace(
            self,
            hosts=frozenset[str](),
            max_seconds=max_seconds,
            own_servers=frozenset({origin_of(urlsplit(url))}),
            own_headers=tuple((headers or {}).items()),
        )

    def with_key(self, url: str, name: str, value: str) -> Self:
        """The same with a header for the server at `url`, which tells it who asks."""
        return replace(self, keyed_server=origin_of(urlsplit(url)), keys=((name, value),))

    def fetch(
        self,
        url: str,
        *,
        max_bytes: int = MAX_BYTES,
        accepted: frozenset[int] = frozenset({200}),
        throttled: frozenset[int] = frozenset({429}),
    ) -> bytes:
        """The body behind `url`, of an answer with an `accepted` status.

        Raises:
            ForbiddenUrl: the URL, or one it redirects to, is not allowed.
            AudioRejected: `too_large`.
            ProviderRefused: 4xx. ProviderThrottled: a `throttled` status, or 503 with Retry-After.
            ProviderUnavailable: time-outs, 5xx, bodies that end too early.
        """
        body = io.BytesIO()
        self.fetch_into(body, url, max_bytes=max_bytes, accepted=accepted, throttled=throttled)
        return body.getvalue()

    def fetch_into(
        self,
        file: IO[bytes],
        url: str,
        *,
        max_bytes: int = MAX_BYTES,
        accepted: frozenset[int] = frozenset({200}),
        throttled: frozenset[int] = frozenset({429}),
    ) -> None:
        """The same into a file, which holds the first `max_bytes` when there are more (`too_large`).

        Raises:
            see `fetch`.
        """
        deadline = time.monotonic() + self.max_seconds
        for _ in range(_MAX_REDIRECTS + 1):
            with self._request(url, deadline) as response:
                location = response.headers.get("Location")
                if response.status not in _REDIRECTS or not location:
                    _check_status(response, url, accepted, throttled)
                    _read(response, file, url, deadline, max_bytes)
                    return
            try:
                url = urljoin(url, location)
            except ValueError:
                raise ForbiddenUrl(f"{_shown(url)} redirects to what is no URL") from None
        raise ForbiddenUrl(f"more than {_MAX_REDIRECTS} redirects from {_shown(url)}")

    def fetch_json(
        self,
        url: str,
        *,
        max_bytes: int = _MAX_JSON_BYTES,
        accepted: frozenset[int] = frozenset({200}),
        throttled: frozenset[int] = frozenset({429}),
    ) -> object:
        """The JSON behind `url`. It is a stranger's: whatever is read of it may be missing or of another type.

        Raises:
            ProviderRefused: the API leads where nothing is fetched from, or answers more than `max_bytes`.
            ProviderUnavailable: it is no JSON. Others: see `fetch`.
        """
        return _json(url, lambda: self.fetch(url, max_bytes=max_bytes, accepted=accepted, throttled=throttled))

    def post_json(self, url: str, content: object, *, max_bytes: int = _MAX_JSON_BYTES) -> object:
        """The JSON that an allow-listed server answers to `content`: a question too long for a URL, which changes
        nothing. It is asked once and follows no redirect.

        Raises:
            see `fetch_json`.
        """
        return _json(url, lambda: self._sent("POST", url, content, max_bytes))

    def send(self, method: str, url: str, content: object = None, *, max_bytes: int = _MAX_JSON_BYTES) -> bytes:
        """Have a server of one's own change something: the body of its answer. `content` goes out as JSON.

        It is sent once and follows no redirect.

        Raises:
            ForbiddenUrl: the URL is none of an own server's. Others: see `fetch`.
        """
        if not self._is_own(self._checked(url)):
            raise ForbiddenUrl(f"nothing is sent to {_shown(url)}")
        return self._sent(method, url, content, max_bytes)

    def _sent(self, method: str, url: str, content: object, max_bytes: int) -> bytes:
        told = _Told(method, b"" if content is None else json.dumps(content).encode())
        deadline, body = time.monotonic() + self.max_seconds, io.BytesIO()
        with self._request(url, deadline, told) as response:
            _check_status(response, url, frozenset({200, 201, 204}), frozenset({429}))
            _read(response, body, url, deadline, max_bytes)
        return body.getvalue()

    @contextmanager
    def _request(self, url: str, deadline: float, told: "_Told | None" = None) -> Iterator[urllib3.BaseHTTPResponse]:
        """The answer, its body yet unread."""
        parts = self._checked(url)
        address = self._address(parts)
        left = max(0.1, deadline - time.monotonic())
        connection = _connection(parts, address, min(_SOCKET_TIMEOUT_S, left))
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"Host": parts.netloc, "User-Agent": self.user_agent, "Accept-Encoding": "identity"}
        headers |= dict(self.own_headers) if self._is_own(parts) else {}
        headers |= dict(self.keys) if origin_of(parts) == self.keyed_server else {}
        headers |= {"Content-Type": "application/json"} if told and told.content else {}
        method, content = told or (_GET, None)
        try:
            connection.connect()
            with _cut_after(left, connection.sock):
                connection.request(
                    method, target, body=content, headers=headers, preload_content=False, decode_content=False
                )
                response = connection.getresponse()
                try:
                    yield response
                finally:
                    response.close()
        except (urllib3.exceptions.HTTPError, http.client.HTTPException, CertificateError, OSError) as error:
            what = "took too long" if time.monotonic() > deadline else f"failed: {type(error).__name__}"
            raise ProviderUnavailable(f"{_shown(url)} {what}") from None
        finally:
            connection.close()

    def check(self, url: str) -> None:
        """Nothing, if `url` may be asked, as far as that is known without asking anybody.

        Raises:
            ForbiddenUrl: it may not.
        """
        self._checked(url)

    def _checked(self, url: str) -> SplitResult:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ForbiddenUrl(f"not a URL: {url[:80]!r}") from None
        host = parts.hostname or ""
        is_own = self._is_own(parts)
        if parts.scheme != "https" and not ((self.allow_loopback or is_own) and parts.scheme == "http"):
            raise ForbiddenUrl(f"only https is fetched, not {_shown(url)}")
        if parts.username is not None or not url.isascii() or not url.isprintable() or " " in url:
            raise ForbiddenUrl(f"a URL with credentials or odd characters: {_shown(url)}")
        if is_own:
            return parts
        if port not in (None, 443) and not self.allow_loopback:
            raise ForbiddenUrl(f"port {port} is not fetched from: {_shown(url)}")
        if not any(matches(host, pattern) for pattern in self.hosts):
            raise ForbiddenUrl(
                f"the host {host!r} is not allow-listed", hint="Add it to EARSHOT_ALLOWED_HOSTS if you trust it."
            )
        return parts

    def _is_own(self, parts: SplitResult) -> bool:
        return origin_of(parts) in self.own_servers

    def _address(self, parts: SplitResult) -> str:
        """An address of the host, after all of them have been found public (or loopback, where allowed)."""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise ProviderUnavailable(f"{parts.hostname} could not be resolved: {error}") from None
        addresses = [str(entry[4][0]) for entry in found]
        for text in () if self._is_own(parts) else addresses:
            address = ipaddress.ip_address(text)
            if self.allow_loopback and address.is_loopback:
                continue
            if not _is_public(address) or parts.scheme != "https":
                raise ForbiddenUrl(f"{parts.hostname} leads to {text}, which is not a public address")
        return addresses[0]


class _Told(NamedTuple):
    method: str
    content: bytes


def _connection(parts: SplitResult, address: str, timeout: float) -> HTTPConnection:
    """A connection to `address`, where a certificate must name the host of the URL. Whom to trust is botocore's choice:
    certifi's list, or its own where a zip goes without certifi."""
    if parts.scheme != "https":
        return HTTPConnection(address, parts.port or 80, timeout=timeout)
    return HTTPSConnection(
        address, parts.port or 443, timeout=timeout, server_hostname=parts.hostname, assert_hostname=parts.hostname,
        cert_reqs="CERT_REQUIRED", ca_certs=get_cert_path(verify=True),
    )  # fmt: skip


@contextmanager
def _cut_after(seconds: float, connected: socket.socket) -> Iterator[None]:
    """Shut the socket down when the block takes longer: a socket's own time-out begins anew with every byte."""

    def cut() -> None:
        with suppress(OSError):
            socket.socket.shutdown(
                connected, socket.SHUT_RDWR
            )  # not TLS's own, which takes its state from under the reader

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Global unicast, also inside the IPv6 forms that embed an IPv4 address."""
    if isinstance(address, ipaddress.IPv6Address):
        embedded = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if embedded:
            return _is_public(embedded)
        if address in _NAT64:
            return _is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address not in _UNICAST:
            return False
    return address.is_global and not address.is_multicast


def matches(host: str, pattern: str) -> bool:
    """Whether `pattern` allows `host`; ``*.example.org`` allows every name below example.org."""
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern


def _check_status(
    response: urllib3.BaseHTTPResponse, url: str, accepted: frozenset[int], throttled: frozenset[int]
) -> None:
    status = response.status
    if status in accepted:
        return
    wait = response.headers.get("Retry-After") or response.headers.get("X-RateLimit-Reset-In")
    if status in throttled or (status == 503 and wait):
        seconds = retry_after_s(wait)
        raise ProviderThrottled(f"{_shown(url)} asks to wait {seconds:.0f} s", retry_after_s=seconds)
    if status >= 500:
        raise ProviderUnavailable(f"{_shown(url)} answered {status}")
    raise ProviderRefused(f"{_shown(url)} answered {status}", status=status)


def _json(url: str, body: Callable[[], bytes]) -> object:
    try:
        return json.loads(body())
    except (ForbiddenUrl, AudioRejected) as error:
        raise ProviderRefused(error.message, hint=error.hint) from None
    except (ValueError, RecursionError):
        raise ProviderUnavailable(f"{_shown(url)} did not answer in JSON") from None


def _read(response: urllib3.BaseHTTPResponse, file: IO[bytes], url: str, deadline: float, max_bytes: int) -> None:
    left = max_bytes
    while True:
        chunk = response.read1(_CHUNK, decode_content=False)
        if time.monotonic() > deadline:
            raise ProviderUnavailable(f"{_shown(url)} took too long")
        if not chunk:
            return
        file.write(chunk[:left])
        left -= len(chunk)
        if left < 0:
            raise AudioRejected(f"{_shown(url)} has more than {max_bytes} bytes", reason=Reason.TOO_LARGE)


def origin_of(parts: SplitResult) -> str:
    """Scheme, host and port of an address, where the port is not its scheme's own: ``http://nas.local:4533``."""
    port = {"http": 80, "https": 443}.get(parts.scheme)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in (None, port) else "")


def _shown(url: str) -> str:
    """The URL without its query, which may hold a signature, and without credentials."""
    return re.sub("//[^/]*@", "//", url.partition("?")[0])[:120]


def with_hosts(defaults: Iterable[str], more: Iterable[str]) -> frozenset[str]:
    """The allow-list: lower case, without spaces."""
    return frozenset(host.strip().lower() for host in (*defaults, *more) if host.strip())


def retry_after_s(header: str | None, default: float = 30.0) -> float:
    """Seconds in a Retry-After header, a number or a date (RFC 9110); `default` where it is missing or neither."""
    text = (header or "").strip()
    if _NUMBER.fullmatch(text):
        seconds = float(text)
    else:
        try:
            date = http_date(text)
        except (ValueError, OverflowError):
            return default
        seconds = -age(date).total_seconds()
    return min(max(seconds, 1.0), LONGEST_WAIT_S)
