"""Clips of queries by sound that are given as a URL."""

from dataclasses import dataclass

from earshot.errors import EarshotError
from earshot.messages import FetchClip
from earshot.reasons import Reason
from earshot.stores.sound_queries import Heard, SoundQueries
from earshot.telemetry import logger
from earshot.web import Downloader


@dataclass(frozen=True, slots=True)
class Clips:
    """What fetching a clip works with."""

    downloader: Downloader
    queries: SoundQueries

    def run(self, message: FetchClip) -> None:
        """Put the clip where an upload would have put it; what stands in the way becomes the query's answer.

        Nobody waits for a second try of an interactive question: a provider that is away is told at once.
        """
        try:
            clip = self.downloader.fetch(message.url)
        except EarshotError as error:
            logger().info("clip refused", query_id=message.query_id, reason=error.code)
            self.queries.answer(message.query_id, Heard(model="", reason=Reason(error.code), message=error.message))
        else:
            self.queries.put_clip(message.query_id, clip)

    def give_up(self, message: FetchClip) -> None:
        """The message failed too often: that is the query's answer."""
        self.queries.answer(message.query_id, Heard(model="", reason=Reason.INTERNAL_ERROR))
