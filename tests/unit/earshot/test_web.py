import datetime
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from earshot.errors import (
    AudioRejected,
    EarshotError,
    ForbiddenUrl,
    ProviderRefused,
    ProviderThrottled,
    ProviderUnavailable,
)
from earshot.web import Downloader, with_hosts
from tests.stubs.web import Answer, Request, serve

_STRICT = Downloader(frozenset({"music.example", "*.cdn.example"}), "Earshot")
_LOCAL = Downloader(frozenset({"127.0.0.1"}), "Earshot", allow_loopback=True, max_seconds=2)


def _resolving_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Have every name resolve to `addresses`."""

    def resolve(_: str, port: int, *__: object, **___: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


@pytest.mark.parametrize(
    "url",
    [
        "http://music.example/a.mp3",
        "ftp://music.example/a.mp3",
        "file:///etc/passwd",
        "https://other.example/a.mp3",
        "https://music.example.evil.org/a.mp3",
        "https://evilmusic.example/a.mp3",
        "https://cdn.example/a.mp3",
        "https://evilcdn.example/a.mp3",
        "https://user:secret@music.example/a.mp3",
        "https://music.example@evil.org/a.mp3",
        "https://music.example:8443/a.mp3",
        "https://music.example:99999/a.mp3",
        "https://music.example/a b.mp3",
        "https://music.example/\r\nHost: evil.org",
        "https://[::1]/a.mp3",
        "https://127.0.0.1/a.mp3",
        "//music.example/a.mp3",
        "",
    ],
)
def test_a_url_outside_the_allow_list_is_never_resolved(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("looked up"))
    with pytest.raises(ForbiddenUrl):
        _STRICT.fetch(url)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::1",
        "::7f00:1",
        "::ffff:0:a00:1",
        "64:ff9b:1::a00:1",
        "fec0::1",
    ],
)
def test_an_allowed_name_that_leads_to_a_private_address_is_refused(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    _resolving_to(monkeypatch, "93.184.216.34", address)
    with pytest.raises(ForbiddenUrl, match="not a public address"):
        _STRICT.fetch("https://x.cdn.example/a.mp3")


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    connected: list[Any] = []

    def connect(address: Any, *_: object, **__: object) -> socket.socket:
        connected.append(address)
        raise OSError

    _resolving_to(monkeypatch, "93.184.216.34")
    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)
    with pytest.raises(ProviderUnavailable):
        _STRICT.fetch("https://music.example/a.mp3")
    assert connected == [("93.184.216.34", 443)]


def test_loopback_is_refused_unless_it_is_allowed() -> None:
    with serve(lambda _: Answer(body=b"x")) as server:
        with pytest.raises(ForbiddenUrl):
            Downloader(frozenset({"127.0.0.1"}), "Earshot").fetch(f"{server.url}/a")
        assert _LOCAL.fetch(f"{server.url}/a") == b"x"
        assert server.requests[0].headers["User-Agent"] == "Earshot"
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(404), ProviderRefused),
        (Answer(403), ProviderRefused),
        (Answer(500), ProviderUnavailable),
        (Answer(503), ProviderUnavailable),
        (Answer(503, headers={"Retry-After": "120"}), ProviderThrottled),
        (Answer(429), ProviderThrottled),
        (Answer(body=b"x" * 100, claimed_length=1000), ProviderUnavailable),
        (Answer(body=b"x" * 2000), AudioRejected),
        (Answer(302, headers={"Location": "https://evil.example/"}), ForbiddenUrl),
        (Answer(302, headers={"Location": "file:///etc/passwd"}), ForbiddenUrl),
        (Answer(302, headers={"Location": "/again"}), ForbiddenUrl),
        (Answer(302, headers={"Location": "https://[broken"}), ForbiddenUrl),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else str(value.status),
)
def test_every_bad_answer_has_its_error(answer: Answer, error: type[EarshotError]) -> None:
    with serve(lambda _: answer) as server, pytest.raises(error):
        _LOCAL.fetch(f"{server.url}/a", max_bytes=1000)


def test_a_redirect_to_an_allowed_host_is_followed() -> None:
    def route(request: Request) -> Answer:
        return Answer(302, headers={"Location": "/b?x=1"}) if request.path == "/a" else Answer(body=b"there")

    with serve(route) as server:
        assert _LOCAL.fetch(f"{server.url}/a") == b"there"


@pytest.mark.parametrize(
    "answer", [Answer(body=b"x" * 1000, drip_s=0.05), Answer(body=b"x" * 1000, claimed_length=10**9, drip_s=0.05)]
)
def test_a_slow_body_is_given_up_in_time(answer: Answer) -> None:
    started = time.monotonic()
    with serve(lambda _: answer) as server:
        with pytest.raises(ProviderUnavailable):
            Downloader(frozenset({"127.0.0.1"}), "Earshot", True, max_seconds=0.5).fetch(f"{server.url}/a")
        assert time.monotonic() - started < 3


@contextmanager
def _raw_server(answer: Callable[[socket.socket], object], context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Answers one connection below HTTP; yields the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)

        def run() -> None:
            try:
                connected, _ = listener.accept()
                with context.wrap_socket(connected, server_side=True) if context else connected as stream:
                    stream.recv(4096)
                    answer(stream)
            except OSError:  # the client has gone, or never came
                pass

        thread = threading.Thread(target=run)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


@pytest.mark.parametrize(
    ("at_once", "dripped"),
    [(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 100), (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0" * 100)],
    ids=["header", "length of a chunk"],
)
def test_what_drips_before_the_body_is_given_up_in_time_too(at_once: bytes, dripped: bytes) -> None:
    def drip(stream: socket.socket) -> None:
        stream.sendall(at_once)
        for byte in dripped:
            stream.sendall(bytes([byte]))
            time.sleep(0.05)

    started = time.monotonic()
    with _raw_server(drip) as port, pytest.raises(ProviderUnavailable, match="too long"):
        Downloader(frozenset({"127.0.0.1"}), "Earshot", True, max_seconds=0.5).fetch(f"http://127.0.0.1:{port}/a")
    assert time.monotonic() - started < 3


def _certificate(folder: Path, host: str) -> tuple[Path, ssl.SSLContext]:
    """A file with a certificate for `host`, signed by itself, and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path, key_path = folder / "certificate.pem", folder / "key.pem"
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, key_path)
    return path, context


@pytest.mark.parametrize(
    ("certified", "trusted", "fetched"),
    [("music.example", True, True), ("other.example", True, False), ("music.example", False, False)],
)
def test_over_https_the_certificate_must_name_the_host_of_the_url(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, certified: str, trusted: bool, fetched: bool
) -> None:
    path, context = _certificate(tmp_path, certified)
    _resolving_to(monkeypatch, "127.0.0.1")
    if trusted:
        monkeypatch.setattr("botocore.httpsession.where", lambda: str(path))
    downloader = Downloader(frozenset({"music.example"}), "Earshot", allow_loopback=True, max_seconds=5)
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
    with _raw_server(lambda stream: stream.sendall(reply), context) as port:
        if fetched:
            assert downloader.fetch(f"https://music.example:{port}/a") == b"hi"
        else:
            with pytest.raises(ProviderUnavailable, match="failed: "):
                downloader.fetch(f"https://music.example:{port}/a")


def test_the_wait_a_provider_asks_for_is_kept() -> None:
    with (
        serve(lambda _: Answer(429, headers={"Retry-After": "12471"})) as server,
        pytest.raises(ProviderThrottled) as caught,
    ):
        _LOCAL.fetch(f"{server.url}/a")
    assert caught.value.retry_after_s == 12471


def test_the_signature_in_a_url_is_not_shown() -> None:
    with serve(lambda _: Answer(403)) as server, pytest.raises(ProviderRefused) as caught:
        _LOCAL.fetch(f"{server.url}/a.mp3?hdnea=secret")
    assert "secret" not in caught.value.message


def test_credentials_in_a_url_are_not_shown() -> None:
    with pytest.raises(ForbiddenUrl) as caught:
        _STRICT.fetch("https://user:secret@music.example/a.mp3")
    assert "secret" not in caught.value.message


@given(st.text(max_size=300) | st.text(max_size=100).map("https://{}".format))
def test_no_text_is_fetched_or_breaks_the_check(url: str) -> None:
    with pytest.raises(ForbiddenUrl):
        Downloader(frozenset(), "Earshot").fetch(url)


def test_hosts_are_compared_in_lower_case(monkeypatch: pytest.MonkeyPatch) -> None:
    _resolving_to(monkeypatch, "10.0.0.1")
    downloader = Downloader(with_hosts(["Music.Example"], [" ", "*.CDN.example"]), "Earshot")
    for url in ("https://MUSIC.example/a", "https://a.b.cdn.EXAMPLE/"):
        with pytest.raises(ForbiddenUrl, match="public address"):
            downloader.fetch(url)


def test_a_key_goes_to_its_server_and_to_nobody_that_it_redirects_to() -> None:
    with serve(lambda _: Answer.json([])) as other:
        moved = Answer(302, headers={"Location": f"{other.url}/elsewhere"})
        with serve(lambda _: moved) as server:
            keyed = _LOCAL.with_key(server.url, "Authorization", "Token secret")
            assert keyed.fetch_json(f"{server.url}/asked") == []
            assert server.requests[0].headers["Authorization"] == "Token secret"
            assert "Authorization" not in other.requests[0].headers
            assert "secret" not in repr(keyed)


def test_a_question_is_posted_to_allow_listed_hosts_alone_and_follows_nobody() -> None:
    with serve(lambda request: Answer.json({"asked": request.body.decode()})) as server:
        assert _LOCAL.post_json(f"{server.url}/1", [7]) == {"asked": "[7]"}
        with pytest.raises(ProviderRefused, match="not allow-listed"):
            Downloader(frozenset({"music.example"}), "Earshot", allow_loopback=True).post_json(f"{server.url}/1", [7])
    with serve(lambda _: Answer(307, headers={"Location": "/2"})) as server, pytest.raises(ProviderRefused):
        _LOCAL.post_json(f"{server.url}/1", [7])


def test_a_wait_may_be_told_as_the_seconds_until_a_limit_is_reset() -> None:
    with serve(lambda _: Answer(429, headers={"X-RateLimit-Reset-In": "7"})) as server:
        with pytest.raises(ProviderThrottled) as told:
            _LOCAL.fetch_json(f"{server.url}/1")
        assert told.value.retry_after_s == 7
