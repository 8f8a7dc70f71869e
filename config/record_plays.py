"""Settings of the function `record_plays`, and what all functions of `listening` share."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from config.base import FunctionSettings


class PlaysSettings(FunctionSettings):
    """Where plays are kept. See config/listening.env.example."""

    model_config = SettingsConfigDict(env_file=Path(__file__).with_name("listening.env"))

    plays_bucket: str
    """S3 bucket of the lake."""
    plays_work_dir: Path = Path("/tmp/earshot-plays")  # noqa: S108 (the only writable folder of a Lambda function)
    """Where files of the lake are written and read while a function works."""


class RecordPlaysSettings(PlaysSettings):
    """What `record_plays` needs besides."""

    tracks_table: str
    crawls_table: str
    """DynamoDB tables in which the tracks of plays are found."""
    listeners_table: str
    """DynamoDB table of listeners."""
    keep_plays_days: int = Field(default=0, ge=0, le=36_500)
    """How many days plays are kept; 0: for ever."""

    @property
    def recent_days(self) -> int:
        """How long the recent plays of a listener are kept in the table."""
        return min(self.keep_plays_days or _RECENT_DAYS, _RECENT_DAYS)


_RECENT_DAYS = 90
