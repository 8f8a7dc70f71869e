"""Settings of media servers in one's own house: the crawler reads them, the api writes to them, the proxy fronts one.

Known on one machine alone: no function in the cloud is told of them, and nothing of them is kept in AWS.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from config.base import FunctionSettings


def _address(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None):
        raise ValueError("the address of a server, such as http://nas.local:4533, without a name and a password in it")
    return value.rstrip("/")


Address = Annotated[str, AfterValidator(_address)]


class MediaServerSettings(FunctionSettings):
    """Read from the environment, then from config/media_servers.env. Explained in its example."""

    model_config = SettingsConfigDict(env_file=Path(__file__).with_name("media_servers.env"))

    subsonic_url: Address = ""
    """Address of an OpenSubsonic server; empty: there is none."""
    subsonic_user: str = ""
    subsonic_password: SecretStr = SecretStr("")

    listener_keys: Annotated[Mapping[str, SecretStr], NoDecode] = {}
    """By the names of the server's users: the keys under which the proxy tells Earshot what they play."""

    jellyfin_url: Address = ""
    """Address of a Jellyfin server; empty: there is none."""
    jellyfin_token: SecretStr = SecretStr("")
    """An API key, or a user's token."""
    jellyfin_user: str = ""
    """Name of the user whose library and playlists are meant; empty: whose token it is, or the only one."""

    @field_validator("listener_keys", mode="before")
    @classmethod
    def _by_user(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.strip().partition("=") for part in value.split(",") if part.strip()]
        if not all(user and key for user, _, key in pairs):
            raise ValueError("pairs such as anna=her-key,ben=his-key")
        return {user: key for user, _, key in pairs}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment first, then the .env file; the Parameter Store of AWS knows no house."""
        return init_settings, env_settings, dotenv_settings, file_secret_settings
