"""Lambda entry point of the extractor: an SQS batch of S3 notifications."""

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from earshot.errors import InvalidInput
from extractor.bootstrap import bootstrap, hear_query
from extractor.events import uploaded_queries, uploaded_tracks

_processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def extract(event: dict[str, Any], context: LambdaContext) -> Any:
    """Extract every preview the messages announce; answer with the messages to deliver again."""
    bootstrap().expect(track_id for record in event["Records"] for track_id in _announced(record))
    return process_partial_response(event=event, record_handler=_extract_record, processor=_processor, context=context)


def _announced(record: dict[str, Any]) -> list[str]:
    """The tracks of a message; none of one that is not understood, whose own turn will say so."""
    try:
        return uploaded_tracks(record["body"])
    except InvalidInput:
        return []


def _extract_record(record: SQSRecord) -> None:
    tries = int(record.attributes.approximate_receive_count)
    for track_id in uploaded_tracks(record.body):
        bootstrap().extract(track_id, tries=tries)
    for query_id in uploaded_queries(record.body):
        hear_query(query_id)
