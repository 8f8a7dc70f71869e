"""MusicBrainz: the recording by its id or ISRC, its first release, genres, and its first artist with the country.

No key, but who asks must say who they are. One request a second; whoever asks faster gets 503 until they have slowed
down. (https://musicbrainz.org/doc/MusicBrainz_API)
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Protocol
from urllib.parse import quote, urlencode

from crawler.enrich.asking import Ask, Asking
from earshot.errors import ProviderRefused
from earshot.facts import Facts
from earshot.fields import field, mbid, rows, text, whole
from earshot.recordings import the_one
from earshot.track import TrackInfo

_NAME = "musicbrainz"
_BUSY = frozenset({429, 503})
_NOT_FOUND = 404
_ARTISTS = 10_000
_GENRES = 5
_COUNTRY_LETTERS = 2
_YEAR_DIGITS = 4


class Settings(Protocol):
    """What is read of the function's settings."""

    def api_url(self, provider: str, /) -> str:
        """Where the API is."""


def connect(web: Asking, settings: Settings) -> Ask:
    """See `crawler.enrich.asking`."""
    return MusicBrainz(web, settings.api_url(_NAME)).ask


class MusicBrainz:
    """Asks MusicBrainz: two requests for most tracks, and one for each artist."""

    def __init__(self, web: Asking, url: str) -> None:
        self._web = web
        self._url = url.rstrip("/")
        self._country = lru_cache(_ARTISTS)(self._asked_country)

    def ask(self, tracks: Sequence[TrackInfo]) -> list[Facts | None]:
        """See `Ask`. A track without id and ISRC can be asked about once ListenBrainz has found its recording."""
        return [self._facts(track) if track.mbid or track.isrc else None for track in tracks]

    def _facts(self, track: TrackInfo) -> Facts:
        number = track.mbid or (self._by_isrc(track, track.isrc) if track.isrc else None)
        found = self._get(f"recording/{number}", "artist-credits+genres") if number else None
        if found is None:
            return Facts()
        artist = mbid(found, "artist-credit", 0, "artist", "id")
        return Facts(
            mbid=mbid(found, "id"),
            year=_year(found),
            artist_mbid=artist,
            country=self._country(artist) if artist else None,
            genres=_genres(found),
        )

    def _by_isrc(self, track: TrackInfo, isrc: str) -> str | None:
        """The recording with the ISRC; of several that fit the track, the one that came out first."""
        answer = self._get(f"isrc/{isrc}", "artist-credits")
        found = [row for row in rows(answer, "recordings") if the_one(track, [_described(track, row)])]
        return mbid(min(found, key=lambda row: _year(row) or 10**_YEAR_DIGITS, default=None), "id")

    def _asked_country(self, artist: str) -> str | None:
        code = text(self._get(f"artist/{artist}", ""), "country")
        return code if len(code) == _COUNTRY_LETTERS and code.isascii() and code.isupper() else None

    def _get(self, path: str, inc: str) -> Mapping[str, object] | None:
        """The object at `path`; None where there is none."""
        query = urlencode({"fmt": "json", **({"inc": inc} if inc else {})}, safe="+")
        url = f"{self._url}/{quote(path)}?{query}"
        try:
            answer = self._web.answer(lambda: self._web.downloader.fetch_json(url, throttled=_BUSY))
        except ProviderRefused as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        return answer if isinstance(answer, Mapping) else {}


def _described(track: TrackInfo, row: object) -> TrackInfo:
    artists = tuple(filter(None, (text(credit, "name") for credit in rows(row, "artist-credit"))))
    return replace(track, title=text(row, "title"), artists=artists, duration_ms=whole(row, "length"))


def _year(row: object) -> int | None:
    year = text(row, "first-release-date")[:_YEAR_DIGITS]
    return int(year) if len(year) == _YEAR_DIGITS and year.isascii() and year.isdigit() else None


def _genres(row: object) -> tuple[str, ...]:
    """Those that most have voted for."""
    voted = [(-(whole(genre, "count") or 0), text(genre, "name")) for genre in rows(field(row, "genres"))]
    return tuple(name for votes, name in sorted(voted)[:_GENRES] if name and votes)
