"""Settings of the function `extract`."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from config.base import FunctionSettings
from earshot.networks import DEFAULT_NETWORK


class ModelSettings(FunctionSettings):
    """Which network hears. Read from the environment, else from config/extractor.env, else the defaults here."""

    model_config = SettingsConfigDict(env_file=Path(__file__).with_name("extractor.env"), protected_namespaces=())

    model: str = DEFAULT_NETWORK
    """The network (docs/models.md). Every track carries the name of the one it was heard with."""
    model_dir: Path = Path(__file__).resolve().parents[1] / "build" / "model"
    """Folder of the model files."""


class ExtractSettings(ModelSettings):
    """What else the function needs."""

    tracks_table: str
    """The DynamoDB table of tracks."""
    previews_bucket: str
    """The S3 bucket whose uploads wake the extractor."""
    fetch_queue_url: str
    """The SQS queue that asks for previews: one that expired is asked for anew."""
    max_preview_bytes: int = Field(default=32 * 1024 * 1024, ge=1024)
    """Larger previews are refused (`too_large`) before they are read."""
    decode_timeout_s: float = Field(default=20.0, gt=0)
    """Longest time for decoding one file. A batch of four must fit into the function's timeout."""
