"""Settings of the API as a service of its own (`python -m api`, the container image)."""

from ipaddress import IPv4Address
from typing import Self

from pydantic import AliasChoices, Field, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from config.api import ApiSettings

_STORES = (
    "tracks_table",
    "crawls_table",
    "listeners_table",
    "previews_bucket",
    "crawl_queue_url",
    "fetch_now_queue_url",
    "plays_queue_url",
)


class ServiceSettings(ApiSettings):
    """Those of the api, of which the index bucket suffices, and what a process that stays needs besides."""

    model_config = SettingsConfigDict(populate_by_name=True)

    stage: str = "service"
    tracks_table: str = ""
    crawls_table: str = ""
    listeners_table: str = ""
    previews_bucket: str = ""
    crawl_queue_url: str = ""
    fetch_now_queue_url: str = ""
    plays_queue_url: str = ""
    """All of these or none: without them the service answers from its index alone."""

    service_host: IPv4Address = IPv4Address("0.0.0.0")  # noqa: S104 (a container's own network)
    """Where it listens."""
    service_port: int = Field(
        default=8000, ge=1, le=65535, validation_alias=AliasChoices("EARSHOT_SERVICE_PORT", "PORT")
    )
    """Where it listens; Cloud Run says PORT."""
    service_drain_s: float = Field(default=5.0, ge=0, le=300)
    """How long it goes on answering after SIGTERM, while /ready says that nobody should ask it any more."""
    service_grace_s: int = Field(default=4, ge=1, le=300)
    """How long answers in hand may take after that."""

    @field_validator("stage")
    @classmethod
    def _not_of_one_machine(cls, value: str) -> str:
        if value == "local":
            raise ValueError("local is the stage of one person's machine, which counts and refuses nothing")
        return value

    @model_validator(mode="after")
    def _all_stores_or_none(self) -> Self:
        missing = [name for name in _STORES if not getattr(self, name)]
        if missing and len(missing) < len(_STORES):
            names = ", ".join(f"EARSHOT_{name.upper()}" for name in missing)
            raise ValueError(f"set {names}, too, or none of the stage's tables, queues and buckets but the index")
        return self

    @property
    def has_stores(self) -> bool:
        """Whether it knows the stage's tables and queues."""
        return bool(self.tracks_table)
