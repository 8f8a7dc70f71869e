"""Settings of the function `crawl_playlist`."""

from config.crawler import CrawlerSettings


class CrawlPlaylistSettings(CrawlerSettings):
    """What `crawl_playlist` needs besides the crawler's common settings."""

    crawl_queue_url: str

    pages_per_message: int = 10
    """Most pages of a playlist (50 entries each) that one message reads before it hands the rest on."""
