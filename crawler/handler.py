"""The crawler's two functions. Both take SQS batches and report which messages failed."""

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from crawler import bootstrap
from earshot.messages import CrawlPlaylist, FetchClip, parse_fetch
from earshot.telemetry import logger

_processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def crawl_playlist(event: dict[str, object], context: LambdaContext) -> dict[str, object]:
    """Reads playlists: tracks are registered, previews asked for. SQS, `CrawlPlaylist` messages."""
    answer = process_partial_response(event, _crawl, _processor, context)
    return dict(answer)


def fetch_preview(event: dict[str, object], context: LambdaContext) -> dict[str, object]:
    """Gives tracks their previews. SQS, `FetchPreview` messages."""
    answer = process_partial_response(event, _fetch, _processor, context)
    return dict(answer)


def _crawl(record: SQSRecord) -> None:
    message = CrawlPlaylist.from_json(record.body)
    log = logger()
    log.set_correlation_id(message.crawl_id)
    log.info("crawl", crawl_id=message.crawl_id, cursor=message.cursor, message_id=record.message_id)
    bootstrap.crawl().run(message)


def _fetch(record: SQSRecord) -> None:
    message = parse_fetch(record.body)
    if isinstance(message, FetchClip):
        bootstrap.clips().run(message)
        return
    log = logger()
    log.set_correlation_id(message.track_id)
    log.info("fetch", track_id=message.track_id, crawl_id=message.crawl_id, message_id=record.message_id)
    bootstrap.fetch().run(message)
