"""Settings that both functions of the crawler share."""

from pathlib import Path
from typing import TypeVar

from pydantic import Field, SecretStr, create_model

from config.media_servers import MediaServerSettings
from config.places import OWN, Hosts, Providers, Roots
from config.spotify_login import SpotifyLoginSettings
from earshot.networks import DEFAULT_NETWORK
from earshot.sources import SOURCES

_Settings = TypeVar("_Settings", bound=SpotifyLoginSettings)


def _with_settings_per_source(cls: type[_Settings]) -> type[_Settings]:
    """`cls` with the address of each source's web API and the calls per minute that it may be asked."""
    fields: dict[str, tuple[type, object]] = {}
    for source in SOURCES.values():
        if source.api_url:
            fields[f"{source.name}_api_url"] = (str, Field(default=source.api_url))
        if source.calls_per_minute:
            fields[f"{source.name}_calls_per_minute"] = (float, Field(default=source.calls_per_minute, gt=0))
    return create_model(cls.__name__, __base__=cls, **fields)  # type: ignore[call-overload, no-any-return]


@_with_settings_per_source
class CrawlerSettings(SpotifyLoginSettings):
    """Where the crawler's state is and which sources it may ask."""

    tracks_table: str
    crawls_table: str
    fetch_queue_url: str

    model: str = DEFAULT_NETWORK
    """The network in use: a track that is ready in it is not fetched again."""

    providers: Providers = OWN
    """Sources and preview providers that may be used, comma-separated: names in `earshot.sources`."""

    folder_roots: Roots = ()
    """Folders that may be crawled, separated like PATH. Empty: no file of this machine is ever read."""

    file_memory: Path | None = None
    """Where it is remembered what own files were, so that those that have not changed are not read again: a file of
    SQLite. Empty: nothing is remembered."""

    allowed_hosts: Hosts = ()
    """Hosts that manifests and previews may be fetched from besides the providers' own; `*.example.org`: all below."""

    allow_loopback: bool = False
    """Let allow-listed names lead to this machine, over http too. For tests and the local stack only."""

    contact: str = Field(default="", pattern=r"^[ -~]*$")
    """An address or URL in the user agent, for providers that want to reach whoever crawls."""

    spotify_client_secret: SecretStr = SecretStr("")
    spotify_refresh_token: SecretStr = SecretStr("")
    """Of a user who authorised the app; not needed after `make spotify-login`."""

    @property
    def media_servers(self) -> MediaServerSettings:
        """Those of this house: none of the functions in the cloud knows any."""
        return MediaServerSettings.load()

    def api_url(self, source: str) -> str:
        """Where the web API of `source` is; empty: it has none."""
        return str(getattr(self, f"{source}_api_url", ""))

    def calls_per_minute(self, source: str) -> float:
        """That all workers together may make of `source`; 0: it is not called."""
        return float(getattr(self, f"{source}_calls_per_minute", 0))
