"""Settings of the local stack (`make up`, `make demo` and the commands that talk to them)."""

import os
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from config.base import FunctionSettings
from earshot.playlists import parse_playlist
from earshot.sources import SOURCES

LOOPBACK: Final = "127.0.0.1"
ROOT = Path(__file__).resolve().parent.parent
"""The checkout: where serverless.yml stands and where the functions run."""


class LocalSettings(FunctionSettings):
    """Read from the environment, then from config/local.env."""

    model_config = SettingsConfigDict(env_file=ROOT / "config" / "local.env", populate_by_name=True)

    stage: str = Field(default="local", validation_alias=AliasChoices("EARSHOT_STAGE", "STAGE"))
    """Stage that the commands talk to; only `local` runs here."""

    api_url_of_stage: str = Field(default="", validation_alias="EARSHOT_API_URL")
    """Where the HTTP API of a stage in the cloud answers; empty: where its stack of functions says."""

    port: int = Field(default=8000, ge=1, le=65535, validation_alias="PORT")
    """Port of the HTTP API on 127.0.0.1."""

    local_host: Literal["127.0.0.1", "0.0.0.0"] = LOOPBACK  # noqa: S104 (with a key only: local/lan.py)
    """Where the HTTP API listens: for this machine alone, or, for those who have the link that is printed then, to all
    networks that it is in. `make up HOST=0.0.0.0`."""

    local_hosts: Annotated[tuple[str, ...], NoDecode] = ("127.0.0.1", "localhost")
    """Host names that the HTTP API answers to, comma-separated. A web page elsewhere must not reach it by a name of its
    own that leads to this machine (DNS rebinding)."""

    local_dir: Path = ROOT / ".local"
    """Where the stack keeps its state and its logs."""

    local_aws_port: int = Field(default=4566, ge=1, le=65535)
    """Port of the embedded AWS on 127.0.0.1."""

    local_workers: int = Field(default=0, ge=0, le=64)
    """Most processes per function; 0 means one per core."""

    watch: Annotated[tuple[Path, ...], NoDecode] = ()
    """Folders that are crawled whenever they have changed, separated like PATH, while the stack runs."""

    watch_servers: Annotated[tuple[str, ...], NoDecode] = ()
    """What of media servers is crawled again and again while the stack runs, comma-separated: `subsonic:all`."""

    watch_every_s: float = Field(default=3600.0, ge=1)
    """Seconds between two crawls of each."""

    local_timings: Literal["fast", "aws"] = "fast"
    """`aws`: what died comes back as late, what was dealt with as often, and functions are throttled as on AWS."""

    local_time_scale: float = Field(default=60.0, ge=1, le=10_000)
    """With `aws`: how many times as fast."""

    local_serverless: Path = ROOT / "serverless.yml"
    """The file whose functions and triggers run."""

    local_app: str = Field(default="api.one_machine.asgi:app", pattern=r"^[\w.]+:\w+$")
    """The ASGI application of the HTTP front door, as `module:name`."""

    @field_validator("local_hosts", "watch_servers", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("watch", mode="before")
    @classmethod
    def _folders(cls, value: object) -> object:
        return tuple(part for part in value.split(os.pathsep) if part.strip()) if isinstance(value, str) else value

    @field_validator("watch_servers")
    @classmethod
    def _all_of_servers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            if not SOURCES[parse_playlist(text).source].is_server:
                raise ValueError(f"{text!r} is of no media server; folders are named in EARSHOT_WATCH")
        return value

    @field_validator("watch")
    @classmethod
    def _all_absolute(cls, value: tuple[Path, ...]) -> tuple[Path, ...]:
        return tuple(folder.expanduser().absolute() for folder in value)

    @field_validator("local_dir", "local_serverless")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @property
    def api_url(self) -> str:
        """Where the HTTP API answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def aws_url(self) -> str:
        """Where the embedded AWS answers."""
        return f"http://127.0.0.1:{self.local_aws_port}"
