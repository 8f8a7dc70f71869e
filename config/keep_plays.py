"""Settings of the function `keep_plays`."""

from config.record_plays import RecordPlaysSettings


class KeepPlaysSettings(RecordPlaysSettings):
    """Where plays that could not be kept wait, besides what `record_plays` needs."""

    plays_queue_url: str
    """SQS queue that takes what is played."""
    plays_dlq_arn: str
    """Its dead letters."""
