"""Lambda entry point of the extractor: an SQS batch of S3 notifications."""

from functools import partial

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSEvent, SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from earshot.errors import InvalidInput
from earshot.uploads import Uploads, read_uploads
from extractor import bootstrap

_processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def extract(event: dict[str, object], context: LambdaContext) -> PartialItemFailureResponse:
    """Extract every preview the messages announce; answer with the messages to deliver again."""
    batch = {record.message_id: _read(record.body) for record in SQSEvent(event).records}
    understood = (uploads for uploads in batch.values() if isinstance(uploads, Uploads))
    bootstrap.previews().expect(track_id for uploads in understood for track_id in uploads.tracks)

    def hear(record: SQSRecord) -> None:
        uploads = batch[record.message_id]
        if isinstance(uploads, InvalidInput):
            raise uploads
        bootstrap.deliveries().attempt(record, partial(_hear, uploads), partial(_give_up, uploads))

    return process_partial_response(event, hear, _processor, context)


def _read(body: str) -> Uploads | InvalidInput:
    """What a message announces, or what its own turn is to say."""
    try:
        return read_uploads(body)
    except InvalidInput as error:
        return error


def _hear(uploads: Uploads) -> None:
    for track_id in uploads.tracks:
        bootstrap.previews().extract(track_id)
    for query_id in uploads.queries:
        bootstrap.queries().answer(query_id)


def _give_up(uploads: Uploads, error: Exception) -> None:
    for track_id in uploads.tracks:
        bootstrap.previews().give_up(track_id, error)
    for query_id in uploads.queries:
        bootstrap.queries().give_up(query_id, error)
