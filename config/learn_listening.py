"""Settings of the function `learn_listening`."""

from config.record_plays import PlaysSettings


class LearnListeningSettings(PlaysSettings):
    """Where what was learned is published, besides where the plays are."""

    crawls_table: str
    """DynamoDB table that holds the lease of whoever learns."""
    index_bucket: str
    """S3 bucket of the index."""
