from typing import Any

import pytest

from crawler import handler
from earshot.track import Status
from tests.stubs.audio import sweep
from tests.stubs.spotify import EPISODE, LOCAL_FILE, NULL_ITEM, SpotifyStub, error, item, spotify_id, track
from tests.stubs.stack import Stack
from tests.stubs.web import Answer, Request, StubServer, serve

_PLAYLIST = spotify_id("playlist")


def _progress(stack: Stack, playlist: str = _PLAYLIST) -> Any:
    return stack.crawls.count(stack.run(playlist), stack.tracks)


def test_odd_entries_are_counted_with_their_reason(spotify_stack: Stack, spotify: SpotifyStub) -> None:
    spotify.playlists[_PLAYLIST] = [
        item(track(1)),
        NULL_ITEM,
        None,
        LOCAL_FILE,
        EPISODE,
        {"track": track(2)},
        item(track(1)),
    ]
    progress = _progress(spotify_stack)
    assert progress.total == 7
    assert progress.reasons == {
        "null_entry": 2,
        "local_file": 1,
        "episode": 1,
        "duplicate_entry": 1,
        "no_preview_url": 2,
    }
    assert progress.states == {"skipped": 5, Status.NO_PREVIEW: 2}
    stored = spotify_stack.tracks.get(spotify_id(1))
    assert stored is not None
    assert (stored.info.title, stored.info.artists, stored.info.album) == ("Title 1", ("Artist 1",), "Album 1")
    assert stored.info.isrc is not None


def test_each_preview_ends_under_its_own_track(spotify_stack: Stack, spotify: SpotifyStub) -> None:
    audio = {f"/{number}.mp3": sweep(1, pitch=200 + 50 * number) for number in range(4)}
    with serve(lambda request: Answer(body=audio[request.path])) as previews:
        spotify.playlists[_PLAYLIST] = [
            NULL_ITEM if number == 1 else item(track(number, preview_url=f"{previews.url}/{number}.mp3"))
            for number in (3, 1, 0, 2)
        ]
        _progress(spotify_stack)
        for number in (0, 2, 3):
            preview = spotify_stack.previews.get(spotify_id(number))
            assert preview is not None
            assert preview.audio == audio[f"/{number}.mp3"]
        assert set(previews.hits.values()) == {1}


def test_pages_are_read_to_the_end(spotify_stack: Stack, spotify: SpotifyStub) -> None:
    spotify.playlists[_PLAYLIST] = [EPISODE] * 119 + [item(track(1))]
    progress = _progress(spotify_stack)
    assert (progress.total, progress.states["skipped"]) == (120, 119)


def test_the_token_never_follows_a_next_page_to_another_host(
    spotify_stack: Stack, spotify: SpotifyStub, spotify_server: StubServer
) -> None:
    with serve(lambda _: error(404, "no")) as elsewhere:
        spotify.next_host = elsewhere.url
        spotify.playlists[_PLAYLIST] = [EPISODE] * 60
        assert _progress(spotify_stack).total == 60
        assert not elsewhere.requests


def test_the_token_never_follows_a_redirect(spotify_stack: Stack, spotify: SpotifyStub) -> None:
    with serve(lambda _: error(404, "no")) as elsewhere:
        spotify.fail = lambda request: (
            Answer(302, headers={"Location": elsewhere.url}) if "playlists" in request.path else None
        )
        spotify_stack.run(_PLAYLIST)
        assert not elsewhere.requests


@pytest.mark.parametrize(
    ("status", "code"), [(401, "provider_refused"), (403, "provider_refused"), (404, "playlist_not_found")]
)
def test_a_playlist_that_is_not_shown_ends_the_crawl_with_what_to_do(
    spotify_stack: Stack, spotify: SpotifyStub, status: int, code: str
) -> None:
    spotify.fail = lambda request: error(status, "no") if "playlists" in request.path else None
    summary = spotify_stack.crawls.summary(spotify_stack.run(_PLAYLIST))
    assert summary.finished
    assert summary.error is not None
    assert summary.error["code"] == code
    assert "make spotify-login" in summary.error["hint"]


def test_an_expired_login_is_named(spotify_stack: Stack, spotify: SpotifyStub) -> None:
    spotify.fail = lambda request: (
        Answer.json({"error": "invalid_grant", "error_description": "Refresh token revoked"}, 400)
        if request.path == "/api/token"
        else None
    )
    summary = spotify_stack.crawls.summary(spotify_stack.run(_PLAYLIST))
    assert summary.error is not None
    assert "invalid_grant" in summary.error["message"]
    assert "make spotify-login" in summary.error["hint"]


@pytest.mark.parametrize(
    "answer",
    [
        error(429, "API rate limit exceeded", Retry_After="7200"),
        Answer(429, b"Too many requests", {"Retry-After": "7200"}),
    ],
    ids=["json", "text"],
)
def test_a_throttled_crawl_goes_back_to_the_queue_and_says_until_when(
    spotify_stack: Stack, spotify: SpotifyStub, answer: Answer
) -> None:
    spotify.playlists[_PLAYLIST] = [item(track(1))]

    def throttle(request: Request) -> Answer | None:
        return answer if "playlists" in request.path else None

    spotify.fail = throttle
    crawl_id = spotify_stack.start(_PLAYLIST)
    spotify_stack.deliver(spotify_stack.crawl_queue_url, handler.crawl_playlist)
    assert spotify_stack.messages(spotify_stack.crawl_queue_url) == {"visible": 0, "delayed": 1, "in_flight": 0}
    summary = spotify_stack.crawls.summary(crawl_id)
    assert summary.waiting_until is not None
    assert summary.finished is None
