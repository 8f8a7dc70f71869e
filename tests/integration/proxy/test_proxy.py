"""The proxy between a client and a media server, both stubs: what passes through, and what is answered here."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
import uvicorn

from earshot.api_client import ApiClient
from proxy import listening
from proxy.app import Proxy
from tests.aws import free_ports
from tests.stubs.subsonic import PASSWORD, USER, SubsonicStub, error, mbid, ok, song
from tests.stubs.web import Answer, Request, StubServer, serve

_ME = {"u": USER, "p": PASSWORD, "c": "test", "v": "1.16.1"}


@dataclass
class EarshotStub:
    """Earshot's API: what sounds like what is what the test says."""

    similar: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    found: list[dict[str, Any]] = field(default_factory=list)
    told: list[tuple[str, str, str, Any]] = field(default_factory=list)
    """Of listening: method, path, key and body."""
    failures: list[int] = field(default_factory=list)
    """Statuses that are answered first to what is told."""

    def __call__(self, request: Request) -> Answer:
        if request.path.startswith(("/listens", "/opinions")):
            body = json.loads(request.body) if request.body else None
            self.told.append((request.method, request.path, request.headers.get("X-Api-Key", ""), body))
            return Answer.json({}, self.failures.pop(0) if self.failures else 202)
        match request.path:
            case "/similar":
                return self._results(self.similar.get(request.query["track_id"]))
            case "/extend":
                seeds = [one for one in json.loads(request.body)["track_ids"] if one in self.similar]
                return self._results([row for seed in seeds for row in self.similar[seed]] if seeds else None)
            case "/search":
                return Answer.json({"results": self.found, "total": len(self.found)})
        return Answer(404)

    def _results(self, rows: list[dict[str, Any]] | None) -> Answer:
        if rows is None:
            return Answer.json({"error": {"code": "track_not_found", "message": "no track", "hint": ""}}, 404)
        return Answer.json({"results": rows, "query": []})


def result(track_id: str, **known: Any) -> dict[str, Any]:
    """A row of an answer."""
    return {"track_id": track_id, "similarity": 0.5, "versions": [], "title": "", "artists": [], **known}


@contextmanager
def proxy_of(upstream: str, api: str, keys: dict[str, str] | None = None) -> Iterator[str]:
    """A running proxy's address."""
    (port,) = free_ports(1)
    app = Proxy(upstream, ApiClient(api), keys)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def subsonic() -> SubsonicStub:
    return SubsonicStub(albums={"al": [song(n) for n in range(1, 6)]})


@pytest.fixture
def earshot() -> EarshotStub:
    return EarshotStub()


@pytest.fixture
def upstream(subsonic: SubsonicStub) -> Iterator[StubServer]:
    with serve(subsonic) as server:
        yield server


@pytest.fixture
def address(upstream: StubServer, earshot: EarshotStub) -> Iterator[str]:
    with serve(earshot) as api, proxy_of(upstream.url, api.url) as address:
        yield address


def _ask(address: str, endpoint: str, **parameters: Any) -> dict[str, Any]:
    answer = httpx.get(f"{address}/rest/{endpoint}", params={**_ME, "f": "json", **parameters})
    assert answer.status_code == 200
    content: dict[str, Any] = answer.json()["subsonic-response"]
    return content


def _titles(content: dict[str, Any], name: str = "similarSongs2") -> list[str]:
    return [one["title"] for one in content[name]["song"]]


def test_similar_songs_are_the_servers_own_objects(address: str, earshot: EarshotStub, subsonic: SubsonicStub) -> None:
    earshot.similar = {"subsonic:1": [result("subsonic:3"), result("subsonic:gone"), result("subsonic:2")]}
    for endpoint, name in (("getSimilarSongs", "similarSongs"), ("getSimilarSongs2.view", "similarSongs2")):
        content = _ask(address, endpoint, id="1")
        assert content[name]["song"] == [subsonic.songs()["3"], subsonic.songs()["2"]]
        assert (content["status"], content["type"]) == ("ok", "stub")
    assert _titles(_ask(address, "getSimilarSongs2", id="1", count=1)) == ["Title 3"]


def test_results_of_other_sources_are_found_on_the_server(address: str, earshot: EarshotStub) -> None:
    known = {"title": "Title 2", "artists": ["Artist 2"], "duration_ms": 200_500}
    earshot.similar = {
        "subsonic:1": [
            result("file:0000000000000001", **known),
            result("deezer:4", versions=[{"track_id": "subsonic:4"}]),
            result("deezer:5", title="Title 5", artists=["Somebody else"], duration_ms=200_000),
        ]
    }
    assert _titles(_ask(address, "getSimilarSongs2", id="1")) == ["Title 2", "Title 4"]


def test_a_song_that_was_heard_from_elsewhere_is_found_by_what_it_is(address: str, earshot: EarshotStub) -> None:
    earshot.found = [result("file:0000000000000001", title="Title 1", artists=["Artist 1"], duration_ms=200_000)]
    earshot.similar = {"file:0000000000000001": [result("subsonic:3")]}
    assert _titles(_ask(address, "getSimilarSongs2", id="1")) == ["Title 3"]


def test_an_albums_songs_are_asked_for_together(address: str, earshot: EarshotStub) -> None:
    earshot.similar = {"subsonic:1": [result("subsonic:4")], "subsonic:2": [result("subsonic:5")]}
    assert _titles(_ask(address, "getSimilarSongs2", id="al")) == ["Title 4", "Title 5"]


def test_what_earshot_has_not_heard_the_server_answers(address: str, subsonic: SubsonicStub) -> None:
    content = _ask(address, "getSimilarSongs2", id="1")
    assert content["error"]["message"] == "Unknown method"
    assert subsonic.asked[-1][0] == "getSimilarSongs2"
    assert _ask(address, "getSonicSimilarTracks", id="1")["error"]["code"] == 70
    assert _ask(address, "getSonicSimilarTracks")["error"]["code"] == 10


def test_without_earshot_the_server_answers_alone(upstream: StubServer) -> None:
    with proxy_of(upstream.url, "http://127.0.0.1:9") as address:
        assert _ask(address, "getSimilarSongs2", id="1")["error"]["message"] == "Unknown method"
        assert _ask(address, "getSong", id="1")["song"]["title"] == "Title 1"


def test_nothing_is_answered_to_whom_the_server_does_not_know(address: str, earshot: EarshotStub) -> None:
    earshot.similar = {"subsonic:1": [result("subsonic:3")]}
    assert _ask(address, "getSimilarSongs2", id="1")["status"] == "ok"
    for stranger in ({"p": "wrong"}, {"p": ""}, {"u": "you"}):
        for endpoint in ("getSimilarSongs2", "getSonicSimilarTracks", "findSonicPath"):
            assert _ask(address, endpoint, id="1", **stranger)["error"]["code"] == 40


def test_the_server_is_not_asked_again_who_somebody_is(
    address: str, earshot: EarshotStub, subsonic: SubsonicStub
) -> None:
    earshot.similar = {"subsonic:1": [result("subsonic:3")]}
    for _ in range(3):
        _ask(address, "getSimilarSongs2", id="1")
    assert [endpoint for endpoint, _ in subsonic.asked] == ["ping", "getSong"]


def test_the_extension_is_added_to_the_servers_own(address: str, subsonic: SubsonicStub) -> None:
    subsonic.extensions = ("formPost", "sonicSimilarity")
    names = [one["name"] for one in _ask(address, "getOpenSubsonicExtensions")["openSubsonicExtensions"]]
    assert names == ["formPost", "sonicSimilarity"]
    subsonic.fail = lambda _: error(0, "Unknown method")
    assert [one["name"] for one in _ask(address, "getOpenSubsonicExtensions")["openSubsonicExtensions"]] == [
        "sonicSimilarity"
    ]


def test_answers_come_in_every_form_that_players_ask_for(address: str, earshot: EarshotStub) -> None:
    earshot.similar = {"subsonic:1": [result("subsonic:3", similarity=0.5)]}
    url, asked = f"{address}/rest/getSonicSimilarTracks", {**_ME, "id": "1"}
    root = ElementTree.fromstring(httpx.get(url, params=asked).text)  # noqa: S314 (our own answer)
    space = "{http://subsonic.org/restapi}"
    found = root.find(f"{space}sonicMatch")
    assert found is not None
    assert found.get("similarity") == "0.75"
    entry = found.find(f"{space}entry")
    assert entry is not None
    assert entry.get("title") == "Title 3"
    assert [genre.get("name") for genre in entry.findall(f"{space}genres")] == ["Rock", "Noise"]
    assert [code.text for code in entry.findall(f"{space}isrc")] == ["GBAYE6800001"]
    script = httpx.get(url, params={**asked, "f": "jsonp", "callback": "cb"}).text
    assert json.loads(script.removeprefix("cb(").removesuffix(");"))["subsonic-response"]["sonicMatch"]
    form = httpx.post(url, data={**asked, "f": "json"})
    assert form.json()["subsonic-response"]["sonicMatch"][0]["entry"]["id"] == "3"


@pytest.mark.parametrize("callback", ["", "a(b)", "<script>", "x" * 200])
def test_a_callback_that_is_none_calls_nothing(address: str, callback: str) -> None:
    answer = httpx.get(f"{address}/rest/getSonicSimilarTracks", params={**_ME, "f": "jsonp", "callback": callback})
    assert answer.headers["content-type"].startswith("application/json")


def _echo(request: Request) -> Answer:
    """What came in, as JSON, with whatever a server may add."""
    told = {"method": request.method, "path": request.path, "query": request.query, "body": request.body.hex()}
    headers = {
        "X-Server": "yes",
        "Set-Cookie": "a=b",
        "Location": "http://nas/x",
        "Connection": "x-secret",
        "X-Secret": "1",
    }
    return Answer.json(
        {**told, "headers": request.headers}, 207, **{k.replace("-", "_"): v for k, v in headers.items()}
    )


def test_requests_and_answers_pass_through_as_they_are() -> None:
    with serve(_echo) as server, proxy_of(f"{server.url}/music", "http://127.0.0.1:9") as address:
        body = bytes(range(256)) * 1000
        answer = httpx.post(
            f"{address}/rest/x%2Fy/z?a=1&b=%C3%A9", content=body,
            headers={"Range": "bytes=0-1", "Content-Type": "image/png", "X-Mine": "m", "Authorization": "Basic eA=="},
        )  # fmt: skip
    told = answer.json()
    assert (answer.status_code, answer.headers["x-server"], answer.headers["set-cookie"]) == (207, "yes", "a=b")
    assert "x-secret" not in answer.headers
    assert (told["method"], told["path"], told["query"]) == ("POST", "/music/rest/x%2Fy/z", {"a": "1", "b": "é"})
    assert bytes.fromhex(told["body"]) == body
    headers = {name.lower(): value for name, value in told["headers"].items()}
    assert (headers["range"], headers["x-mine"], headers["authorization"]) == ("bytes=0-1", "m", "Basic eA==")
    assert headers["host"] == f"127.0.0.1:{server.port}"


def test_a_stream_is_passed_on_while_it_comes() -> None:
    with (
        serve(lambda _: Answer(body=b"abcdef", drip_s=0.2)) as server,
        proxy_of(server.url, "http://127.0.0.1:9") as address,
        httpx.stream("GET", f"{address}/rest/stream?id=1") as answer,
    ):
        began = time.monotonic()
        chunks = [(chunk, time.monotonic() - began) for chunk in answer.iter_raw()]
    assert b"".join(chunk for chunk, _ in chunks) == b"abcdef"
    assert chunks[-1][1] - chunks[0][1] > 0.6


def test_a_stream_that_breaks_off_is_not_passed_on_as_whole() -> None:
    with (
        serve(lambda _: Answer(body=b"abc", claimed_length=10)) as server,
        proxy_of(server.url, "http://127.0.0.1:9") as address,
        pytest.raises(httpx.HTTPError),
    ):
        httpx.get(f"{address}/rest/stream?id=1")


def test_a_server_that_is_away_is_said_to_be() -> None:
    with proxy_of("http://127.0.0.1:9", "http://127.0.0.1:9") as address:
        for endpoint in ("stream", "getSimilarSongs2", "getOpenSubsonicExtensions"):
            answer = httpx.get(f"{address}/rest/{endpoint}")
            assert (answer.status_code, "does not answer" in answer.text) == (502, True)


def test_when_the_listener_leaves_the_server_is_let_go() -> None:
    let_go = threading.Event()

    def endless(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\n\r\n")
            try:
                while True:
                    connection.sendall(bytes(65_536))
            except OSError:
                let_go.set()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=endless, args=(listener,), daemon=True).start()
        upstream = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with proxy_of(upstream, "http://127.0.0.1:9") as address:
            with httpx.stream("GET", f"{address}/rest/stream?id=1") as answer:
                next(answer.iter_raw())
            assert let_go.wait(10)


@pytest.fixture
def scrobbling(subsonic: SubsonicStub, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server takes scrobbles and stars; what is told again is told at once."""
    endpoints = ("scrobble", "star", "unstar")
    subsonic.fail = lambda request: (
        ok()
        if request.path.rpartition("/")[2] in endpoints and PASSWORD in str(request.every | request.query)
        else None
    )
    monkeypatch.setattr(listening, "_WAITS_S", (0.0, 0.0))


def _until(told: list[Any], count: int) -> list[Any]:
    deadline = time.monotonic() + 5
    while len(told) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    return told


_PLAY_OF_1 = {
    "track_id": "subsonic:1", "title": "Title 1", "artists": ["Artist 1"], "album": "Album 1", "isrc": "GBAYE6800001",
    "mbid": mbid(1), "duration_ms": 200_000, "client": "test",
}  # fmt: skip


@pytest.mark.usefixtures("scrobbling")
def test_what_is_played_the_server_hears_and_earshot_too(address: str, earshot: EarshotStub) -> None:
    assert (
        _ask(address, "scrobble", id=["1", "nothing", "2"], time=[1_700_000_000_000, 5, 1_700_000_300_000])["status"]
        == "ok"
    )
    ((method, path, _, body),) = _until(earshot.told, 1)
    assert (method, path) == ("POST", "/listens")
    assert [play["track_id"] for play in body["listens"]] == ["subsonic:1", "subsonic:2"]
    assert body["listens"][0] == {**_PLAY_OF_1, "listened_at": 1_700_000_000}
    assert body["listens"][1]["listened_at"] == 1_700_000_300
    _ask(address, "scrobble", id="1", submission="false")
    assert _until(earshot.told, 2)[1][:2] == ("PUT", "/listens/now")
    assert earshot.told[1][3] == _PLAY_OF_1


@pytest.mark.usefixtures("scrobbling")
def test_earshot_is_told_again_when_it_was_away_and_not_when_it_refuses(address: str, earshot: EarshotStub) -> None:
    earshot.failures = [503, 429]
    _ask(address, "scrobble", id="1")
    assert [body["listens"][0]["track_id"] for _, _, _, body in _until(earshot.told, 3)] == ["subsonic:1"] * 3
    earshot.failures = [422]
    _ask(address, "scrobble", id="1")
    _ask(address, "scrobble", id="2")
    assert [told[3]["listens"][0]["track_id"] for told in _until(earshot.told, 5)[3:]] == ["subsonic:1", "subsonic:2"]


@pytest.mark.usefixtures("scrobbling")
def test_players_do_not_wait_for_an_earshot_that_is_away(upstream: StubServer) -> None:
    with proxy_of(upstream.url, "http://127.0.0.1:9") as address:
        assert _ask(address, "scrobble", id="1")["status"] == "ok"


@pytest.mark.usefixtures("scrobbling")
def test_each_user_plays_under_their_own_key(upstream: StubServer, earshot: EarshotStub) -> None:
    with serve(earshot) as api, proxy_of(upstream.url, api.url, {USER.upper(): "hers"}) as address:
        _ask(address, "scrobble", id="1")
        assert _until(earshot.told, 1)[0][2] == "hers"


@pytest.mark.usefixtures("scrobbling")
def test_of_whom_the_server_does_not_let_in_earshot_hears_nothing(address: str, earshot: EarshotStub) -> None:
    assert _ask(address, "scrobble", id="1", p="wrong")["status"] == "failed"
    _ask(address, "scrobble", id="2")
    assert [told[3]["listens"][0]["track_id"] for told in _until(earshot.told, 1)] == ["subsonic:2"]


@pytest.mark.usefixtures("scrobbling")
def test_stars_are_opinions_of_the_track_that_earshot_heard(address: str, earshot: EarshotStub) -> None:
    earshot.similar = {"subsonic:1": []}
    earshot.found = [result("file:0000000000000002", title="Title 2", artists=["Artist 2"], duration_ms=200_000)]
    _ask(address, "star", id=["1", "2", "3"])
    _until(earshot.told, 2)
    _ask(address, "unstar.view", id="1")
    assert [(method, path, body) for method, path, _, body in _until(earshot.told, 3)] == [
        ("PUT", "/opinions/subsonic%3A1", {"opinion": "loved"}),
        ("PUT", "/opinions/file%3A0000000000000002", {"opinion": "loved"}),
        ("DELETE", "/opinions/subsonic%3A1", None),
    ]
