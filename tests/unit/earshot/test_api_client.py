"""The client of our own API on real sockets, and that it reads nothing which the API does not answer."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from earshot import api_answers
from earshot.api_client import ApiClient
from earshot.errors import ApiRefused, ApiUnreachable
from tests.stubs.web import Answer, Request, serve

_SCHEMAS = json.loads((Path(__file__).parents[3] / "docs" / "openapi.json").read_text())["components"]["schemas"]
_READ = {
    "TrackJson": "TrackAnswer", "FoundJson": "Result", "SeedJson": "QueryTrack", "SimilarJson": "SimilarAnswer",
    "UploadJson": "Upload", "OpenedJson": "QueryOpened", "HeardJson": "QueryAnswer", "SearchJson": "SearchAnswer",
    "ReasonJson": "ReasonAnswer", "StartedJson": "CrawlStarted", "CrawlJson": "CrawlAnswer",
    "ListenJson": "Listen", "ListensJson": "Listens", "ForgottenJson": "Forgotten",
    "PlayedWithJson": "PlayedWith", "RecommendedJson": "Result",
    "RecommendJson": "RecommendAnswer",
    "ProgressJson": "CrawlCounts", "CrawlsJson": "CrawlList",
    "PlaylistJson": "PlaylistAnswer", "PlaylistsJson": "PlaylistList",
    "IndexJson": "IndexHealth", "HealthJson": "Health",
}  # fmt: skip


@pytest.mark.parametrize(("read", "answered"), _READ.items())
def test_clients_read_only_what_the_api_answers(read: str, answered: str) -> None:
    assert set(getattr(api_answers, read).__annotations__) <= set(_SCHEMAS[answered]["properties"])


def test_questions_carry_their_parameters_the_key_and_a_path_before_the_apis_own() -> None:
    with serve(lambda request: Answer.json({"path": request.path})) as server:
        client = ApiClient(f"{server.url}/stage/", key="hush")
        assert client.get("/tracks", text="a b", tags=None).checked() == {"path": "/stage/tracks"}
        client.post("/crawls", {"playlist": "\udcff"})
    asked, posted = server.requests
    assert asked.query == {"text": "a b"}
    assert asked.headers["X-Api-Key"] == posted.headers["X-Api-Key"] == "hush"
    assert json.loads(posted.body) == {"playlist": "\udcff"}
    assert posted.headers["Content-Type"] == "application/json"


def test_pages_follow_one_another_on_the_same_server_alone() -> None:
    links = {"/a": '</b?after=1%20>; rel="next"', "/away": '<https://elsewhere.example/b>; rel="next"'}

    def route(request: Request) -> Answer:
        named = {"Link": links[request.path]} if request.path in links else {}
        return Answer(200, f"{request.path} {request.query}".encode(), named)

    with serve(route) as server:
        client = ApiClient(server.url)
        assert list(client.pages_of("/a")) == ["/a {}", "/b {'after': '1 '}"]
        with pytest.raises(ApiUnreachable, match="elsewhere"):
            list(client.pages_of("/away"))


def test_when_to_ask_again_is_told() -> None:
    with serve(lambda _: Answer.json({}, 429, Retry_After="1800")) as server:
        assert ApiClient(server.url).get("/listens").retry_after_s == 1800
    with serve(lambda _: Answer.json({}, 429, Retry_After="Fri, 31 Dec 1999 23:59:59 GMT")) as server:
        assert ApiClient(server.url).get("/listens").retry_after_s is None


def test_a_refusal_says_what_the_api_says() -> None:
    problem = {"error": {"code": "track_not_found", "message": "no track deezer:7", "hint": "Crawl it."}}
    with serve(lambda _: Answer.json(problem, 404)) as server, pytest.raises(ApiRefused) as refused:
        ApiClient(server.url).get("/tracks/deezer:7").checked()
    assert (refused.value.message, refused.value.hint) == ("no track deezer:7", "Crawl it.")
    assert refused.value.status == 404


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"message": "Too Many Requests"}', b""])
def test_a_refusal_of_somebody_in_between_names_its_status(body: bytes) -> None:
    with serve(lambda _: Answer(429, body)) as server, pytest.raises(ApiRefused, match="429"):
        ApiClient(server.url).get("/health").checked()


def test_a_page_instead_of_json_and_a_port_where_nobody_listens_are_no_api() -> None:
    with serve(lambda _: Answer(200, b"<html>")) as server, pytest.raises(ApiUnreachable):
        ApiClient(server.url).get("/health")
    with pytest.raises(ApiUnreachable, match=server.url):
        ApiClient(server.url).get("/health")


def test_a_track_is_searchable_when_the_api_says_that_it_is_indexed() -> None:
    def route(request: Request) -> Answer:
        known = request.path == "/tracks/deezer%3A1"
        return Answer.json({"track_id": "deezer:1", "indexed": True}) if known else Answer.json({}, 404)

    with serve(route) as server:
        client = ApiClient(server.url)
        assert client.is_searchable("deezer:1")
        assert not client.is_searchable("deezer:2")


def test_a_proxy_is_asked_where_the_environment_names_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(lambda _: Answer.json({"by": "proxy"})) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "localhost")
        assert ApiClient("http://api.example.org").get("/health").body == {"by": "proxy"}
        with pytest.raises(ApiUnreachable):
            ApiClient("http://localhost:9").get("/health")
    assert proxy.requests[0].path == "/health"


Serve = Callable[[socket.socket, int], None]
"""Deals with the connection of this number."""


@contextmanager
def _listening(deal: Serve) -> Iterator[str]:
    """A server of which each connection is dealt with by `deal`, one after the other; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            number = 0
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    deal(connection, number)
                number += 1

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def _answer(connection: socket.socket) -> Any:
    asked = connection.recv(65536)
    if asked:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    return asked


def test_a_connection_is_kept_for_the_next_question() -> None:
    asked: list[int] = []

    def deal(connection: socket.socket, number: int) -> None:
        while _answer(connection):
            asked.append(number)

    with _listening(deal) as address:
        client = ApiClient(address)
        for _ in range(3):
            client.get("/health")
        client.close()
    assert asked == [0, 0, 0]


def test_a_question_that_meets_the_end_of_an_idle_connection_is_asked_again() -> None:
    def deal(connection: socket.socket, number: int) -> None:
        _answer(connection)
        if number == 0:
            connection.recv(65536)  # and is closed without an answer, as a server does that has just lost patience

    with _listening(deal) as address:
        client = ApiClient(address)
        assert [client.get("/health").status for _ in range(2)] == [200, 200]


def test_what_might_be_done_twice_is_not_asked_twice() -> None:
    posts: list[int] = []

    def deal(connection: socket.socket, number: int) -> None:
        posts.append(number)
        connection.recv(65536)

    with _listening(deal) as address, pytest.raises(ApiUnreachable):
        ApiClient(address).post("/crawls", {})
    assert posts == [0]


def test_a_server_that_hangs_up_again_and_again_is_not_asked_for_ever() -> None:
    calls: list[int] = []

    def deal(connection: socket.socket, number: int) -> None:
        calls.append(number)
        connection.recv(65536)

    with _listening(deal) as address, pytest.raises(ApiUnreachable, match=address):
        ApiClient(address).get("/health")
    assert calls == [0, 1]


def test_a_clip_goes_where_the_api_says_without_the_key(tmp_path: Path) -> None:
    with serve(lambda _: Answer()) as store:
        upload = {"method": "PUT", "url": f"{store.url}/clip?signed", "headers": {"Content-Type": "audio/wav"}}
        opened = {"query_id": "1", "upload": upload, "status_url": "/queries/1"}
        with serve(lambda _: Answer.json(opened, 201)) as server:
            assert ApiClient(server.url, key="hush").ask_with_clip(b"RIFF", "audio/wav") == opened
    (asked,), (put,) = server.requests, store.requests
    assert json.loads(asked.body) == {"size": 4, "type": "audio/wav"}
    assert (put.method, put.body, put.headers["Content-Type"]) == ("PUT", b"RIFF", "audio/wav")
    assert "X-Api-Key" not in put.headers


def test_a_store_that_refuses_the_clip_is_named_without_its_signed_address() -> None:
    with serve(lambda _: Answer(status=403)) as store:
        upload = {"method": "PUT", "url": f"{store.url}/clip?X-Amz-Signature=hush", "headers": {}}
        opened = {"query_id": "1", "upload": upload, "status_url": "/queries/1"}
        with serve(lambda _: Answer.json(opened, 201)) as server, pytest.raises(ApiRefused) as refused:
            ApiClient(server.url).ask_with_clip(b"RIFF", "audio/wav")
    assert (refused.value.status, "hush" in refused.value.message) == (403, False)
