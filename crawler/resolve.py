"""Finds the audio of a track."""

import io
from dataclasses import dataclass

from crawler.clip import clip_of
from crawler.download import Downloader
from crawler.sources.folder import FolderSource
from earshot.errors import NoPreview
from earshot.previews import MAX_PREVIEW_BYTES
from earshot.track import TrackInfo


@dataclass(frozen=True, slots=True)
class FoundPreview:
    """Audio of a track, decodable, and the provider that served it."""

    info: TrackInfo
    audio: bytes
    provider: str


@dataclass(frozen=True, slots=True)
class Resolver:
    """Finds previews: a file's own audio, else where the source says the preview is."""

    folder: FolderSource
    downloader: Downloader

    def find(self, info: TrackInfo) -> FoundPreview:
        """The preview of the track.

        Raises:
            NoPreview, AudioRejected, ForbiddenUrl, ProviderRefused: for good.
            ProviderThrottled, ProviderUnavailable: for now.
        """
        if info.source == "file":
            return FoundPreview(info, self.folder.clip(info, max_bytes=MAX_PREVIEW_BYTES), "folder")
        if not info.preview_url:
            raise NoPreview(f"{info.source} gives no preview of {info.track_id}", reason="no_preview_url")
        audio = self.downloader.fetch(info.preview_url, max_bytes=MAX_PREVIEW_BYTES)
        return FoundPreview(info, clip_of(io.BytesIO(audio), max_bytes=MAX_PREVIEW_BYTES), info.source)
