"""Spotify: its web API through spotipy, its playlists, albums and tracks as a source, and logging in."""

from typing import Protocol

from pydantic import SecretStr

from crawler.source import Connected, Web


class Settings(Protocol):
    """What is read of the function's settings."""

    spotify_client_id: str
    spotify_client_secret: SecretStr
    spotify_refresh_token: SecretStr
    spotify_accounts_url: str

    @property
    def login_place(self) -> str:
        """Where `make spotify-login` keeps the login."""

    def api_url(self, source: str, /) -> str:
        """Where the API is."""


def connect(web: Web, settings: Settings) -> Connected:
    """See `crawler.source`. Without credentials the first call fails, not the start."""
    from crawler.spotify.client import Account, spotify_client  # late: spotipy brings requests and redis
    from crawler.spotify.login_store import login_store
    from crawler.spotify.source import SpotifySource

    account = Account(
        client_id=settings.spotify_client_id,
        client_secret=settings.spotify_client_secret.get_secret_value(),
        refresh_token=settings.spotify_refresh_token.get_secret_value(),
        login=login_store(settings.login_place),
        accounts_url=settings.spotify_accounts_url,
    )
    api_url, user_agent = settings.api_url("spotify"), web.downloader.user_agent
    source = SpotifySource(lambda: spotify_client(account, api_url, user_agent), web.limiter)
    return Connected(read_page=source.read_page, track=source.track, title=source.title)
