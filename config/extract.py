"""Settings of the function `extract`."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from config.base import ENV_PREFIX, FunctionSettings


class ExtractSettings(FunctionSettings):
    """Read from the environment, else from config/extractor.env, else the defaults here."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_file=Path(__file__).with_name("extractor.env"),
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        protected_namespaces=(),
    )

    tracks_table: str
    """The DynamoDB table of tracks."""
    previews_bucket: str
    """The S3 bucket whose uploads wake the extractor."""
    model_dir: Path = Path(__file__).resolve().parents[1] / "build" / "model"
    """Folder of the model files."""
    max_preview_bytes: int = Field(default=32 * 1024 * 1024, ge=1024)
    """Larger previews are refused (`too_large`) before they are read."""
