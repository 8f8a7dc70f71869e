"""Settings of the function `index_tracks`."""

from config.base import FunctionSettings


class IndexTracksSettings(FunctionSettings):
    """See config/annoy_service.env.example."""

    tracks_table: str
    """DynamoDB table of tracks."""
    index_bucket: str
    """S3 bucket of index versions."""
    index_topic_arn: str
    """SNS topic on which new versions are announced."""
    compact_queue_url: str
    """SQS queue through which the function `compact_index` is asked to look after the index."""
    index_failed_queue_url: str
    """SQS queue where tracks that cannot be indexed wait for a person, under their ids."""
    model: str = "musicnn-msd@1"
    """The model whose embeddings are indexed. Embeddings of another model wait."""
    index_work_dir: str = "/tmp/earshot-index"  # noqa: S108 the only writable folder of a Lambda function
    """Where segment files are kept between invocations and new ones are written."""
