import random
import tracemalloc
from collections import Counter
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from crawler import bootstrap, handler
from earshot.playlists import parse_playlist
from earshot.track import Status
from tests.stubs import deezer as deezer_stub
from tests.stubs.audio import sweep
from tests.stubs.deezer import DeezerStub
from tests.stubs.itunes import ItunesStub, song
from tests.stubs.spotify import EPISODE, LOCAL_FILE, NULL_ITEM, SpotifyStub, item, spotify_id, track
from tests.stubs.stack import Stack, invoke
from tests.stubs.web import Answer, Request, StubServer, serve

_PLAYLIST = spotify_id("hundreds")
_ENTRIES = 120
"""Three of each kind: three pages, in two messages."""
_CLIPS = [sweep(0.3, pitch=200 + 100 * number) for number in range(10)]


def _clip(number: int) -> bytes:
    """Audio that nobody else has: a clip, and the number in its tail, where decoders do not look."""
    return _CLIPS[number % 10] + b"TAG" + str(number).encode().ljust(125, b"\0")


@dataclass
class _Web:
    """The providers and what they were asked."""

    deezer: DeezerStub
    itunes: ItunesStub
    servers: tuple[StubServer, StubServer]

    def downloads(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for server in self.servers:
            found.update({f"{server.url}{p}": n for p, n in server.hits.items() if p.startswith("/previews/")})
        return found


@pytest.fixture
def web(deezer: DeezerStub, itunes: ItunesStub, deezer_server: StubServer, itunes_server: StubServer) -> _Web:
    return _Web(deezer, itunes, (deezer_server, itunes_server))


def _entry(number: int, previews: str, web: _Web) -> Any:
    """40 kinds of entries in turn; the first seven hold a track."""
    wanted = track(number)
    artist, isrc = f"Artist {number}", wanted["external_ids"]["isrc"]
    match number % 40:
        case 0:
            return item(track(number, preview_url=f"{previews}/{number}.mp3"))
        case 1:
            web.deezer.tracks[number] = deezer_stub.track(number, isrc=isrc, title=wanted["name"], duration=208)
            web.deezer.audio[number] = _clip(number)
        case 2:
            web.deezer.tracks[number] = deezer_stub.track(number, title=wanted["name"], duration=208)
            web.deezer.audio[number] = _clip(number)
        case 3:
            web.itunes.songs.append(song(number, wanted["name"], artist, 208_000))
            web.itunes.audio[number] = _clip(number)
        case 4:
            web.deezer.tracks[number] = deezer_stub.track(number, duration=999)
        case 5:
            pass
        case 6:
            return item(track(number, preview_url=f"{previews}/html"))
        case 7 | 8 | 9 | 10 | 11 | 12:
            return NULL_ITEM
        case 13 | 14 | 15 | 16 | 17 | 18:
            return None
        case 19 | 20 | 21 | 22 | 23 | 24 | 25 | 26:
            return LOCAL_FILE
        case 27 | 28 | 29 | 30 | 31 | 32 | 33 | 34:
            return EPISODE
        case _:
            return item(track(number - 35))  # listed before, here without its preview
    return item(wanted)


def test_hundreds_of_entries_of_every_kind_each_delivered_twice_and_shuffled(
    web_stack: Stack, spotify: SpotifyStub, web: _Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARSHOT_PAGES_PER_MESSAGE", "2")

    def serve_preview(request: Request) -> Answer:
        return Answer(body=b"<html>" if request.path == "/html" else _clip(int(request.path[1:-4])))

    with serve(serve_preview) as previews:
        spotify.playlists[_PLAYLIST] = [_entry(number, previews.url, web) for number in range(_ENTRIES)]
        crawl_id = web_stack.start(_PLAYLIST)
        _deliver_twice_and_shuffled(web_stack)
        own = Counter({path: count for path, count in previews.hits.items() if path != "/html"})
    progress = web_stack.crawls.count(crawl_id, web_stack.tracks)
    each = _ENTRIES // 40
    assert progress.total == _ENTRIES
    assert progress.reasons == {
        "null_entry": 12 * each,
        "local_file": 8 * each,
        "episode": 8 * each,
        "duplicate_entry": 5 * each,
        "rejected": each,
        "miss": each,
        "unplayable": each,
    }
    assert progress.states == {Status.PENDING: 4 * each, Status.NO_PREVIEW: 3 * each, "skipped": 33 * each}
    downloads = own + web.downloads()
    assert len(downloads) == 4 * each
    assert set(downloads.values()) == {1}, "nothing was downloaded twice"
    for number in range(_ENTRIES):
        if number % 40 < 4:
            preview = web_stack.previews.get(spotify_id(number))
            assert preview is not None
            assert preview.audio == _clip(number), "each preview is under its own track"


def _deliver_twice_and_shuffled(stack: Stack) -> None:
    """As a queue at its worst: every message twice, those of one function in any order."""
    rng = random.Random(3)
    asked: list[dict[str, Any]] = []
    while messages := _receive(stack.crawl_queue_url):  # what a message hands on comes by the same queue
        assert not invoke(handler.crawl_playlist, messages * 2)
        while messages := _receive(stack.fetch_queue_url):
            asked += messages * 2
    rng.shuffle(asked)
    for start in range(0, len(asked), 10):
        assert not invoke(handler.fetch_preview, asked[start : start + 10])


def _receive(queue_url: str) -> list[Any]:
    """Receive and delete: moto's queues are slow when they are long."""
    sqs = boto3.client("sqs")
    messages = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages", [])
    for message in messages:
        sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
    return messages


def test_memory_does_not_grow_with_the_playlist(web_stack: Stack, spotify: SpotifyStub) -> None:
    read_page = bootstrap.crawl().sources["spotify"].read_page
    assert read_page is not None
    peaks = []
    for pages in (4, 40):
        name = spotify_id(pages)
        spotify.playlists[name] = [item(track(number % 50)) for number in range(50 * pages)]
        cursor: str | None = None
        tracemalloc.start()
        for _ in range(pages):
            cursor = read_page(parse_playlist(name), cursor).next_cursor
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert cursor is None
    # A page that is kept costs 37 kB; what the stub remembers of a request, less than 10.
    assert peaks[1] - peaks[0] < 36 * 25_000


@pytest.mark.parametrize("killed", [False, True])
def test_a_crawl_that_must_wait_hours_loses_nothing_when_delivered_twice_or_killed(
    web_stack: Stack, spotify: SpotifyStub, deezer: DeezerStub, killed: bool
) -> None:
    spotify.playlists[_PLAYLIST] = [item(track(number)) for number in range(12)]
    throttled = Answer(429, b"", {"Retry-After": "7200"})

    def throttle(request: Request) -> Answer | None:
        return throttled

    deezer.fail = throttle
    crawl_id = web_stack.start(_PLAYLIST)
    web_stack.deliver(web_stack.crawl_queue_url, handler.crawl_playlist, keep=killed)
    while web_stack.deliver(web_stack.fetch_queue_url, handler.fetch_preview, keep=killed):
        pass
    progress = web_stack.crawls.count(crawl_id, web_stack.tracks)
    assert progress.states == {Status.PENDING: 12}
    assert progress.summary.waiting_until is not None
    queued = web_stack.messages(web_stack.fetch_queue_url)
    assert queued["delayed"] == 12
    assert queued["in_flight"] == (12 if killed else 0), "what was not acknowledged will come again"
