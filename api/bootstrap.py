"""The one place where the api meets its settings and AWS. Everything here exists once per process."""

from dataclasses import dataclass
from functools import lru_cache

import boto3
from botocore.config import Config

from config.api import ApiSettings
from earshot.crawls_table import CrawlsTable
from earshot.index.reader import IndexReader
from earshot.message_queue import MessageQueue
from earshot.sound_queries import SoundQueries
from earshot.tracks_table import TracksTable


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes work with."""

    settings: ApiSettings
    index: IndexReader
    tracks: TracksTable
    crawls: CrawlsTable
    crawl_queue: MessageQueue
    fetch_queue: MessageQueue
    queries: SoundQueries


@lru_cache(maxsize=1)
def services() -> Services:
    """Settings and adapters of this process.

    Raises:
        InvalidSettings: names every missing or unusable variable.
    """
    settings = ApiSettings.load()
    dynamodb, sqs = boto3.client("dynamodb"), boto3.client("sqs")
    # Signed addresses then name the bucket's region. Without it they name none, and S3 redirects them for hours after
    # the bucket was made, which no signature survives.
    s3 = boto3.client("s3", config=Config(s3={"addressing_style": "virtual"}))
    return Services(
        settings=settings,
        index=IndexReader(
            s3,
            settings.index_bucket,
            settings.index_cache_dir,
            check_every_s=settings.index_check_every_s,
        ),
        tracks=TracksTable(dynamodb, settings.tracks_table),
        crawls=CrawlsTable(dynamodb, settings.crawls_table),
        crawl_queue=MessageQueue(sqs, settings.crawl_queue_url),
        fetch_queue=MessageQueue(sqs, settings.fetch_queue_url),
        queries=SoundQueries(s3, settings.previews_bucket),
    )
