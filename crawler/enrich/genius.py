"""Genius: how often the page of a song was read. Lyrics are neither asked for nor kept. (https://docs.genius.com/)"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol
from urllib.parse import urlencode

from pydantic import SecretStr

from crawler.enrich.asking import Ask, Asking, exactly, named
from earshot.errors import ProviderUnavailable
from earshot.facts import Facts
from earshot.fields import rows, text, whole
from earshot.track import TrackInfo

_NAME = "genius"
_OK = 200


class Settings(Protocol):
    """What is read of the function's settings."""

    genius_token: SecretStr

    def api_url(self, provider: str, /) -> str:
        """Where the API is."""


def connect(web: Asking, settings: Settings) -> Ask:
    """See `crawler.enrich.asking`."""
    url = settings.api_url(_NAME).rstrip("/")
    token = f"Bearer {settings.genius_token.get_secret_value()}"
    return Genius(replace(web, downloader=web.downloader.with_key(url, "Authorization", token)), url).ask


class Genius:
    """Asks Genius."""

    def __init__(self, web: Asking, url: str) -> None:
        self._web = web
        self._url = url

    def ask(self, tracks: Sequence[TrackInfo]) -> list[Facts]:
        """See `Ask`."""
        return [self._facts(track) for track in tracks]

    def _facts(self, track: TrackInfo) -> Facts:
        if not track.title or not track.artists:
            return Facts()
        songs = list(self._search(track))
        found = exactly(track, [song for song, _ in songs])
        return Facts(page_views=next((views for song, views in songs if song is found), None))

    def _search(self, track: TrackInfo) -> Iterator[tuple[TrackInfo, int | None]]:
        """Songs, each with the views of its page. Genius says none of pages that are hardly read."""
        words = " ".join(f"{track.artists[0]} {track.title}".split())
        url = f"{self._url}/search?{urlencode({'q': words})}"
        answer = self._web.answer(lambda: self._web.downloader.fetch_json(url))
        if whole(answer, "meta", "status") != _OK:
            raise ProviderUnavailable(f"Genius answers {text(answer, 'meta', 'message')[:100]!r}")
        for hit in rows(answer, "response", "hits"):
            if text(hit, "type") == "song":
                title, artist = text(hit, "result", "title"), text(hit, "result", "primary_artist", "name")
                yield named(track, title, artist), whole(hit, "result", "stats", "pageviews")
