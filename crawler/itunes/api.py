"""Apple's iTunes Search API. No key; about 20 calls a minute; throttles with 403, 429 and 503. Previews are AAC."""

from urllib.parse import urlencode

from crawler.rate_limit import RateLimiter
from earshot.errors import ProviderUnavailable
from earshot.fields import field, rows, text, url, whole
from earshot.ids import TrackId
from earshot.track import TrackInfo
from earshot.web import Downloader

_THROTTLED = frozenset({403, 429, 503})


class ItunesApi:
    """Asks the iTunes Search API.

    Args:
        downloader: fetches from Apple's hosts.
        limiter: its bucket ``itunes`` is asked before each call.
        url: where the API is.
    """

    name = "itunes"

    def __init__(self, downloader: Downloader, limiter: RateLimiter, url: str) -> None:
        self._downloader = downloader
        self._limiter = limiter
        self._url = url.rstrip("/")

    def search(self, artist: str, title: str) -> list[TrackInfo]:
        """What the store finds for artist and title, best first. The tracks carry no id of ours.

        Raises:
            ProviderRefused, ProviderThrottled, ProviderUnavailable.
        """
        query = urlencode({"term": f"{artist} {title}", "entity": "song", "media": "music", "limit": 10})
        with self._limiter.call(self.name):
            answer = self._downloader.fetch_json(f"{self._url}/search?{query}", throttled=_THROTTLED)
        if not isinstance(field(answer, "results"), list):
            raise ProviderUnavailable("the iTunes Search API answered something else than results")
        return [_track_info(row) for row in rows(answer, "results")]


def _track_info(row: object) -> TrackInfo:
    return TrackInfo(
        track_id=TrackId(""),
        source="itunes",
        title=text(row, "trackName"),
        artists=(text(row, "artistName"),),
        duration_ms=whole(row, "trackTimeMillis"),
        preview_url=url(row, "previewUrl"),
    )
