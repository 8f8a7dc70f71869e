import time
from typing import Any

import boto3
import pytest

from crawler import handler
from earshot.ids import TrackId
from earshot.track import Status
from tests.stubs import deezer as deezer_stub
from tests.stubs.audio import sweep
from tests.stubs.crawled import PLAYLIST, audio_of, crawled, make_visible
from tests.stubs.deezer import DeezerStub
from tests.stubs.itunes import ItunesStub, song
from tests.stubs.spotify import SpotifyStub, item, spotify_id, track
from tests.stubs.stack import Stack, sqs_event
from tests.stubs.web import Answer, StubServer, serve

_MP3 = sweep(1)
_M4A = sweep(1, "m4a")


def test_the_sources_own_preview_comes_first(
    web_stack: Stack, spotify: SpotifyStub, deezer_server: StubServer, itunes_server: StubServer
) -> None:
    with serve(lambda _: Answer(body=_MP3)) as previews:
        crawled(web_stack, track(1, preview_url=f"{previews.url}/1.mp3"), spotify=spotify)
    assert audio_of(web_stack, spotify_id(1)) == (_MP3, "spotify")
    assert not deezer_server.requests
    assert not itunes_server.requests


def test_deezer_serves_a_recording_by_its_isrc(web_stack: Stack, spotify: SpotifyStub, deezer: DeezerStub) -> None:
    wanted = track(1)
    deezer.tracks[7] = _same(7, wanted, title="Title 1 (Album Version)")
    deezer.audio[7] = _MP3
    crawled(web_stack, wanted, spotify=spotify)
    assert audio_of(web_stack, wanted["id"]) == (_MP3, "deezer")


def _same(number: int, wanted: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Deezer's track of the recording `wanted`."""
    known = {"title": wanted["name"], "artist": {"name": wanted["artists"][0]["name"]}, "duration": 208}
    return deezer_stub.track(number, **({"isrc": wanted["external_ids"]["isrc"], **known} | changes))


@pytest.mark.parametrize(
    "otherwise",
    [{"title": "Good Title 1"}, {"artist": {"name": "Mawane"}}, {"duration": 172}, {"title": "Title 1 (Tiesso Remix)"}],
)
def test_an_isrc_that_leads_to_another_song_leads_nowhere_and_the_search_goes_on(
    web_stack: Stack, spotify: SpotifyStub, deezer: DeezerStub, otherwise: dict[str, Any]
) -> None:
    lonely, wanted = track(1, name="Title 1 - Fedor Remix"), track(2, name="Title 2 - Fedor Remix")
    deezer.tracks[7] = _same(7, lonely, **otherwise)
    deezer.tracks[8] = _same(8, wanted, **otherwise)
    deezer.tracks[9] = _same(9, wanted, isrc="XX0000000000")
    deezer.audio |= {7: b"wrong", 8: b"wrong", 9: _MP3}
    first, _ = crawled(web_stack, lonely, wanted, spotify=spotify)
    assert (first.status, first.reason) == (Status.NO_PREVIEW, "rejected")
    assert audio_of(web_stack, wanted["id"]) == (_MP3, "deezer")


def test_deezer_serves_what_a_search_finds(web_stack: Stack, spotify: SpotifyStub, deezer: DeezerStub) -> None:
    deezer.tracks[7] = deezer_stub.track(
        7, title="Title 1 (2011 Remaster)", artist={"name": "artist 1"}, duration=208, isrc="XX0000000000"
    )
    deezer.audio[7] = _MP3
    crawled(web_stack, track(1), spotify=spotify)
    assert audio_of(web_stack, spotify_id(1)) == (_MP3, "deezer")


def test_itunes_comes_last_and_serves_aac(web_stack: Stack, spotify: SpotifyStub, itunes: ItunesStub) -> None:
    itunes.songs.append(song(9, "Title 1", "Artist 1", 208_500))
    itunes.audio[9] = _M4A
    crawled(web_stack, track(1), spotify=spotify)
    assert audio_of(web_stack, spotify_id(1)) == (_M4A, "itunes")


@pytest.mark.parametrize(("title", "seconds"), [("Title 1 (Live)", 208), ("Title 1", 212), ("Another Song", 208)])
def test_a_wrong_song_is_rejected(
    web_stack: Stack, spotify: SpotifyStub, deezer: DeezerStub, title: str, seconds: int
) -> None:
    artist = {"name": "Artist 1"}
    deezer.tracks[7] = deezer_stub.track(7, title=title, artist=artist, duration=seconds, isrc="XX0000000000")
    deezer.audio[7] = _MP3
    (stored,) = crawled(web_stack, track(1), spotify=spotify)
    assert (stored.status, stored.reason) == (Status.NO_PREVIEW, "rejected")


def test_what_nobody_has_is_a_miss(web_stack: Stack, spotify: SpotifyStub) -> None:
    (stored,) = crawled(web_stack, track(1), spotify=spotify)
    assert (stored.status, stored.reason) == (Status.NO_PREVIEW, "miss")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=b"<html>sorry</html>"),
        Answer(body=b""),
        Answer(body=_MP3 * 2000),
        Answer(302, headers={"Location": "https://169.254.169.254/latest/meta-data"}),
        Answer(302, headers={"Location": "http://example.org/x.mp3"}),
    ],
    ids=["html", "empty", "too large", "redirect to a private address", "redirect to a foreign host"],
)
def test_an_unplayable_preview_is_named_and_the_next_provider_asked(
    web_stack: Stack, spotify: SpotifyStub, deezer_server: StubServer, answer: Answer
) -> None:
    with serve(lambda _: answer) as previews:
        (stored,) = crawled(web_stack, track(1, preview_url=f"{previews.url}/1.mp3"), spotify=spotify)
    assert stored.status is Status.NO_PREVIEW
    assert stored.reason in ("unplayable", "too_large")
    assert deezer_server.hits["/search"] == 1


def test_a_signed_url_that_expired_is_asked_for_anew(
    web_stack: Stack, deezer: DeezerStub, deezer_server: StubServer
) -> None:
    deezer.tracks[7], deezer.audio[7] = deezer_stub.track(7), _MP3
    deezer.expired = {0, 1}  # the crawl's and the first of the fetch
    web_stack.run("deezer:7")
    assert audio_of(web_stack, "deezer:7") == (_MP3, "deezer")
    assert deezer_server.hits["/previews/7.mp3"] == 2


def test_a_signed_url_that_stays_forbidden_is_given_up(web_stack: Stack, deezer: DeezerStub) -> None:
    deezer.tracks[7], deezer.audio[7] = deezer_stub.track(7), _MP3
    deezer.expired = set(range(100))
    web_stack.run("deezer:7")
    stored = web_stack.tracks.get(TrackId("deezer:7"))
    assert stored is not None
    assert (stored.status, stored.reason) == (Status.NO_PREVIEW, "refused")


def test_an_empty_deezer_preview_is_not_downloaded(web_stack: Stack, deezer: DeezerStub) -> None:
    deezer.tracks[7] = deezer_stub.track(7, isrc="")
    web_stack.run("deezer:7")
    stored = web_stack.tracks.get(TrackId("deezer:7"))
    assert stored is not None
    assert stored.reason == "miss"


def test_deezer_playlists_and_albums_are_read_page_by_page(web_stack: Stack, deezer: DeezerStub) -> None:
    deezer.playlists["55"] = [deezer_stub.track(1), *[None] * 118, deezer_stub.track(120), None, {"id": "?"}]
    deezer.albums["66"] = {"id": 66, "title": "The Album", "rows": [*[None] * 59, deezer_stub.track(60)]}
    crawl_id = web_stack.start("https://www.deezer.com/fr/playlist/55")
    web_stack.deliver(web_stack.crawl_queue_url, handler.crawl_playlist)
    entries = list(web_stack.crawls.entries(crawl_id))
    assert len(entries) == 122
    assert [entry.track_id for entry in entries if entry.track_id] == ["deezer:1", "deezer:120"]
    assert [entry.reason for entry in entries[-2:]] == ["null_entry", "no_track_id"]
    web_stack.start("deezer:album:66")
    web_stack.deliver(web_stack.crawl_queue_url, handler.crawl_playlist)
    stored = web_stack.tracks.get(TrackId("deezer:60"))
    assert stored is not None
    assert stored.info.album == "The Album"


def test_spotify_albums_and_single_tracks_are_crawled(web_stack: Stack, spotify: SpotifyStub) -> None:
    album = spotify_id("album")
    simplified = {key: value for key, value in track(2).items() if key not in ("album", "external_ids")}
    spotify.albums[album] = {"id": album, "name": "The Album", "images": [], "tracks": [simplified]}
    spotify.tracks = {spotify_id(number): track(number) for number in (2, 3)}
    web_stack.run(f"spotify:album:{album}")
    web_stack.run(f"https://open.spotify.com/intl-de/track/{spotify_id(3)}?si=x")
    of_album, single = web_stack.tracks.get(spotify_id(2)), web_stack.tracks.get(spotify_id(3))
    assert of_album is not None
    assert single is not None
    assert of_album.info.isrc == track(2)["external_ids"]["isrc"], "the search by ISRC needs it"
    assert single.info.title == "Title 3"


def test_an_error_inside_a_200_ends_the_crawl_with_its_message(web_stack: Stack) -> None:
    summary = web_stack.crawls.summary(web_stack.run("deezer:playlist:404"))
    assert summary.error is not None
    assert summary.error["code"] == "playlist_not_found"
    assert "no data" in summary.error["message"]


@pytest.mark.parametrize("answer", [deezer_stub.QUOTA, Answer(429, b"slow down", {"Retry-After": "7200"})])
def test_a_throttled_provider_pauses_alone(
    web_stack: Stack, spotify: SpotifyStub, deezer: DeezerStub, itunes: ItunesStub, answer: Answer
) -> None:
    deezer.fail = lambda _: answer
    itunes.songs.append(song(9, "Title 1", "Artist 1", 208_500))
    itunes.audio[9] = _M4A
    served, waiting = crawled(web_stack, track(1), track(2), spotify=spotify)
    assert audio_of(web_stack, served.track_id) == (_M4A, "itunes")
    assert (waiting.status, waiting.reason) == (Status.PENDING, "throttled")
    assert web_stack.messages(web_stack.fetch_queue_url)["delayed"] == 1


def test_who_waits_for_one_provider_does_not_ask_the_others_again(
    web_stack: Stack, spotify: SpotifyStub, deezer_server: StubServer, itunes: ItunesStub, itunes_server: StubServer
) -> None:
    itunes.fail = lambda _: Answer(403, b"", {"Retry-After": "1"})
    crawled(web_stack, track(1), spotify=spotify)
    asked = deezer_server.hits.total()
    itunes.fail = lambda _: None
    itunes.songs.append(song(9, "Title 1", "Artist 1", 208_500))
    itunes.audio[9] = _M4A
    _settled(web_stack)
    assert audio_of(web_stack, spotify_id(1)) == (_M4A, "itunes")
    assert deezer_server.hits.total() == asked
    assert itunes_server.hits["/search"] == 2


def _settled(stack: Stack, seconds: float = 30.0) -> None:
    """Deliver, also what is delayed."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        stack.settle()
        if not any(stack.messages(stack.fetch_queue_url).values()):
            return
        time.sleep(0.1)
    pytest.fail(f"messages are left: {stack.messages(stack.fetch_queue_url)}")


def test_hours_of_retry_after_are_handed_back_and_nothing_is_sent_meanwhile(
    web_stack: Stack, spotify: SpotifyStub, deezer: DeezerStub, deezer_server: StubServer
) -> None:
    deezer.fail = lambda _: Answer(429, b"", {"Retry-After": "7200"})
    spotify.playlists[PLAYLIST] = [item(track(number)) for number in range(5)]
    started = time.monotonic()
    crawl_id = web_stack.run(PLAYLIST)
    assert time.monotonic() - started < 20
    assert deezer_server.hits.total() == 1, "the first refusal holds back everybody"
    progress = web_stack.crawls.count(crawl_id, web_stack.tracks)
    assert progress.states == {Status.PENDING: 5}
    assert progress.reasons == {"throttled": 5}
    assert web_stack.messages(web_stack.fetch_queue_url) == {"visible": 0, "delayed": 5, "in_flight": 0}
    waiting = progress.summary.waiting_until
    assert waiting is not None
    assert 7000 < _seconds_from_now(waiting) < 7300


def _seconds_from_now(text: str) -> float:
    from earshot.clock import seconds_until

    return seconds_until(text)


def test_a_message_that_comes_before_its_time_only_goes_back(
    web_stack: Stack, spotify: SpotifyStub, deezer: DeezerStub, deezer_server: StubServer
) -> None:
    deezer.fail = lambda _: Answer(429, b"", {"Retry-After": "7200"})
    crawled(web_stack, track(1), spotify=spotify)
    sqs = boto3.client("sqs")
    make_visible(web_stack.fetch_queue_url)
    (message,) = sqs.receive_message(QueueUrl=web_stack.fetch_queue_url)["Messages"]
    asked = deezer_server.hits.total()
    handler.fetch_preview({"Records": [_record(message)]}, None)  # type: ignore[arg-type]
    assert deezer_server.hits.total() == asked
    assert web_stack.messages(web_stack.fetch_queue_url)["delayed"] == 1


def _record(message: dict[str, Any]) -> dict[str, Any]:
    record: dict[str, Any] = sqs_event([message])["Records"][0]
    return record


@pytest.mark.parametrize(
    "answer",
    [
        Answer(503),
        Answer(body=b"not json"),
        Answer(body=b'{"data": [', claimed_length=5000),
        deezer_stub.BUSY,
    ],
    ids=["503", "no json", "truncated", "busy"],
)
def test_a_passing_failure_is_tried_again_and_then_given_up(
    web_stack: Stack, spotify: SpotifyStub, deezer: DeezerStub, answer: Answer
) -> None:
    deezer.fail = lambda _: answer
    (stored,) = crawled(web_stack, track(1), spotify=spotify)
    assert (stored.status, stored.reason) == (Status.PENDING, None)
    for _ in range(5):
        make_visible(web_stack.fetch_queue_url)
        web_stack.settle()
    given_up = web_stack.tracks.get(spotify_id(1))
    assert given_up is not None
    assert (given_up.status, given_up.reason) == (Status.NO_PREVIEW, "unavailable")
    assert not any(web_stack.messages(web_stack.fetch_queue_url).values())


def test_secrets_and_signatures_are_never_logged(
    web_stack: Stack,
    spotify: SpotifyStub,
    deezer: DeezerStub,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG", logger="spotipy")
    caplog.set_level("DEBUG", logger="crawler")
    deezer.tracks[7] = deezer_stub.track(7, isrc=track(1)["external_ids"]["isrc"])
    deezer.audio[7] = _MP3
    crawled(web_stack, track(1), spotify=spotify)
    printed = "".join(capfd.readouterr()) + caplog.text
    assert "stub-secret" not in printed
    assert "stub-access-token" not in printed
    assert "hdnea" not in printed
