"""Wires the crawler to the real AWS and the real web, once per process."""

from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config

from config.crawl_playlist import CrawlPlaylistSettings
from config.crawler import CrawlerSettings
from config.fetch_preview import FetchPreviewSettings
from crawler.crawl import Crawl
from crawler.download import Downloader, with_hosts
from crawler.fetch import Fetch
from crawler.lease import Leases
from crawler.resolve import Resolver
from crawler.sources import Source
from crawler.sources.folder import FolderSource
from crawler.sources.spotify import SpotifySource
from crawler.spotify_client import spotify_client
from earshot.crawls_table import CrawlsTable
from earshot.message_queue import MessageQueue
from earshot.previews import PreviewsBucket
from earshot.tracks_table import TracksTable

_HOSTS = ("p.scdn.co",)
_AWS = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "max_attempts": 4})


@lru_cache(maxsize=1)
def crawl() -> Crawl:
    """What `crawl_playlist` runs."""
    settings = CrawlPlaylistSettings.load()
    database = _client("dynamodb")
    return Crawl(
        sources=_sources(settings),
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
    database = _client("dynamodb")
    return Fetch(
        tracks=TracksTable(database, settings.tracks_table),
        crawls=CrawlsTable(database, settings.crawls_table),
        previews=PreviewsBucket(_client("s3"), settings.previews_bucket),
        fetch_queue=MessageQueue(_client("sqs"), settings.fetch_queue_url),
        leases=Leases(database, settings.crawls_table),
        resolver=Resolver(
            FolderSource(settings.folder_roots),
            Downloader(with_hosts(_HOSTS, settings.allowed_hosts), _user_agent(settings), settings.allow_loopback),
        ),
        model=settings.model,
    )


def _sources(settings: CrawlerSettings) -> dict[str, Source]:
    sources: dict[str, Source] = {
        "folder": FolderSource(settings.folder_roots),
        "spotify": SpotifySource(lambda: spotify_client(settings, _user_agent(settings))),
    }
    return {name: source for name, source in sources.items() if name in settings.providers}


def _user_agent(settings: CrawlerSettings) -> str:
    return f"Earshot ({settings.contact})" if settings.contact else "Earshot"


@lru_cache(maxsize=4)
def _client(service: str) -> Any:
    return boto3.client(service, config=_AWS)
