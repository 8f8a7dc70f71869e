"""Settings of `make spotify-login`; the crawler's functions share them."""

from pathlib import Path

from pydantic_settings import SettingsConfigDict

from config.base import FunctionSettings


class SpotifyLoginSettings(FunctionSettings):
    """Which app logs in to Spotify, where, and where the login is kept."""

    model_config = SettingsConfigDict(env_file=Path(__file__).with_name("crawler.env"))

    spotify_client_id: str = ""
    """Of your app at developer.spotify.com."""

    spotify_login: str = ""
    """Where the login is kept: a file, or `ssm:` and the name of an SSM parameter. Empty: as the stage does it."""

    spotify_accounts_url: str = "https://accounts.spotify.com"

    @property
    def login_place(self) -> str:
        """`spotify_login`, else a file of this checkout for the stage `local`, else an SSM parameter of the stage."""
        if self.spotify_login:
            return self.spotify_login
        if self.stage == "local":
            return str(Path(__file__).parent.parent / ".local" / "spotify-login.json")
        return f"ssm:/earshot/{self.stage}/secrets/spotify_login"
