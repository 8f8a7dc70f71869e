"""A person's own files: folders of audio."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Protocol

from crawler.cutting.cutter import Cutter
from crawler.file.memory import Memory
from crawler.file.source import FolderSource
from crawler.source import Connected, Web
from earshot.folders import Folders
from earshot.stores.previews_bucket import MAX_PREVIEW_BYTES


class Settings(Protocol):
    """What is read of the function's settings."""

    @property
    def folder_roots(self) -> Iterable[Path]:
        """Folders that may be crawled."""

    @property
    def file_memory(self) -> Path | None:
        """Where it is remembered what files were."""

    @property
    def model(self) -> str:
        """The network in use."""


def connect(web: Web, settings: Settings) -> Connected:  # noqa: ARG001 (files are on this machine)
    """See `crawler.source`."""
    source = FolderSource(Folders(settings.folder_roots), Cutter(), Memory(settings.file_memory), settings.model)
    clip = partial(source.clip, max_bytes=MAX_PREVIEW_BYTES)
    return Connected(read_page=source.read_page, place=source.place, preview=clip, pictures=source.pictures)
