"""The one place that wires the extractor's real adapters."""

from functools import lru_cache

import boto3

from config.extract import ExtractSettings
from earshot.previews import PreviewsBucket
from earshot.sound_queries import SoundQueries
from earshot.tracks_table import TracksTable
from extractor.decoder import Decoder
from extractor.networks import load_network
from extractor.queries import answer_query
from extractor.service import ExtractorService


@lru_cache(maxsize=1)
def bootstrap() -> ExtractorService:
    """The service of this process.

    Raises:
        InvalidSettings: a setting is missing or unusable, or the model files are.
    """
    settings = ExtractSettings.load()
    network = load_network(settings.model, settings.model_dir)
    return ExtractorService(
        TracksTable(boto3.client("dynamodb"), settings.tracks_table),
        PreviewsBucket(boto3.client("s3"), settings.previews_bucket),
        Decoder(network.rate, network.min_seconds, settings.decode_timeout_s),
        network,
        max_preview_bytes=settings.max_preview_bytes,
        max_tries=settings.max_tries,
    )


def hear_query(query_id: str) -> None:
    """Answer a query by sound with this process's service."""
    settings = ExtractSettings.load()
    answer_query(query_id, _queries(), bootstrap(), max_bytes=settings.max_preview_bytes)


@lru_cache(maxsize=1)
def _queries() -> SoundQueries:
    return SoundQueries(boto3.client("s3"), ExtractSettings.load().previews_bucket)
