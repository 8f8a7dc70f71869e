"""Deezer's web API. No key; about 50 requests in 5 seconds; errors come in the body, also with status 200."""

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from crawler.rate_limit import RateLimiter
from earshot.errors import (
    EarshotError,
    NotFound,
    ProviderRefused,
    ProviderThrottled,
    ProviderUnavailable,
    TrackNotFound,
)
from earshot.fields import isrc, rows, text, url, whole
from earshot.ids import TrackId
from earshot.sources import SOURCES
from earshot.track import TrackInfo
from earshot.web import Downloader

_QUOTA, _BUSY, _NOT_FOUND = 4, 700, 800
_QUOTA_WAIT_S = 5.0
_ANSWERS = frozenset({200, 400, 401, 403, 404})


class DeezerApi:
    """Asks Deezer.

    Args:
        downloader: fetches from Deezer's hosts.
        limiter: its bucket ``deezer`` is asked before each call.
        url: where the API is.
    """

    name = "deezer"

    def __init__(self, downloader: Downloader, limiter: RateLimiter, url: str) -> None:
        self._downloader = downloader
        self._limiter = limiter
        self._url = url.rstrip("/")

    def get(self, path: str, **query: str | int) -> Mapping[str, object]:
        """The object at `path`.

        Raises:
            NotFound: Deezer knows no such thing. ProviderRefused: other final errors.
            ProviderThrottled: over the quota. ProviderUnavailable: busy, or an answer that cannot be read.
        """
        with self._limiter.call(self.name):
            answer = self._downloader.fetch_json(
                f"{self._url}/{quote(path, safe='/:')}" + (f"?{urlencode(query)}" if query else ""), accepted=_ANSWERS
            )
            if not isinstance(answer, Mapping):
                raise ProviderUnavailable("Deezer's answer is no JSON object")
            if "error" in answer:
                raise _translated(answer["error"])
            return answer

    def track(self, number: str) -> TrackInfo:
        """The track with this number, with a freshly signed preview URL.

        Raises:
            TrackNotFound: Deezer does not know it. Others: see `get`.
        """
        try:
            info = track_info(self.get(f"track/{number}"))
        except NotFound as error:
            raise TrackNotFound(f"Deezer knows no track {number}", hint="") from error
        if info is None:
            raise ProviderUnavailable(f"Deezer's answer for track {number} is no track")
        return info

    def track_by_isrc(self, isrc: str) -> TrackInfo | None:
        """The track with this ISRC, or None."""
        try:
            return track_info(self.get(f"track/isrc:{isrc}"))
        except NotFound:
            return None

    def search(self, artist: str, title: str) -> list[TrackInfo]:
        """What Deezer finds for artist and title, best first."""
        words = " ".join(f"{artist} {title}".split())
        found = (track_info(row) for row in rows(self.get("search", q=words, limit=10), "data"))
        return [info for info in found if info]


def track_info(row: object) -> TrackInfo | None:
    """A row of a list, or a track object, as a track; None when it is neither."""
    number = whole(row, "id")
    if number is None or text(row, "type") not in ("track", ""):
        return None
    names = [text(contributor, "name") for contributor in rows(row, "contributors")] or [text(row, "artist", "name")]
    seconds = whole(row, "duration")
    return TrackInfo(
        track_id=TrackId(f"deezer:{number}"),
        source="deezer",
        title=text(row, "title"),
        artists=tuple(name for name in names if name),
        album=text(row, "album", "title"),
        isrc=isrc(row, "isrc"),
        duration_ms=seconds * 1000 if seconds else None,
        url=url(row, "link") or SOURCES["deezer"].track_url(str(number)),
        artwork_url=url(row, "album", "cover_medium"),
        preview_url=url(row, "preview"),
    )


def _translated(error: object) -> EarshotError:
    code = whole(error, "code")
    message = text(error, "message") or str(error)[:200]
    if code == _QUOTA:
        return ProviderThrottled(f"Deezer's quota is used up: {message}", retry_after_s=_QUOTA_WAIT_S)
    if code == _BUSY:
        return ProviderUnavailable(f"Deezer is busy: {message}")
    if code == _NOT_FOUND:
        return NotFound(f"Deezer knows no such thing: {message}", hint="Check the id; private lists are hidden.")
    return ProviderRefused(f"Deezer refused (error {code}): {message}")
