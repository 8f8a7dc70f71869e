"""Settings that both functions of the crawler share."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from config.spotify_login import SpotifyLoginSettings

_PROVIDERS = ("folder", "manifest", "spotify", "deezer", "itunes")


class CrawlerSettings(SpotifyLoginSettings):
    """Where the crawler's state is and which sources it may ask."""

    tracks_table: str
    crawls_table: str
    fetch_queue_url: str

    model: str = "musicnn-msd@1"
    """The network in use: a track that is ready in it is not fetched again."""

    providers: Annotated[tuple[str, ...], NoDecode] = ("folder", "manifest")
    """Sources and preview providers that may be used, comma-separated: folder, manifest, spotify, deezer, itunes."""

    folder_roots: Annotated[tuple[Path, ...], NoDecode] = ()
    """Folders that may be crawled, separated like PATH. Empty: no file of this machine is ever read."""

    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Hosts that manifests and previews may be fetched from besides the providers' own; `*.example.org`: all below."""

    allow_loopback: bool = False
    """Let allow-listed names lead to this machine, over http too. For tests and the local stack only."""

    contact: str = Field(default="", pattern=r"^[ -~]*$")
    """An address or URL in the user agent, for providers that want to reach whoever crawls."""

    spotify_client_secret: SecretStr = SecretStr("")
    spotify_refresh_token: SecretStr = SecretStr("")
    """Of a user who authorised the app; not needed after `make spotify-login`."""

    spotify_api_url: str = "https://api.spotify.com/v1/"
    deezer_api_url: str = "https://api.deezer.com"
    itunes_api_url: str = "https://itunes.apple.com"

    spotify_calls_per_minute: float = Field(default=150, gt=0)
    deezer_calls_per_minute: float = Field(default=480, gt=0)
    itunes_calls_per_minute: float = Field(default=18, gt=0)

    @field_validator("providers", mode="before")
    @classmethod
    def _known_providers(cls, value: object) -> object:
        names = _split(value, ",")
        if isinstance(names, tuple) and (unknown := set(names) - set(_PROVIDERS)):
            raise ValueError(f"{', '.join(sorted(unknown))}: choose from {', '.join(_PROVIDERS)}")
        return names

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _hosts(cls, value: object) -> object:
        return _split(value, ",")

    @field_validator("folder_roots", mode="before")
    @classmethod
    def _roots(cls, value: object) -> object:
        return _split(value, os.pathsep)


def _split(value: object, separator: str) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(separator) if part.strip())
    return value
