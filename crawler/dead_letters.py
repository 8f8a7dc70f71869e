"""Ends what dead letters asked for: messages that killed the function that worked on them, as often as they came.

A function that lives ends its work itself (`earshot.deliveries`); these are all that is left. A letter that nobody can
read stays, for a person.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from crawler.giving_up import give_up_crawl, give_up_preview
from earshot.errors import AudioRejected, InvalidInput
from earshot.ids import TrackId, parse_track_id
from earshot.messages import CrawlPlaylist, FetchPreview, parse_crawl, parse_fetch
from earshot.reasons import Reason
from earshot.stores.crawls_table import CrawlsTable
from earshot.stores.message_queue import Letters
from earshot.stores.previews_bucket import PreviewsBucket
from earshot.stores.tracks_table import TracksTable
from earshot.telemetry import emit, logger
from earshot.uploads import read_uploads

_WHY = "the function died of it"


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """What ending works with. `letters`: the dead letters of each queue that the crawler or the extractor reads."""

    tracks: TracksTable
    crawls: CrawlsTable
    previews: PreviewsBucket
    letters: Mapping[str, Letters]

    def read(self) -> int:
        """Read all that are there; how many have ended something."""
        ends: dict[str, Callable[[str], None]] = {
            "crawl": self._crawl,
            "fetch": self._fetch,
            "fetch-now": self._fetch,
            "extract": self._extract,
            "extract-now": self._extract,
        }
        ended = 0
        for queue, letters in self.letters.items():
            for letter in letters:
                try:
                    ends[queue](letter.body)
                except InvalidInput as error:
                    logger().error("a dead letter cannot be read", queue=queue, body=letter.body, error=error.message)
                    continue
                logger().error("given up", queue=queue, body=letter.body, error=_WHY)
                emit("WorkGivenUp", reason="FunctionDied")
                letters.remove(letter)
                ended += 1
        return ended

    def _crawl(self, body: str) -> None:
        message = parse_crawl(body)
        if isinstance(message, CrawlPlaylist):  # nothing waits for a count
            give_up_crawl(self.crawls, message, _WHY)

    def _fetch(self, body: str) -> None:
        message = parse_fetch(body)
        if isinstance(message, FetchPreview):  # a query by sound is long over, and covers are swept
            give_up_preview(self.tracks, self.previews, parse_track_id(message.track_id))

    def _extract(self, body: str) -> None:
        for track_id in read_uploads(body).tracks:
            self._fail(track_id)

    def _fail(self, track_id: TrackId) -> None:
        try:
            preview = self.previews.get(track_id)
        except AudioRejected:
            return  # too large, which the extractor has noted, or is deleted within the day and asked for anew
        if preview is not None:
            self.tracks.mark_failed(preview.info, reason=Reason.INTERNAL_ERROR, preview_at=preview.fetched_at)
            self.previews.delete(track_id, etag=preview.etag)
