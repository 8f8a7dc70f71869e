import random
import tracemalloc
from collections import Counter
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from crawler import bootstrap, handler
from earshot.playlist import parse_playlist
from earshot.track import Status
from tests.stubs import deezer as deezer_stub
from tests.stubs.audio import sweep
from tests.stubs.deezer import DeezerStub
from tests.stubs.itunes import ItunesStub, song
from tests.stubs.spotify import EPISODE, LOCAL_FILE, NULL_ITEM, SpotifyStub, item, spotify_id, track
from tests.stubs.stack import Stack, invoke
from tests.stubs.web import Answer, Request, StubServer, serve

_PLAYLIST = spotify_id("thousand")
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
    """20 kinds of entries in turn; the first seven hold a track."""
    wanted = track(number)
    artist, isrc = f"Artist {number}", wanted["external_ids"]["isrc"]
    match number % 20:
        case 0:
            return item(track(number, preview_url=f"{previews}/{number}.mp3"))
        case 1:
            web.deezer.tracks[number] = deezer_stub.track(number, isrc=isrc)
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
        case 7 | 8:
            return NULL_ITEM
        case 9 | 10:
            return None
        case 11 | 12 | 13:
            return LOCAL_FILE
        case 14 | 15 | 16:
            return EPISODE
        case _:
            return item(track(number - 12))  # listed before
    return item(wanted)


def test_a_thousand_entries_of_every_kind_each_delivered_twice_and_shuffled(
    web_stack: Stack, spotify: SpotifyStub, web: _Web
) -> None:
    def serve_preview(request: Request) -> Answer:
        return Answer(body=b"<html>" if request.path == "/html" else _clip(int(request.path[1:-4])))

    with serve(serve_preview) as previews:
        spotify.playlists[_PLAYLIST] = [_entry(number, previews.url, web) for number in range(1000)]
        crawl_id = web_stack.start(_PLAYLIST)
        _deliver_twice_and_shuffled(web_stack)
        own = Counter({path: count for path, count in previews.hits.items() if path != "/html"})
    progress = web_stack.crawls.progress(crawl_id, web_stack.tracks)
    assert progress.total == 1000
    assert progress.reasons == {
        "null_entry": 200,
        "local_file": 150,
        "episode": 150,
        "duplicate_entry": 150,
        "rejected": 50,
        "miss": 50,
        "unplayable": 50,
    }
    assert progress.states == {Status.PENDING: 200, Status.NO_PREVIEW: 150, "skipped": 650}
    downloads = own + web.downloads()
    assert len(downloads) == 200
    assert set(downloads.values()) == {1}, "nothing was downloaded twice"
    for number in range(1000):
        if number % 20 < 4:
            preview = web_stack.previews.get(spotify_id(number))
            assert preview is not None
            assert preview.audio == _clip(number), "each preview is under its own track"


def _deliver_twice_and_shuffled(stack: Stack) -> None:
    """As a queue at its worst: every message twice, in any order."""
    sqs = boto3.client("sqs")
    rng = random.Random(3)
    for url, function in (
        (stack.crawl_queue_url, handler.crawl_playlist),
        (stack.fetch_queue_url, handler.fetch_preview),
    ):
        seen: list[dict[str, Any]] = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            seen += messages
            for message in messages:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            if url == stack.crawl_queue_url:  # the rest of the playlist comes by the same queue
                assert not invoke(function, messages)
        again = seen if url == stack.crawl_queue_url else seen + seen
        rng.shuffle(again)
        for start in range(0, len(again), 10):
            assert not invoke(function, again[start : start + 10])


def test_memory_does_not_grow_with_the_playlist(web_stack: Stack, spotify: SpotifyStub) -> None:
    source = bootstrap.crawl().sources["spotify"]
    peaks = []
    for pages in (4, 40):
        name = spotify_id(pages)
        spotify.playlists[name] = [item(track(number % 50)) for number in range(50 * pages)]
        cursor: str | None = None
        tracemalloc.start()
        for _ in range(pages):
            cursor = source.read_page(parse_playlist(name), cursor).next_cursor
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert cursor is None
    assert peaks[1] < peaks[0] * 1.5


@pytest.mark.parametrize("killed", [False, True])
def test_a_crawl_that_must_wait_hours_loses_nothing_when_delivered_twice_or_killed(
    web_stack: Stack, spotify: SpotifyStub, deezer: DeezerStub, killed: bool
) -> None:
    spotify.playlists[_PLAYLIST] = [item(track(number)) for number in range(30)]
    throttled = Answer(429, b"", {"Retry-After": "7200"})

    def throttle(request: Request) -> Answer | None:
        return throttled

    deezer.fail = throttle
    crawl_id = web_stack.start(_PLAYLIST)
    web_stack.deliver(web_stack.crawl_queue_url, handler.crawl_playlist, keep=killed)
    while web_stack.deliver(web_stack.fetch_queue_url, handler.fetch_preview, keep=killed):
        pass
    progress = web_stack.crawls.progress(crawl_id, web_stack.tracks)
    assert progress.states == {Status.PENDING: 30}
    assert progress.summary.waiting_until is not None
    queued = web_stack.messages(web_stack.fetch_queue_url)
    assert queued["delayed"] == 30
    assert queued["in_flight"] == (30 if killed else 0), "what was not acknowledged will come again"
