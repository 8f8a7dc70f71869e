"""What the function `pipeline_step` works with, made once per process."""

from functools import lru_cache

import boto3

from annoy_service.services import Services
from config.pipeline_step import PipelineStepSettings
from earshot.colistening.store import ColisteningStore
from earshot.stores.crawls_table import CrawlsTable
from earshot.stores.message_queue import FifoQueue, MessageQueue
from earshot.stores.plays_lake import PlaysLake
from pipelines.work import Stage


@lru_cache(maxsize=1)
def stage(services: Services) -> Stage:
    """The real thing, from the environment.

    Raises:
        InvalidSettings: a setting is missing or unusable.
    """
    settings = PipelineStepSettings.load()
    sqs = boto3.client("sqs")
    return Stage(
        crawls=CrawlsTable(boto3.client("dynamodb"), settings.crawls_table),
        tracks=services.table,
        crawl_queue=MessageQueue(sqs, settings.crawl_queue_url),
        changes=FifoQueue(sqs, settings.changes_queue_url),
        services=services,
        plays=PlaysLake(boto3.client("s3"), settings.plays_bucket),
        colistening=ColisteningStore(boto3.client("s3"), settings.index_bucket),
    )
