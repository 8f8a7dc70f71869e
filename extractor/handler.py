"""Lambda entry point of the extractor: an SQS batch of S3 notifications."""

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from extractor.events import uploaded_tracks
from extractor.service import bootstrap, logger

_processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@logger.inject_lambda_context
def extract(event: dict[str, Any], context: LambdaContext) -> Any:
    """Extract every preview the messages announce; answer with the messages to deliver again."""
    return process_partial_response(event=event, record_handler=_extract_record, processor=_processor, context=context)


def _extract_record(record: SQSRecord) -> None:
    service = bootstrap()
    for track_id in uploaded_tracks(record.body):
        service.extract(track_id)
