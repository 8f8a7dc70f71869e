"""Jellyfin: its playlists, albums, artists and whole libraries, and their audio."""

from functools import partial
from typing import Protocol

from crawler.cutting.cutter import Cutter
from crawler.jellyfin.audio import JellyfinAudio
from crawler.jellyfin.pictures import pictures_of
from crawler.jellyfin.source import JellyfinSource
from crawler.media_servers.audio import CUT_S, DOWNLOAD_S, Audio
from crawler.source import Connected, Web
from earshot.media_servers.jellyfin import JellyfinServer, authorization
from earshot.secret import Secret


class Server(Protocol):
    """The server that was set, and a user of it."""

    @property
    def jellyfin_url(self) -> str:
        """Its address; empty: there is none."""

    @property
    def jellyfin_user(self) -> str:
        """The user's name."""

    @property
    def jellyfin_token(self) -> Secret:
        """An API key, or a user's token."""


class Settings(Protocol):
    """What is read of the function's settings."""

    @property
    def media_servers(self) -> Server:
        """Those of this house."""


def connect(web: Web, settings: Settings) -> Connected:
    """See `crawler.source`. Nothing but the server that was set is ever asked, wherever it is."""
    own = settings.media_servers
    token = authorization(own.jellyfin_token.get_secret_value())
    reached = web.downloader.at_home(own.jellyfin_url, token, max_seconds=DOWNLOAD_S)
    server = JellyfinServer(reached, own.jellyfin_url, own.jellyfin_user)
    source = JellyfinSource(server)
    audio = Audio(JellyfinAudio(server), Cutter(CUT_S))
    return Connected(
        source.read_page, source.track, audio.of, title=source.title, pictures=partial(pictures_of, server)
    )
