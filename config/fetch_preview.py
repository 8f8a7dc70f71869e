"""Settings of the function `fetch_preview`."""

from config.crawler import CrawlerSettings


class FetchPreviewSettings(CrawlerSettings):
    """What `fetch_preview` needs besides the crawler's common settings."""

    previews_bucket: str
    fetch_now_queue_url: str
    """For tracks that somebody waits for."""
    extract_now_queue_url: str
    """Told of their previews, which then do not wait behind those of crawls."""

    covers_bucket: str = ""
    """Where covers of own files and media servers are kept; empty: nowhere, as in the cloud, which has none."""
