"""Counts how far a crawl has come, for whoever asked. The counts are kept on the crawl, where the api reads them."""

from dataclasses import dataclass

from earshot.errors import CrawlNotFound
from earshot.messages import CountCrawl
from earshot.stores.crawls_table import CrawlsTable
from earshot.stores.tracks_table import TracksTable
from earshot.telemetry import logger


@dataclass(frozen=True, slots=True)
class Counting:
    """What counting works with."""

    tracks: TracksTable
    crawls: CrawlsTable

    def run(self, message: CountCrawl) -> None:
        """Count the crawl, unless it is done, or was counted since somebody asked. May be repeated."""
        try:
            before = self.crawls.progress(message.crawl_id)
            if before.done or (before.begun or "") > message.asked:
                return
            counted = self.crawls.count(message.crawl_id, self.tracks)
        except CrawlNotFound:
            logger().info("nothing to count: the crawl has expired", crawl_id=message.crawl_id)
            return
        logger().info("counted", crawl_id=message.crawl_id, entries=counted.total, pending=counted.pending)

    def give_up(self, message: CountCrawl) -> None:
        """It failed too often. Nothing waits for it: who asks the next time has it counted again."""
        logger().warning("not counted", crawl_id=message.crawl_id)
