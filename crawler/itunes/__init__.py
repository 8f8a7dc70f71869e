"""Apple's iTunes Search API, which may have a preview of anybody's track."""

from typing import Protocol

from crawler.itunes.api import ItunesApi
from crawler.source import Connected, Web


class Settings(Protocol):
    """What is read of the function's settings."""

    def api_url(self, source: str, /) -> str:
        """Where the API is."""


def connect(web: Web, settings: Settings) -> Connected:
    """See `crawler.source`."""
    return Connected(search=ItunesApi(web.downloader, web.limiter, settings.api_url("itunes")).search)
