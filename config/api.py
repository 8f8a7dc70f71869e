"""Settings of the api function."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from config.base import FunctionSettings
from config.places import OWN, Hosts, Providers, Roots
from earshot.sources import SOURCES

_OPEN = "open"
_DIGEST = re.compile(r"[0-9a-fA-F]{64}")
_ENV_FILE = Path(__file__).resolve().parent / "api.env"


class ApiSettings(FunctionSettings):
    """What the api needs to know. Explained in config/api.env.example."""

    model_config = SettingsConfigDict(env_file=_ENV_FILE)

    tracks_table: str
    crawls_table: str
    index_bucket: str
    previews_bucket: str
    covers_bucket: str = ""
    """Where covers of own files and media servers are kept; empty: nowhere, as in the cloud, which has none."""
    crawl_queue_url: str
    fetch_now_queue_url: str
    listeners_table: str
    plays_queue_url: str
    vector_bucket: str = Field(default="", max_length=63)
    """The vector bucket of S3 Vectors that searches the index; empty: the API searches files of its own."""
    index_cache_dir: Path = Path("/tmp/earshot-index")  # noqa: S108 (the only writable folder of a Lambda function)
    index_check_every_s: float = Field(default=3.0, ge=0.1, le=300)
    cache_max_age_s: int = Field(default=5, ge=0, le=86400)
    deezer_api_url: str = Field(default=SOURCES["deezer"].api_url, pattern=r"^(https://|http://127\.0\.0\.1:)")
    allow_loopback: bool = False
    providers: Providers = OWN
    folder_roots: Roots = ()
    allowed_hosts: Hosts = ()
    """These three as the crawler has them: what it would refuse is refused when it is asked for."""
    request_wait_s: float = Field(default=1.0, ge=0, le=20)
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    api_keys: Annotated[tuple[str, ...], NoDecode] = ()
    """SHA-256 digests in hexadecimal, or the one word `open`."""
    player_password: SecretStr = SecretStr("")
    """That players of the OpenSubsonic routes must know, under any name; empty: they need none."""
    quota_per_hour: int = Field(default=200, ge=1, le=1_000_000)
    """Requests that have work done, of each key (of an open stage: of everybody together). Not on one machine."""
    previews_per_hour: int = Field(default=600, ge=1, le=1_000_000)
    """How often Deezer is asked for a preview that somebody wants to hear. Not counted on one machine."""

    plays_per_hour: int = Field(default=4_000, ge=1_000, le=100_000_000)
    """Plays taken in from each key (of an open stage: from everybody together). Not counted on one machine."""

    path_root: str = Field(default="", max_length=1024)
    """Where players elsewhere find the files: see `path_root` of the API."""

    @field_validator("cors_origins", "api_keys", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("api_keys")
    @classmethod
    def _digests(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if value != (_OPEN,) and not all(_DIGEST.fullmatch(key) for key in value):
            raise ValueError(f"SHA-256 digests (64 hexadecimal digits each), or the word {_OPEN}: never a key itself")
        return value

    @property
    def is_metered(self) -> bool:
        """Whether quotas hold: in the cloud, where somebody pays."""
        return self.stage != "local"

    @property
    def is_open(self) -> bool:
        """Whether anybody may have work done: on one machine unless keys are set, in the cloud if that was said."""
        return self.api_keys == (_OPEN,) or (self.stage == "local" and not self.api_keys)
