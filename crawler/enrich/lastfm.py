"""Last.fm: how many listen to a track and how often, and its tags. Errors come in the body, also with status 200.

(https://www.last.fm/api/show/track.getInfo; codes: https://lastfm-docs.github.io/api-docs/codes/)
"""

from collections.abc import Mapping, Sequence
from typing import Protocol
from urllib.parse import urlencode

from pydantic import SecretStr

from crawler.enrich.asking import Ask, Asking, exactly, named
from earshot.errors import EarshotError, NotFound, ProviderRefused, ProviderThrottled, ProviderUnavailable
from earshot.facts import Facts
from earshot.fields import field, text, whole
from earshot.track import TrackInfo

_NAME = "lastfm"
_ANSWERS = frozenset({200, 400, 403, 404})
_UNKNOWN, _BROKEN, _TOO_MANY = frozenset({6, 7}), frozenset({8, 11, 16}), 29
_TOO_MANY_WAIT_S = 60.0
_TAGS = 5


class Settings(Protocol):
    """What is read of the function's settings."""

    lastfm_api_key: SecretStr

    def api_url(self, provider: str, /) -> str:
        """Where the API is."""


def connect(web: Asking, settings: Settings) -> Ask:
    """See `crawler.enrich.asking`."""
    return LastFm(web, settings.api_url(_NAME), settings.lastfm_api_key).ask


class LastFm:
    """Asks Last.fm."""

    def __init__(self, web: Asking, url: str, key: SecretStr) -> None:
        self._web = web
        self._url = url
        self._key = key

    def ask(self, tracks: Sequence[TrackInfo]) -> list[Facts]:
        """See `Ask`."""
        return [self._facts(track) for track in tracks]

    def _facts(self, track: TrackInfo) -> Facts:
        if not track.title or not track.artists:
            return Facts()
        try:
            found = self._get(artist=track.artists[0], track=track.title)
        except NotFound:
            return Facts()
        if not exactly(track, [named(track, text(found, "name"), text(found, "artist", "name"))]):
            return Facts()
        return Facts(genres=_tags(found), plays=whole(found, "playcount"), listeners=whole(found, "listeners"))

    def _get(self, **query: str) -> object:
        asked = {"method": "track.getInfo", "autocorrect": "0", "format": "json", **query}
        url = f"{self._url}?{urlencode({**asked, 'api_key': self._key.get_secret_value()})}"
        return self._web.answer(lambda: self._track(url))

    def _track(self, url: str) -> object:
        answer = self._web.downloader.fetch_json(url, accepted=_ANSWERS)
        if not isinstance(answer, Mapping):
            raise ProviderUnavailable("Last.fm's answer is no JSON object")
        if "error" in answer:
            raise _translated(answer)
        return answer.get("track")


def _tags(found: object) -> tuple[str, ...]:
    """The commonest, without the artist's own name. A single one comes without a list around it."""
    tags = field(found, "toptags", "tag")
    artist = text(found, "artist", "name").casefold()
    named = [text(tag, "name") for tag in (tags if isinstance(tags, list) else [tags])]
    return tuple(name for name in named if name and name.casefold() != artist)[:_TAGS]


def _translated(answer: object) -> EarshotError:
    code, message = whole(answer, "error"), text(answer, "message")
    if code in _UNKNOWN:
        return NotFound(f"Last.fm knows no such track: {message}")
    if code == _TOO_MANY:
        return ProviderThrottled(f"Last.fm wants fewer requests: {message}", retry_after_s=_TOO_MANY_WAIT_S)
    if code in _BROKEN:
        return ProviderUnavailable(f"Last.fm cannot answer now (error {code}): {message}")
    return ProviderRefused(f"Last.fm refused (error {code}): {message}")
