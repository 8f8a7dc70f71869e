"""Wires the extractor to the real AWS and the network's files, once per process."""

from functools import lru_cache
from typing import TYPE_CHECKING

import boto3

from config.deliveries import DeliverySettings
from config.extract import ExtractSettings
from earshot.deliveries import Deliveries
from earshot.stores.message_queue import MessageQueue
from earshot.stores.previews_bucket import PreviewsBucket
from earshot.stores.sound_queries import SoundQueries
from earshot.stores.tracks_table import TracksTable
from extractor.audio.decoder import Decoder
from extractor.networks.loading import load_network
from extractor.queries import Queries
from extractor.service import ExtractorService

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient


@lru_cache(maxsize=1)
def previews() -> ExtractorService:
    """What `extract` runs.

    Raises:
        InvalidSettings: a setting is missing or unusable, or the model files are.
    """
    settings = ExtractSettings.load()
    network = load_network(settings.model, settings.model_dir)
    return ExtractorService(
        TracksTable(boto3.client("dynamodb"), settings.tracks_table),
        PreviewsBucket(_s3(), settings.previews_bucket),
        MessageQueue(_sqs(), settings.fetch_queue_url),
        Decoder(network.rate, network.min_seconds, settings.decode_timeout_s),
        network,
        max_preview_bytes=settings.max_preview_bytes,
    )


@lru_cache(maxsize=1)
def queries() -> Queries:
    """What `extract` runs for queries by sound."""
    settings = ExtractSettings.load()
    return Queries(SoundQueries(_s3(), settings.previews_bucket), previews(), max_bytes=settings.max_preview_bytes)


@lru_cache(maxsize=1)
def deliveries() -> Deliveries:
    """What becomes of messages that fail."""
    return Deliveries(_sqs(), DeliverySettings.load().max_tries)


@lru_cache(maxsize=1)
def _sqs() -> "SQSClient":
    return boto3.client("sqs")


@lru_cache(maxsize=1)
def _s3() -> "S3Client":
    return boto3.client("s3")
