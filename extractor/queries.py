"""Queries by sound: hears an uploaded clip as it would hear a preview, and leaves the features for the api."""

from typing import Protocol

from aws_lambda_powertools import Logger

from earshot.errors import AudioRejected, InvalidInput
from earshot.sound_queries import Heard, SoundQueries
from extractor.extract import Extraction

logger = Logger(service="extractor")


class Listener(Protocol):
    """What hears a clip: `extractor.service.ExtractorService`."""

    @property
    def model(self) -> str:
        """Name of the network."""

    def listen(self, clip: bytes) -> Extraction:
        """Features of a clip."""


def answer_query(query_id: str, queries: SoundQueries, listener: Listener, *, max_bytes: int) -> None:
    """Hear the clip of a query, keep its features for the hour, delete the clip. May be repeated.

    Raises:
        DecoderCrashed: for the queue to try again.
    """
    try:
        clip = queries.clip(query_id, max_bytes=max_bytes)
        if clip is None:
            logger.info("clip is gone", query_id=query_id)
            return
        found = listener.listen(clip)
        heard = Heard(found.model, found.embedding, found.tags)
    except InvalidInput as error:
        heard = Heard(listener.model, reason="too_large", message=error.message)
    except AudioRejected as error:
        heard = Heard(listener.model, reason=error.reason, message=error.message)
    queries.settle(query_id, heard)
    logger.info("query heard", query_id=query_id, reason=heard.reason)
