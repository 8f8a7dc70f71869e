"""Settings of the function `index_tracks`, and of those that keep the same indexes from elsewhere."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from config.base import FunctionSettings
from earshot.errors import InvalidSettings
from earshot.index.engines.registry import ENGINES
from earshot.networks import DEFAULT_NETWORK
from earshot.recipes import Recipe, kept_recipes


class RecipeSettings(FunctionSettings):
    """Which indexes are kept. See config/annoy_service.env.example."""

    model_config = SettingsConfigDict(env_file=Path(__file__).with_name("annoy_service.env"), protected_namespaces=())

    model: str = DEFAULT_NETWORK
    """The network whose embeddings are indexed. Embeddings of another network wait."""
    recipes: Annotated[tuple[str, ...], NoDecode] = ()
    """Recipes of that network by which indexes are kept side by side, comma-separated, the one that leads first. Empty:
    the network's default recipe."""

    engine: str = ""
    """What bases of more than 10,000 tracks are searched by: `annoy`, `ivf_rabitq` or `hnsw`. Empty: the one that
    measures best on each base when it is built."""

    @field_validator("engine")
    @classmethod
    def _is_an_engine(cls, value: str) -> str:
        if value and value not in ENGINES:
            raise ValueError(f"{value!r} is no engine; there are {', '.join(ENGINES)}")
        return value

    @field_validator("recipes", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _are_known(self) -> Self:
        try:
            kept_recipes(self.model, self.recipes)
        except InvalidSettings as error:
            raise ValueError(f"{error.message}. {error.hint}") from None
        return self

    @property
    def kept(self) -> tuple[Recipe, ...]:
        """The recipes that `recipes` and `model` come to."""
        return kept_recipes(self.model, self.recipes)


class IndexTracksSettings(RecipeSettings):
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
    index_work_dir: str = "/tmp/earshot-index"  # noqa: S108 the only writable folder of a Lambda function
    """Where segment files are kept between invocations and new ones are written."""
