"""Lists of tracks: tables, playlists of players, lines of words."""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from crawler.manifest.source import ManifestSource
from crawler.source import Connected, Web
from earshot.folders import Folders


class Settings(Protocol):
    """What is read of the function's settings."""

    @property
    def folder_roots(self) -> Iterable[Path]:
        """Folders whose manifests may be read."""


def connect(web: Web, settings: Settings) -> Connected:
    """See `crawler.source`."""
    source = ManifestSource(Folders(settings.folder_roots), web.downloader, web.pasted)
    return Connected(read_page=source.read_page, title=source.title)
