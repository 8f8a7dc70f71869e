"""Settings of the function `pipeline_step`."""

from config.queue_changes import QueueChangesSettings


class PipelineStepSettings(QueueChangesSettings):
    """What it needs besides what `index_tracks` does. See config/pipelines.env.example."""

    crawls_table: str
    """DynamoDB table of crawls."""
    crawl_queue_url: str
    """SQS queue through which a crawl is begun and counted."""
    index_bucket: str
    """S3 bucket of index versions, and of what was learned from plays."""
    plays_bucket: str
    """S3 bucket of all plays: whether there are any that were not learned from."""
