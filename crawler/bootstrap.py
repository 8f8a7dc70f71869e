"""Wires the crawler to the real AWS and the real web, once per process."""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self

import boto3
from botocore.config import Config

from config.crawl_playlist import CrawlPlaylistSettings
from config.crawler import CrawlerSettings
from config.fetch_preview import FetchPreviewSettings
from crawler.clips import fetch_clip
from crawler.crawl import Crawl
from crawler.download import Downloader, with_hosts
from crawler.fetch import Fetch
from crawler.lease import Leases
from crawler.providers.deezer import DeezerApi
from crawler.providers.itunes import ItunesApi
from crawler.rate_limit import Rate, RateLimiter
from crawler.resolve import Resolver
from crawler.sources import Source
from crawler.sources.deezer import DeezerSource
from crawler.sources.folder import FolderSource
from crawler.sources.manifest import ManifestSource
from crawler.versions import Versions
from earshot.crawls_table import CrawlsTable
from earshot.message_queue import MessageQueue
from earshot.messages import FetchClip
from earshot.previews import PreviewsBucket
from earshot.sound_queries import SoundQueries
from earshot.tracks_table import TracksTable

if TYPE_CHECKING:
    from crawler.sources.spotify import SpotifySource

_HOSTS = {
    "spotify": ("p.scdn.co",),
    "deezer": ("api.deezer.com", "*.dzcdn.net"),
    "itunes": ("itunes.apple.com", "audio-ssl.itunes.apple.com"),
}
_AWS = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "max_attempts": 4})


@lru_cache(maxsize=1)
def crawl() -> Crawl:
    """What `crawl_playlist` runs."""
    settings = CrawlPlaylistSettings.load()
    web = _Web.connect(settings)
    database = _client("dynamodb")
    sources: dict[str, Source | None] = {
        "folder": web.folder,
        "manifest": ManifestSource(web.folder, web.downloader),
        "spotify": web.spotify,
        "deezer": DeezerSource(web.deezer),
    }
    return Crawl(
        sources={name: source for name, source in sources.items() if source and name in settings.providers},
        tracks=TracksTable(database, settings.tracks_table),
        crawls=CrawlsTable(database, settings.crawls_table),
        crawl_queue=MessageQueue(_client("sqs"), settings.crawl_queue_url),
        fetch_queue=MessageQueue(_client("sqs"), settings.fetch_queue_url),
        model=settings.model,
        pages_per_message=settings.pages_per_message,
    )


@lru_cache(maxsize=1)
def fetch() -> Fetch:
    """What `fetch_preview` runs."""
    settings = FetchPreviewSettings.load()
    web = _Web.connect(settings)
    database = _client("dynamodb")
    tracks = TracksTable(database, settings.tracks_table)
    look_ups = {"deezer": web.deezer.track} | ({"spotify": web.spotify.track} if web.spotify else {})
    return Fetch(
        tracks=tracks,
        crawls=CrawlsTable(database, settings.crawls_table),
        previews=PreviewsBucket(_client("s3"), settings.previews_bucket),
        fetch_queue=MessageQueue(_client("sqs"), settings.fetch_queue_url),
        leases=Leases(database, settings.crawls_table),
        resolver=Resolver(
            folder=web.folder,
            downloader=web.downloader,
            limiter=web.limiter,
            look_ups={name: look_up for name, look_up in look_ups.items() if name in settings.providers},
            deezer=web.deezer if "deezer" in settings.providers else None,
            itunes=web.itunes if "itunes" in settings.providers else None,
        ),
        versions=Versions(database, settings.crawls_table, tracks, settings.model),
        model=settings.model,
    )


def fetch_clip_of(message: FetchClip) -> None:
    """What `fetch_preview` does for a query by sound."""
    settings = FetchPreviewSettings.load()
    fetch_clip(message, _Web.connect(settings).downloader, SoundQueries(_client("s3"), settings.previews_bucket))


@dataclass(frozen=True, slots=True)
class _Web:
    """Everything that reaches out of the house."""

    folder: FolderSource
    downloader: Downloader
    limiter: RateLimiter
    spotify: "SpotifySource | None"
    deezer: DeezerApi
    itunes: ItunesApi

    @classmethod
    def connect(cls, settings: CrawlerSettings) -> Self:
        """Connects lazily: nothing is sent before it is needed."""
        user_agent = f"Earshot ({settings.contact})" if settings.contact else "Earshot"
        hosts = [host for name, hosts in _HOSTS.items() if name in settings.providers for host in hosts]
        downloader = Downloader(with_hosts(hosts, settings.allowed_hosts), user_agent, settings.allow_loopback)
        rates = {
            "spotify": Rate(settings.spotify_calls_per_minute / 60, burst=10),
            "deezer": Rate(settings.deezer_calls_per_minute / 60, burst=10),
            "itunes": Rate(settings.itunes_calls_per_minute / 60, burst=3),
        }
        limiter = RateLimiter(_client("dynamodb"), settings.crawls_table, rates)
        return cls(
            folder=FolderSource(settings.folder_roots),
            downloader=downloader,
            limiter=limiter,
            spotify=_spotify(settings, limiter, user_agent) if "spotify" in settings.providers else None,
            deezer=DeezerApi(downloader, limiter, settings.deezer_api_url),
            itunes=ItunesApi(downloader, limiter, settings.itunes_api_url),
        )


def _spotify(settings: CrawlerSettings, limiter: RateLimiter, user_agent: str) -> "SpotifySource":
    from crawler.sources.spotify import SpotifySource  # late: spotipy brings requests and redis
    from crawler.spotify_client import spotify_client

    return SpotifySource(lambda: spotify_client(settings, user_agent), limiter)


@lru_cache(maxsize=4)
def _client(service: str) -> Any:
    return boto3.client(service, config=_AWS)
