"""Queries by sound: hears an uploaded clip as it would hear a preview, and leaves the features for the api."""

from dataclasses import dataclass
from typing import Protocol

from earshot.errors import AudioRejected, DecoderCrashed, InvalidInput
from earshot.ids import QueryId
from earshot.reasons import Reason
from earshot.stores.sound_queries import Heard, Hearing, SoundQueries
from earshot.telemetry import logger
from extractor.extract import Extraction


class Listener(Protocol):
    """What hears a clip: `extractor.service.ExtractorService`."""

    @property
    def model(self) -> str:
        """Name of the network."""

    def listen(self, clip: bytes) -> list[Extraction]:
        """Features of a clip, first as it is."""


@dataclass(frozen=True, slots=True)
class Queries:
    """What answering a query works with; larger clips than `max_bytes` are refused."""

    queries: SoundQueries
    listener: Listener
    max_bytes: int

    def answer(self, query_id: QueryId) -> None:
        """Hear the clip of a query, keep its features for the hour, delete the clip. May be repeated.

        Raises:
            DecoderCrashed: for the queue to try again.
        """
        if not self.queries.is_open(query_id):
            self.queries.remove_clip(query_id)  # uploaded again, or too late: a query is heard once
            logger().info("query is not open", query_id=query_id)
            return
        try:
            clip = self.queries.clip(query_id, max_bytes=self.max_bytes)
            if clip is None:
                logger().info("clip is gone", query_id=query_id)
                return
            found, *louder = self.listener.listen(clip)
            heard = Heard(
                found.model,
                found.embedding,
                found.tags,
                descriptors=found.descriptors,
                louder=Hearing(louder[0].embedding, louder[0].tags) if louder else None,
            )
        except InvalidInput as error:
            heard = Heard(self.listener.model, reason=Reason.TOO_LARGE, message=error.message)
        except AudioRejected as error:
            heard = Heard(self.listener.model, reason=error.reason, message=error.message)
        self.queries.settle(query_id, heard)
        logger().info("query heard", query_id=query_id, reason=heard.reason)

    def give_up(self, query_id: QueryId, error: Exception) -> None:
        """The clip could not be heard, as often as that was tried."""
        reason = error.reason if isinstance(error, DecoderCrashed) else Reason.INTERNAL_ERROR
        self.queries.settle(query_id, Heard(self.listener.model, reason=reason, message=str(error)))
