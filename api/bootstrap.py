"""The one place where the api meets its settings and AWS. Everything here exists once per process."""

from functools import lru_cache, partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from api.http.previews import PATIENCE_S, Fresh, deezer_preview, rationed
from api.http.services import Rules, Services
from api.http.uploads import OwnUploads
from config.api import ApiSettings
from config.media_servers import MediaServerSettings
from earshot.admission import Admission
from earshot.colistening.reader import ColisteningReader
from earshot.colistening.trial_reader import TrialReader
from earshot.folders import Folders
from earshot.index.neighbours import NeighboursReader
from earshot.index.reader import IndexReader
from earshot.index.s3_vectors.reader import VectorsReader
from earshot.index.s3_vectors.service import ASKING
from earshot.matching import Matching
from earshot.media_servers.jellyfin import JellyfinServer, authorization
from earshot.media_servers.jellyfin_library import JellyfinLibrary
from earshot.media_servers.server import MediaServer
from earshot.media_servers.subsonic import SubsonicServer
from earshot.media_servers.subsonic_library import SubsonicLibrary
from earshot.sources import SOURCES
from earshot.stores.covers_bucket import CoversBucket
from earshot.stores.crawls_table import CrawlsTable
from earshot.stores.listeners_table import ListenersTable
from earshot.stores.message_queue import MessageQueue
from earshot.stores.pasted_lists import PastedLists
from earshot.stores.playlists import Playlists
from earshot.stores.quotas import Quotas
from earshot.stores.shown_tracks import ShownTracks
from earshot.stores.song_keys import SongKeys
from earshot.stores.sound_queries import SoundQueries
from earshot.stores.tracks_table import TracksTable
from earshot.web import Downloader, with_hosts

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


@lru_cache(maxsize=1)
def services() -> Services:
    """Settings and adapters of this process.

    Raises:
        InvalidSettings: names every missing or unusable variable.
    """
    return connected(ApiSettings.load())


def connected(settings: ApiSettings) -> Services:
    """The adapters that `settings` ask for."""
    dynamodb, sqs = boto3.client("dynamodb"), boto3.client("sqs")
    # Players hear of a store that is away before they, or the gateway, lose patience: what the gateway says itself is
    # taken for success by some.
    prompt = Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 2, "mode": "standard"})
    prompt_dynamodb, prompt_sqs = boto3.client("dynamodb", config=prompt), boto3.client("sqs", config=prompt)
    # Signed addresses then name the bucket's region. Without it they name none, and S3 redirects them for hours after
    # the bucket was made, which no signature survives.
    # Version 4 signs no header that a browser adds; some regions would get version 2, which signs the content's type.
    s3 = boto3.client("s3", config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}))
    quotas = Quotas(prompt_dynamodb, settings.crawls_table)
    tracks = TracksTable(dynamodb, settings.tracks_table)

    queries = SoundQueries(s3, settings.previews_bucket)

    def disconnect() -> None:
        for client in (dynamodb, sqs, s3, prompt_dynamodb, prompt_sqs):
            client.close()

    media_servers = _media_servers() if settings.stage == "local" else {}
    return Services(
        rules=Rules(
            stage=settings.stage,
            cache_max_age_s=settings.cache_max_age_s,
            request_wait_s=settings.request_wait_s,
            cors_origins=settings.cors_origins,
            api_keys=settings.api_keys,
            is_open=settings.is_open,
            quota_per_hour=settings.quota_per_hour if settings.is_metered else None,
            plays_per_hour=settings.plays_per_hour if settings.is_metered else None,
            path_root=settings.path_root,
            player_password=settings.player_password.get_secret_value(),
        ),
        admission=Admission(
            settings.stage,
            settings.providers,
            Folders(settings.folder_roots),
            Downloader(
                with_hosts((h for name in settings.providers for h in SOURCES[name].hosts), settings.allowed_hosts),
                "Earshot",
                settings.allow_loopback,
            ),
            media_servers,
        ),
        index=_index(settings, s3),
        colistening=ColisteningReader(
            s3,
            settings.index_bucket,
            settings.index_cache_dir,
            check_every_s=settings.index_check_every_s,
        ),
        trial=TrialReader(
            s3, settings.index_bucket, settings.index_cache_dir, check_every_s=10 * settings.index_check_every_s
        ),
        tracks=tracks,
        crawls=CrawlsTable(dynamodb, settings.crawls_table),
        playlists=Playlists(dynamodb, settings.crawls_table),
        crawl_queue=MessageQueue(sqs, settings.crawl_queue_url),
        fetch_queue=MessageQueue(sqs, settings.fetch_now_queue_url),
        listeners=ListenersTable(prompt_dynamodb, settings.listeners_table),
        shown=ShownTracks(dynamodb, settings.listeners_table),
        plays_queue=MessageQueue(prompt_sqs, settings.plays_queue_url),
        queries=queries,
        uploads=OwnUploads() if settings.stage == "local" else queries,
        pasted=PastedLists(dynamodb, settings.crawls_table),
        matching=Matching(tracks, SongKeys(dynamodb, settings.crawls_table)),
        quotas=quotas,
        fresh_previews={"deezer": _deezer(settings, quotas)},
        media_servers=media_servers,
        disconnect=disconnect,
        covers=CoversBucket(s3, settings.covers_bucket) if settings.covers_bucket else None,
    )


def _index(settings: ApiSettings, s3: "S3Client") -> NeighboursReader:
    if not settings.vector_bucket:
        return IndexReader(
            s3, settings.index_bucket, settings.index_cache_dir, check_every_s=settings.index_check_every_s
        )
    return VectorsReader(
        s3,
        settings.index_bucket,
        boto3.client("s3vectors", config=ASKING),
        settings.vector_bucket,
        check_every_s=settings.index_check_every_s,
    )


def _media_servers() -> dict[str, MediaServer]:
    own, web = MediaServerSettings.load(), Downloader(frozenset(), "Earshot")
    found: dict[str, MediaServer] = {}
    if own.subsonic_url:
        password = own.subsonic_password.get_secret_value()
        subsonic = SubsonicServer(web.at_home(own.subsonic_url), own.subsonic_url, own.subsonic_user, password)
        found["subsonic"] = SubsonicLibrary(subsonic)
    if own.jellyfin_url:
        token = authorization(own.jellyfin_token.get_secret_value())
        jellyfin = JellyfinServer(web.at_home(own.jellyfin_url, token), own.jellyfin_url, own.jellyfin_user)
        found["jellyfin"] = JellyfinLibrary(jellyfin)
    return found


def _deezer(settings: ApiSettings, quotas: Quotas) -> Fresh:
    hosts = with_hosts(SOURCES["deezer"].hosts, [urlsplit(settings.deezer_api_url).hostname or ""])
    web = Downloader(hosts, "Earshot", settings.allow_loopback, max_seconds=PATIENCE_S)
    fresh = partial(deezer_preview, web, settings.deezer_api_url)
    return (
        rationed(fresh, partial(quotas.take, "previews", settings.previews_per_hour)) if settings.is_metered else fresh
    )
