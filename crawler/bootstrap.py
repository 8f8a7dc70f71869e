"""Wires the crawler to the real AWS and the real web, once per process."""

from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from config.crawl_playlist import CrawlPlaylistSettings
from config.crawler import CrawlerSettings
from config.deliveries import DeliverySettings
from config.fetch_preview import FetchPreviewSettings
from config.learn_facts import LearnFactsSettings
from config.reconcile import ReconcileSettings
from crawler.awaited import Awaited
from crawler.clips import Clips
from crawler.counting import Counting
from crawler.covers.covering import Covering
from crawler.covers.drawer import Drawer
from crawler.covers.sweep import CoverSweep
from crawler.crawl import Crawl
from crawler.dead_letters import DeadLetters
from crawler.enrich.asking import Ask, Asking
from crawler.enrich.learning import Learning
from crawler.fetch import Fetch
from crawler.forgetting import Forgetting
from crawler.rate_limit import Rate, RateLimiter
from crawler.reconcile import Reconcile
from crawler.registering import Registering
from crawler.resolve import Resolver
from crawler.schedules import Schedules
from crawler.source import Connected, Web
from crawler.versions import Versions
from earshot.deliveries import Deliveries
from earshot.matching import Matching
from earshot.sources import SOURCES
from earshot.stores.covers_bucket import CoversBucket
from earshot.stores.crawls_table import CrawlsTable
from earshot.stores.digests import Digests
from earshot.stores.leases import Leases
from earshot.stores.message_queue import Letters, MessageQueue
from earshot.stores.pasted_lists import PastedLists
from earshot.stores.playlists import Playlists
from earshot.stores.previews_bucket import PreviewsBucket
from earshot.stores.scan_positions import ScanPositions
from earshot.stores.song_keys import SongKeys
from earshot.stores.sound_queries import SoundQueries
from earshot.stores.tracks_table import TracksTable
from earshot.stores.wanted_songs import WantedSongs
from earshot.uploads import PreviewUploaded
from earshot.web import Downloader, with_hosts

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_Connect = Callable[[Web, CrawlerSettings], Connected]
_AWS = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "max_attempts": 4})


@lru_cache(maxsize=1)
def crawl() -> Crawl:
    """What `crawl_playlist` runs."""
    settings = CrawlPlaylistSettings.load()
    database, sqs = boto3.client("dynamodb", config=_AWS), boto3.client("sqs", config=_AWS)
    sources = _connected(settings, _web(settings, database))
    tracks, songs = TracksTable(database, settings.tracks_table), SongKeys(database, settings.crawls_table)
    crawls, crawl_queue = CrawlsTable(database, settings.crawls_table), MessageQueue(sqs, settings.crawl_queue_url)
    awaited = Awaited(WantedSongs(database, settings.crawls_table), crawls, crawl_queue)
    fetch_queue = MessageQueue(sqs, settings.fetch_queue_url)
    return Crawl(
        sources={name: source for name, source in sources.items() if source.read_page},
        tracks=tracks,
        crawls=crawls,
        playlists=Playlists(database, settings.crawls_table),
        registering=Registering(tracks, songs, Digests(database, settings.crawls_table), awaited, fetch_queue),
        matching=Matching(tracks, songs),
        awaited=awaited,
        crawl_queue=crawl_queue,
        fetch_queue=fetch_queue,
        stage=settings.stage,
        model=settings.model,
        pages_per_message=settings.pages_per_message,
    )


@lru_cache(maxsize=1)
def counting() -> Counting:
    """What else `crawl_playlist` runs."""
    settings = CrawlPlaylistSettings.load()
    database = boto3.client("dynamodb", config=_AWS)
    return Counting(TracksTable(database, settings.tracks_table), CrawlsTable(database, settings.crawls_table))


@lru_cache(maxsize=1)
def forgetting() -> Forgetting:
    """What else `crawl_playlist` runs."""
    settings = CrawlPlaylistSettings.load()
    database = boto3.client("dynamodb", config=_AWS)
    return Forgetting(
        TracksTable(database, settings.tracks_table),
        CrawlsTable(database, settings.crawls_table),
        Playlists(database, settings.crawls_table),
        MessageQueue(boto3.client("sqs", config=_AWS), settings.crawl_queue_url),
    )


@lru_cache(maxsize=1)
def fetch() -> Fetch:
    """What `fetch_preview` runs."""
    settings = FetchPreviewSettings.load()
    database, sqs = boto3.client("dynamodb", config=_AWS), boto3.client("sqs", config=_AWS)
    tracks = TracksTable(database, settings.tracks_table)
    web = _web(settings, database)
    region = sqs.meta.region_name
    return Fetch(
        tracks=tracks,
        crawls=CrawlsTable(database, settings.crawls_table),
        previews=PreviewsBucket(boto3.client("s3", config=_AWS), settings.previews_bucket),
        fetch_queue=MessageQueue(sqs, settings.fetch_queue_url),
        fetch_now_queue=MessageQueue(sqs, settings.fetch_now_queue_url),
        extract_now_queue=MessageQueue(sqs, settings.extract_now_queue_url),
        upload_of=lambda track_id: PreviewUploaded(settings.previews_bucket, track_id, region),
        leases=Leases(database, settings.crawls_table),
        resolver=Resolver(_connected(settings, web), web),
        versions=Versions(database, settings.crawls_table, tracks, settings.model),
        model=settings.model,
    )


@lru_cache(maxsize=1)
def clips() -> Clips:
    """What `fetch_preview` runs for queries by sound."""
    settings = FetchPreviewSettings.load()
    return Clips(_downloader(settings), SoundQueries(boto3.client("s3", config=_AWS), settings.previews_bucket))


@lru_cache(maxsize=1)
def covering() -> Covering:
    """What `fetch_preview` runs for covers."""
    settings = FetchPreviewSettings.load()
    database = boto3.client("dynamodb", config=_AWS)
    return Covering(
        tracks=TracksTable(database, settings.tracks_table),
        covers=_covers(settings.covers_bucket),
        sources=_connected(settings, _web(settings, database)),
        drawer=Drawer(),
    )


@lru_cache(maxsize=1)
def cover_sweep() -> CoverSweep:
    """What else `reconcile` runs once a day."""
    settings = ReconcileSettings.load()
    return CoverSweep(
        tracks=TracksTable(boto3.client("dynamodb", config=_AWS), settings.tracks_table),
        covers=_covers(settings.covers_bucket),
        fetch_queue=MessageQueue(boto3.client("sqs", config=_AWS), settings.fetch_queue_url),
    )


def _covers(bucket: str) -> CoversBucket | None:
    return CoversBucket(boto3.client("s3", config=_AWS), bucket) if bucket else None


@lru_cache(maxsize=1)
def reconcile() -> Reconcile:
    """What `reconcile` runs."""
    settings = ReconcileSettings.load()
    database, sqs = boto3.client("dynamodb", config=_AWS), boto3.client("sqs", config=_AWS)
    region = sqs.meta.region_name
    return Reconcile(
        tracks=TracksTable(database, settings.tracks_table),
        crawls=CrawlsTable(database, settings.crawls_table),
        previews=PreviewsBucket(boto3.client("s3", config=_AWS), settings.previews_bucket),
        crawl_queue=MessageQueue(sqs, settings.crawl_queue_url),
        fetch_queue=MessageQueue(sqs, settings.fetch_queue_url),
        extract_queue=MessageQueue(sqs, settings.extract_queue_url),
        position=ScanPositions(database, settings.crawls_table, "pending"),
        upload_of=lambda track_id: PreviewUploaded(settings.previews_bucket, track_id, region),
    )


@lru_cache(maxsize=1)
def schedules() -> Schedules:
    """What else `reconcile` runs."""
    settings = ReconcileSettings.load()
    database = boto3.client("dynamodb", config=_AWS)
    return Schedules(
        Playlists(database, settings.crawls_table),
        CrawlsTable(database, settings.crawls_table),
        MessageQueue(boto3.client("sqs", config=_AWS), settings.crawl_queue_url),
    )


@lru_cache(maxsize=1)
def dead_letters() -> DeadLetters:
    """What else `reconcile` runs."""
    settings = ReconcileSettings.load()
    database, sqs = boto3.client("dynamodb", config=_AWS), boto3.client("sqs", config=_AWS)
    arns = {
        "crawl": settings.crawl_dlq_arn,
        "fetch": settings.fetch_dlq_arn,
        "fetch-now": settings.fetch_now_dlq_arn,
        "extract": settings.extract_dlq_arn,
        "extract-now": settings.extract_now_dlq_arn,
    }
    return DeadLetters(
        tracks=TracksTable(database, settings.tracks_table),
        crawls=CrawlsTable(database, settings.crawls_table),
        previews=PreviewsBucket(boto3.client("s3", config=_AWS), settings.previews_bucket),
        letters={queue: Letters(sqs, arn) for queue, arn in arns.items()},
    )


@lru_cache(maxsize=1)
def learning() -> Learning:
    """What `learn_facts` runs."""
    settings = LearnFactsSettings.load()
    database = boto3.client("dynamodb", config=_AWS)
    rates = {name: Rate(settings.calls_per_minute(name) / 60, burst=1) for name in settings.enrichers}
    limiter = RateLimiter(database, settings.crawls_table, rates)
    providers: dict[str, Ask] = {}
    for name in settings.enrichers:
        host = urlsplit(settings.api_url(name)).hostname or ""
        downloader = Downloader(frozenset({host}), _user_agent(settings.contact), settings.allow_loopback)
        providers[name] = import_module(f"crawler.enrich.{name}").connect(Asking(name, downloader, limiter), settings)
    return Learning(
        tracks=TracksTable(database, settings.tracks_table),
        providers=providers,
        limiter=limiter,
        position=lambda name: ScanPositions(database, settings.crawls_table, f"facts-{name}"),
        months=settings.facts_months,
    )


@lru_cache(maxsize=1)
def deliveries() -> Deliveries:
    """What both functions do with messages that fail."""
    return Deliveries(boto3.client("sqs", config=_AWS), DeliverySettings.load().max_tries)


def _connected(settings: CrawlerSettings, web: Web) -> dict[str, Connected]:
    """The sources that are switched on, each found by its folder, in the order of `earshot.sources`."""
    found = {}
    for name in SOURCES:
        if name in settings.providers:
            connect: _Connect = import_module(f"crawler.{name}").connect
            found[name] = connect(web, settings)
    return found


def _web(settings: CrawlerSettings, database: "DynamoDBClient") -> Web:
    """Connects lazily: nothing is sent before it is needed."""
    rates = {
        name: Rate(settings.calls_per_minute(name) / 60, SOURCES[name].burst)
        for name in settings.providers
        if settings.calls_per_minute(name)
    }
    limiter = RateLimiter(database, settings.crawls_table, rates)
    return Web(_downloader(settings), limiter, PastedLists(database, settings.crawls_table))


def _downloader(settings: CrawlerSettings) -> Downloader:
    hosts = [host for name in settings.providers for host in SOURCES[name].hosts]
    return Downloader(with_hosts(hosts, settings.allowed_hosts), _user_agent(settings.contact), settings.allow_loopback)


def _user_agent(contact: str) -> str:
    return f"Earshot ({contact})" if contact else "Earshot"
