"""Deezer playlists, albums and tracks, and their audio."""

from dataclasses import replace

from crawler.deezer.api import DeezerApi, track_info
from crawler.places import Reading
from crawler.source import PAGE_SIZE, Page, PlaylistEntry, Web
from earshot.errors import NoPreview, NotFound, PlaylistNotFound, ProviderRefused
from earshot.fields import field, rows, text, whole
from earshot.ids import number_of
from earshot.playlists import PlaylistRef
from earshot.reasons import Reason
from earshot.track import TrackInfo

_PATHS = {
    "playlist": "playlist/{}/tracks",
    "album": "album/{}/tracks",
    "artist": "artist/{}/top",
    "loved": "user/{}/tracks",
}


class DeezerSource:
    """Reads Deezer through its web API.

    Args:
        api: asks Deezer.
        web: fetches from its servers.
    """

    def __init__(self, api: DeezerApi, web: Web) -> None:
        self._api = api
        self._web = web

    def read_page(self, ref: PlaylistRef, cursor: str | None) -> Page:
        """See `Connected`. The cursor is that of a `Reading`."""
        reading = Reading.at(cursor)
        try:
            if ref.kind == "track":
                return Page((PlaylistEntry(0, _without_preview(self._api.track(ref.id))),), None)
            answer = self._api.get(_PATHS[ref.kind].format(ref.id), index=reading.place, limit=PAGE_SIZE)
            album = self._api.get(f"album/{ref.id}") if ref.kind == "album" else None
        except NotFound as error:
            raise PlaylistNotFound(error.message, hint=error.hint) from error
        found = [
            {**row, "album": album} if album is not None and isinstance(row, dict) else row
            for row in rows(answer, "data")
        ]
        more = bool(field(answer, "next"))
        at_either_end = more != bool(cursor)  # a list that takes one request cannot change meanwhile
        return reading.page(
            [_entry(reading.place + position, row) for position, row in enumerate(found)],
            total=whole(answer, "total"),
            version=self._version(ref) if at_either_end else reading.version,
            more=more,
        )

    def title(self, ref: PlaylistRef) -> str:
        """See `Connected`."""
        if ref.kind not in ("playlist", "album", "artist"):
            return ""
        said = self._api.get(f"{ref.kind}/{ref.id}")
        return text(said, "title") or text(said, "name")

    def _version(self, ref: PlaylistRef) -> str:
        """What changes with each change of a playlist; empty where nothing says that."""
        if ref.kind != "playlist":
            return ""
        try:
            return text(self._api.get(f"playlist/{ref.id}"), "checksum")
        except (NotFound, ProviderRefused):
            return ""

    def preview(self, info: TrackInfo) -> bytes:
        """See `Connected`. A signed URL that has expired, which Deezer refuses, is asked for anew, once."""
        try:
            return self._audio(info if info.preview_url else self._api.track(number_of(info.track_id)))
        except ProviderRefused:
            return self._audio(self._api.track(number_of(info.track_id)))

    def _audio(self, info: TrackInfo) -> bytes:
        if not info.preview_url:
            raise NoPreview(f"Deezer has no preview of {info.track_id}", reason=Reason.NO_PREVIEW_URL)
        return self._web.audio(info.preview_url, self._api.name)


def _entry(number: int, row: object) -> PlaylistEntry:
    if not isinstance(row, dict):
        return PlaylistEntry(number, reason=Reason.NULL_ENTRY)
    info = track_info(row)
    return PlaylistEntry(number, _without_preview(info)) if info else PlaylistEntry(number, reason=Reason.NO_TRACK_ID)


def _without_preview(info: TrackInfo) -> TrackInfo:
    """The signed URL would expire before it is used, and make every crawl look like news."""
    return replace(info, preview_url=None)
