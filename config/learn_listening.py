"""Settings of the function `learn_listening`."""

from pydantic import Field

from config.record_plays import PlaysSettings


class LearnListeningSettings(PlaysSettings):
    """Where what was learned is published, besides where the plays are."""

    crawls_table: str
    """DynamoDB table that holds the lease of whoever learns."""
    listeners_table: str
    """DynamoDB table of listeners, for what they love and ban, and who asks to be forgotten."""
    index_bucket: str
    """S3 bucket of the index."""
    choose_model_days: int = Field(default=7, ge=0, le=365)
    """How long the choice of a model holds, which meanwhile is fitted to all plays again at each run; 0: not at all."""
