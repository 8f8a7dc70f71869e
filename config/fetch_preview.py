"""Settings of the function `fetch_preview`."""

from config.crawler import CrawlerSettings


class FetchPreviewSettings(CrawlerSettings):
    """What `fetch_preview` needs besides the crawler's common settings."""

    previews_bucket: str
