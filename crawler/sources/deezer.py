"""Deezer playlists, albums and tracks."""

from dataclasses import replace

from crawler.fields import field, rows
from crawler.providers.deezer import DeezerApi, track_info
from crawler.sources import PAGE_SIZE, Page, PlaylistEntry
from earshot.errors import NotFound, PlaylistNotFound
from earshot.playlist import PlaylistRef
from earshot.track import TrackInfo


class DeezerSource:
    """Reads Deezer through its web API.

    Args:
        api: asks Deezer.
    """

    def __init__(self, api: DeezerApi) -> None:
        self._api = api

    def read_page(self, ref: PlaylistRef, cursor: str | None) -> Page:
        """See `Source`. The cursor is the index of the first entry."""
        index = int(cursor or 0)
        try:
            if ref.kind == "track":
                return Page((PlaylistEntry(0, _without_preview(self._api.track(ref.id))),), None)
            answer = self._api.get(f"{ref.kind}/{ref.id}/tracks", index=index, limit=PAGE_SIZE)
            album = self._api.get(f"album/{ref.id}") if ref.kind == "album" else None
        except NotFound as error:
            raise PlaylistNotFound(error.message, hint=error.hint) from error
        found = [
            {**row, "album": album} if album is not None and isinstance(row, dict) else row
            for row in rows(answer, "data")
        ]
        entries = tuple(_entry(index + position, row) for position, row in enumerate(found))
        return Page(entries, str(index + len(found)) if field(answer, "next") and found else None)


def _entry(number: int, row: object) -> PlaylistEntry:
    if not isinstance(row, dict):
        return PlaylistEntry(number, reason="null_entry")
    info = track_info(row)
    return PlaylistEntry(number, _without_preview(info)) if info else PlaylistEntry(number, reason="no_track_id")


def _without_preview(info: TrackInfo) -> TrackInfo:
    """The signed URL would expire before it is used, and make every crawl look like news."""
    return replace(info, preview_url=None)
