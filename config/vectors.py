"""Settings of who copies the index to Amazon S3 Vectors (`make vectors`)."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from config.base import FunctionSettings


class VectorSettings(FunctionSettings):
    """See config/annoy_service.env.example."""

    model_config = SettingsConfigDict(env_file=Path(__file__).with_name("annoy_service.env"))

    vector_bucket: str = Field(min_length=3, max_length=63)
    """The vector bucket of S3 Vectors that holds the copy."""
