"""Settings of the function `reconcile`."""

from config.base import FunctionSettings


class ReconcileSettings(FunctionSettings):
    """Where what may be lost is kept, the queues that it is given back to, and those of dead letters."""

    tracks_table: str
    crawls_table: str
    previews_bucket: str
    crawl_queue_url: str
    fetch_queue_url: str
    extract_queue_url: str
    crawl_dlq_arn: str
    fetch_dlq_arn: str
    fetch_now_dlq_arn: str
    extract_dlq_arn: str
    extract_now_dlq_arn: str

    covers_bucket: str = ""
    """Where covers of own files and media servers are kept; empty: nowhere, as in the cloud, which has none."""
