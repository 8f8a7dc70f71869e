"""The crawler's two functions. Both take SQS batches and report which messages failed."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from crawler import bootstrap
from earshot.messages import CrawlPlaylist, FetchClip, parse_fetch

logger = Logger(service="crawler")
_processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def crawl_playlist(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Reads playlists: tracks are registered, previews asked for. SQS, `CrawlPlaylist` messages."""
    answer = process_partial_response(event, _crawl, _processor, context)
    return dict(answer)


def fetch_preview(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Gives tracks their previews. SQS, `FetchPreview` messages."""
    answer = process_partial_response(event, _fetch, _processor, context)
    return dict(answer)


def _crawl(record: SQSRecord) -> None:
    message = CrawlPlaylist.from_json(record.body)
    logger.set_correlation_id(message.crawl_id)
    logger.info("crawl", crawl_id=message.crawl_id, cursor=message.cursor, message_id=record.message_id)
    bootstrap.crawl().run(message)


def _fetch(record: SQSRecord) -> None:
    message = parse_fetch(record.body)
    if isinstance(message, FetchClip):
        bootstrap.fetch_clip_of(message)
        return
    logger.set_correlation_id(message.track_id)
    logger.info("fetch", track_id=message.track_id, crawl_id=message.crawl_id, message_id=record.message_id)
    bootstrap.fetch().run(message)
