"""Forgets a playlist: what its crawls have found holds no track any more, so that others may remove it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from crawler.departed import place_of
from crawler.schedules import is_by_the_clock
from earshot.clock import Timestamp, now_iso, seconds_until
from earshot.crawls import CrawlSummary
from earshot.errors import CrawlNotFound
from earshot.ids import TrackId
from earshot.messages import ForgetPlaylist
from earshot.stores.crawls_table import FORGOTTEN_IN_S, CrawlsTable
from earshot.stores.message_queue import MAX_DELAY_S, MessageQueue
from earshot.stores.playlists import Playlists, playlist_id_of
from earshot.stores.tracks_table import TracksTable
from earshot.telemetry import logger
from earshot.track import Status, Track

_FIRST_LOOK_S = 30.0
_LONGEST_RUN_S = 900.0
"""No function runs for longer: a page that was being read has been taken in by then."""


@dataclass(frozen=True, slots=True)
class Forgetting:
    """What forgetting works with."""

    tracks: TracksTable
    crawls: CrawlsTable
    playlists: Playlists
    crawl_queue: MessageQueue

    def run(self, message: ForgetPlaylist) -> None:
        """Forget the playlist of the crawl, with all its crawls until then, and remove its tracks if that is asked.

        What is still on its way would be brought back by its messages. So its crawls are cancelled first, whose
        messages then end without a preview; and what is being heard, or read from a page, is looked at again until
        nothing is left, for as long as the crawls are remembered. May be repeated, and may die at any line.
        """
        asked = message.asked or now_iso()
        try:
            this = self.crawls.summary(message.crawl_id)
        except CrawlNotFound:
            logger().info("nothing to forget: the crawl has expired", crawl_id=message.crawl_id)
            return
        summaries = self.crawls.list(None)
        same = [s for s in summaries if _is_meant(s, this, asked)]
        if message.remove_tracks:
            for summary in same:
                if not summary.cancelled:
                    self.crawls.cancel(summary.crawl_id)
        meant = {s.crawl_id for s in same}
        others = [s for s in summaries if s.crawl_id not in meant and not s.forgotten]
        only = self._held(same) - self._held(others)
        there = self.tracks.described_many(only)  # ids that tracks no longer have are none
        for summary in sorted(same, key=lambda s: s.crawl_id == this.crawl_id):  # last, which says that all are
            if not summary.forgotten:
                self.crawls.note_forgotten(summary, len(there))
        self.playlists.forget(playlist_id_of(place_of(this)), max(s.started for s in same))
        if message.remove_tracks:
            self._remove(message, asked, this, same, there)

    def _remove(
        self,
        message: ForgetPlaylist,
        asked: Timestamp,
        this: CrawlSummary,
        same: Sequence[CrawlSummary],
        there: Mapping[TrackId, Track],
    ) -> None:
        """Remove what is `there` and has come, and have a look at the rest later."""
        coming = {track_id for track_id, track in there.items() if track.status is Status.PENDING}
        only_held = max(this.only_held, len(there)) if this.forgotten else len(there)
        self.crawls.note_cleared(message.crawl_id, only_held - len(coming))
        for track_id in there.keys() - coming:
            self.tracks.delete(track_id)
        age_s = -seconds_until(asked)
        is_read = age_s < _LONGEST_RUN_S and any(s.finished is None or s.finished > asked for s in same)
        if (coming or is_read) and age_s < FORGOTTEN_IN_S:
            again = replace(message, asked=asked, attempt=message.attempt + 1)
            self.crawl_queue.send(again, delay_s=min(MAX_DELAY_S, _FIRST_LOOK_S * 2.0**message.attempt))

    def give_up(self, message: ForgetPlaylist) -> None:
        """It failed too often. Nothing waits for it: who asks again has it forgotten then."""
        logger().warning("not forgotten", crawl_id=message.crawl_id)

    def _held(self, summaries: list[CrawlSummary]) -> set[TrackId]:
        entries = (entry for summary in summaries for entry in self.crawls.entries(summary.crawl_id))
        return {entry.track_id for entry in entries if entry.track_id}


def _is_meant(summary: CrawlSummary, this: CrawlSummary, asked: Timestamp) -> bool:
    """Whether it is a crawl of the same playlist as `this`, and had begun when somebody first wanted that forgotten.

    One that the clock has begun while the message was on its way is no new wish for it: the first look forgets it with
    the others, and those that follow mean it, too.
    """
    if place_of(summary) != place_of(this):
        return False
    was_meant = not this.forgotten or (summary.forgotten is not None and summary.forgotten <= this.forgotten)
    by_the_clock = was_meant and is_by_the_clock(summary.crawl_id, playlist_id_of(place_of(this)))
    return summary.started <= min(asked, this.forgotten or asked) or summary.crawl_id == this.crawl_id or by_the_clock
