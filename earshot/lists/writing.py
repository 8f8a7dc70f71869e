"""Lists for players and other services."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from urllib.parse import quote

from earshot.lists.shared_playlists import as_jspf, as_xspf
from earshot.lists.tracks import ListedTrack
from earshot.windows import Window

MEDIA_TYPES: Mapping[str, str] = {
    "m3u8": "audio/x-mpegurl; charset=utf-8",
    "xspf": "application/xspf+xml",
    "jspf": "application/jspf+json",
    "csv": "text/csv; charset=utf-8",
}
"""By the form that `write_list` writes."""
_COLUMNS = ("title", "artist", "album", "isrc", "duration_ms", "id", "mbid", "url", "path")


def write_list(tracks: Sequence[ListedTrack], form: str, title: str = "") -> str:
    """The tracks in a form of `MEDIA_TYPES`, in their order. What `read_list` reads of it is what was written.

    An M3U8 has no place for a track without a location: there it becomes a remark. Of a part of a file at an absolute
    path the other forms say the window as a fragment of its URL.
    """
    placed = [replace(track, location=_on_one_line(track.location)) for track in tracks]
    return _WRITERS[form](placed if form == "m3u8" else list(map(_with_fragment, placed)), title)


def _as_m3u8(tracks: Iterable[ListedTrack], title: str) -> str:
    lines = ["#EXTM3U", *([f"#PLAYLIST:{_line(title)}"] if title else [])]
    for track in tracks:
        artist = _line("; ".join(track.artists))
        name = " - ".join(filter(None, (_line(", ".join(track.artists)), _line(track.title))))
        if not track.location:
            lines.append(f"# nowhere to be played from: {name or track.id}")
            continue
        seconds = -1 if track.duration_ms is None else max(1, round(track.duration_ms / 1000))
        lines.append(f"#EXTINF:{seconds},{name}")
        lines += [f"#EXTART:{artist}"] if artist else []
        lines += [f"#EXTALB:{_line(track.album)}"] if track.album else []
        lines += [f"#EXT-X-EARSHOT-ID:{track.id}"] if track.id else []
        lines += _times(track.window) if track.window else []
        lines.append(f"./{track.location}" if track.location.startswith("#") else track.location)
    return "\n".join([*lines, ""])


def _times(window: Window) -> list[str]:
    """The part of the file that VLC then plays; M3U itself has no word for that, and other players play all of it."""
    stop = [] if window.end_ms is None else [f"#EXTVLCOPT:stop-time={window.end_ms / 1000:.3f}"]
    return [f"#EXTVLCOPT:start-time={window.start_ms / 1000:.3f}", *stop]


def _as_csv(tracks: Iterable[ListedTrack], _title: str) -> str:
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\r\n")
    tracks = list(tracks)
    with_reasons = any(track.reason for track in tracks)
    writer.writerow((*_COLUMNS, *(["reason"] if with_reasons else [])))
    for track in tracks:
        length = "" if track.duration_ms is None else track.duration_ms
        known = (track.title, "; ".join(track.artists), track.album, track.isrc or "", length, track.id)
        reason = [track.reason] if with_reasons else []
        writer.writerow((*known, track.mbid or "", track.url, track.location, *reason))
    return table.getvalue()


def _with_fragment(track: ListedTrack) -> ListedTrack:
    location = f"file://{quote(track.location)}" if track.location.startswith("/") else track.location
    is_url = track.window is not None and location.startswith("file://")
    return replace(track, location=f"{location}#{track.window.fragment}") if track.window and is_url else track


def _line(text: str) -> str:
    return " ".join(text.split())


def _on_one_line(location: str) -> str:
    """A path that a line cannot hold as it is (line breaks, spaces at its ends) as a URL."""
    if not location or (location.isprintable() and location == location.strip()):
        return location
    return f"file://{quote(location)}" if PurePath(location).is_absolute() else quote(location)


_WRITERS: Mapping[str, Callable[[Sequence[ListedTrack], str], str]] = {
    "m3u8": _as_m3u8,
    "xspf": as_xspf,
    "jspf": as_jspf,
    "csv": _as_csv,
}
