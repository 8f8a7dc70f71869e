"""Settings of the function `learn_listening`."""

from config.record_plays import PlaysSettings


class LearnListeningSettings(PlaysSettings):
    """Where what was learned is published, besides where the plays are."""

    crawls_table: str
    """DynamoDB table that holds the lease of whoever learns."""
    listeners_table: str
    """DynamoDB table of listeners, for what they love and ban, and who asks to be forgotten."""
    index_bucket: str
    """S3 bucket of the index."""
