"""Media servers that speak OpenSubsonic: their playlists, albums and whole libraries, and their audio."""

from functools import partial
from typing import Protocol

from crawler.cutting.cutter import Cutter
from crawler.media_servers.audio import CUT_S, DOWNLOAD_S, Audio
from crawler.source import Connected, Web
from crawler.subsonic.audio import SubsonicAudio
from crawler.subsonic.pictures import pictures_of
from crawler.subsonic.source import SubsonicSource
from earshot.media_servers.subsonic import SubsonicServer
from earshot.secret import Secret


class Server(Protocol):
    """The server that was set, and a user of it."""

    @property
    def subsonic_url(self) -> str:
        """Its address; empty: there is none."""

    @property
    def subsonic_user(self) -> str:
        """The user's name."""

    @property
    def subsonic_password(self) -> Secret:
        """The user's password."""


class Settings(Protocol):
    """What is read of the function's settings."""

    @property
    def media_servers(self) -> Server:
        """Those of this house."""


def connect(web: Web, settings: Settings) -> Connected:
    """See `crawler.source`. Nothing but the server that was set is ever asked, wherever it is."""
    own = settings.media_servers
    reached = web.downloader.at_home(own.subsonic_url, max_seconds=DOWNLOAD_S)
    server = SubsonicServer(reached, own.subsonic_url, own.subsonic_user, own.subsonic_password.get_secret_value())
    source = SubsonicSource(server)
    audio = Audio(SubsonicAudio(server), Cutter(CUT_S))
    return Connected(
        source.read_page, source.track, audio.of, title=source.title, pictures=partial(pictures_of, server)
    )
