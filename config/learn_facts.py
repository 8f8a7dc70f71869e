"""Settings of the function `learn_facts`."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, SecretStr, create_model, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from config.base import FunctionSettings
from earshot.enrichers import ENRICHERS


def _known(value: object) -> object:
    if not isinstance(value, str):
        return value
    names = {part.strip() for part in value.split(",") if part.strip()}
    if unknown := sorted(names - ENRICHERS.keys()):
        choice = "; ".join(f"{one.name} ({one.gives}. Terms: {one.terms})" for one in ENRICHERS.values())
        raise ValueError(f"{', '.join(unknown)}: choose from {choice}")
    return tuple(name for name in ENRICHERS if name in names)


Enrichers = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_known)]
"""Names in `earshot.enrichers`, comma-separated."""


def _with_settings_per_enricher(cls: "type[LearnFactsSettings]") -> "type[LearnFactsSettings]":
    """`cls` with the address of each provider's web API and the calls per minute that it may be asked."""
    fields: dict[str, tuple[type, object]] = {}
    for one in ENRICHERS.values():
        fields[f"{one.name}_api_url"] = (str, Field(default=one.api_url))
        fields[f"{one.name}_calls_per_minute"] = (float, Field(default=one.calls_per_minute, ge=10))
    return create_model(cls.__name__, __base__=cls, **fields)  # type: ignore[call-overload, no-any-return]


@_with_settings_per_enricher
class LearnFactsSettings(FunctionSettings):
    """Who is asked what is known of tracks, and with which keys."""

    model_config = SettingsConfigDict(env_file=Path(__file__).with_name("facts.env"))

    tracks_table: str
    crawls_table: str

    enrichers: Enrichers = ()
    """Providers that may be asked what is known of tracks, comma-separated: names in `earshot.enrichers`."""

    facts_months: int = Field(default=6, ge=1, le=120)
    """After so many months what was learned is asked anew."""

    allow_loopback: bool = False
    """Let allow-listed names lead to this machine, over http too. For tests and the local stack only."""

    contact: str = Field(default="", pattern=r"^[ -~]*$")
    """An address or URL in the user agent, for providers that want to reach whoever asks."""

    listenbrainz_token: SecretStr = SecretStr("")
    """Of a user of ListenBrainz."""
    lastfm_api_key: SecretStr = SecretStr("")
    """Of an application at Last.fm."""
    genius_token: SecretStr = SecretStr("")
    """The access token of a client at Genius."""

    @model_validator(mode="after")
    def _can_ask(self) -> Self:
        for name in self.enrichers:
            one = ENRICHERS[name]
            value = getattr(self, one.needs)
            if not (value.get_secret_value() if isinstance(value, SecretStr) else value):
                raise ValueError(f"{one.label} is in EARSHOT_ENRICHERS and needs EARSHOT_{one.needs.upper()}: set it")
        return self

    def api_url(self, provider: str) -> str:
        """Where the web API of `provider` is."""
        return str(getattr(self, f"{provider}_api_url"))

    def calls_per_minute(self, provider: str) -> float:
        """That all workers together may make of `provider`."""
        return float(getattr(self, f"{provider}_calls_per_minute"))
