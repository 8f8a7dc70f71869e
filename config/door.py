"""Settings of the front door of a catalogue in shards (`python -m api.door`)."""

from ipaddress import IPv4Address
from typing import Annotated, Self

from pydantic import AliasChoices, Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from config.base import FunctionSettings
from earshot.shards import MOST


class DoorSettings(FunctionSettings):
    """What the front door needs to know. Explained in config/api.env.example."""

    model_config = SettingsConfigDict(populate_by_name=True)

    stage: str = "shards"
    shards: Annotated[tuple[tuple[str, ...], ...], NoDecode]
    """Of each shard, in their order, the addresses of the processes that serve it."""
    shards_key: SecretStr = SecretStr("")
    """API key that they know; empty: their stage is open."""

    door_timeout_s: float = Field(default=1.0, ge=0.01, le=30)
    """How long a shard is waited for."""
    door_hedge_s: float = Field(default=0.2, ge=0.001, le=30)
    """After how long a second process of a shard is asked as well."""
    door_check_every_s: float = Field(default=1.0, ge=0.05, le=60)
    """How often each process is asked how it is."""
    door_least_share: float = Field(default=0.5, gt=0, le=1)
    """Of the shards: where fewer answer there is no answer."""
    cache_max_age_s: int = Field(default=5, ge=0, le=86400)

    service_host: IPv4Address = IPv4Address("0.0.0.0")  # noqa: S104 (a container's own network)
    service_port: int = Field(
        default=8000, ge=1, le=65535, validation_alias=AliasChoices("EARSHOT_SERVICE_PORT", "PORT")
    )
    service_drain_s: float = Field(default=5.0, ge=0, le=300)
    service_grace_s: int = Field(default=4, ge=1, le=300)
    """These four as the API as a service has them (`config.service`): what runs the one runs the other."""

    @field_validator("shards", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(tuple(one.strip().rstrip("/") for one in shard.split("|")) for shard in value.split(","))

    @field_validator("shards")
    @classmethod
    def _addresses(cls, value: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
        addresses = [one for shard in value for one in shard]
        usable = [one.startswith(("http://", "https://")) and "@" not in one for one in addresses]
        if not all(usable):  # it is not shown: it may hold a password
            number = usable.index(False) + 1
            raise ValueError(f"number {number} is no address: http://10.0.0.1:8000|http://10.0.0.2:8000,http://…")
        if len(set(addresses)) < len(addresses):
            raise ValueError("an address is there twice")
        if len(value) > MOST:
            raise ValueError(f"more than {MOST} shards")
        return value

    @model_validator(mode="after")
    def _hedges_in_time(self) -> Self:
        if self.door_hedge_s > self.door_timeout_s:
            raise ValueError("EARSHOT_DOOR_HEDGE_S is longer than EARSHOT_DOOR_TIMEOUT_S")
        return self
