"""Deezer: its web API, and its playlists, albums and tracks as a source."""

from typing import Protocol

from crawler.deezer.api import DeezerApi
from crawler.deezer.source import DeezerSource
from crawler.source import Connected, Web


class Settings(Protocol):
    """What is read of the function's settings."""

    def api_url(self, source: str, /) -> str:
        """Where the API is."""


def connect(web: Web, settings: Settings) -> Connected:
    """See `crawler.source`."""
    api = DeezerApi(web.downloader, web.limiter, settings.api_url("deezer"))
    source = DeezerSource(api, web)
    return Connected(source.read_page, api.track, source.preview, api.track_by_isrc, api.search, title=source.title)
