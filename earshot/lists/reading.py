"""Which form a list has, by its name and its first bytes."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from earshot.errors import InvalidPlaylist
from earshot.lists.columns import KNOWN, columns_of, track_in
from earshot.lists.cue_sheets import cue_in
from earshot.lists.players import m3u_in, pls_in
from earshot.lists.shared_playlists import jspf_in, xspf_in
from earshot.lists.tables import lines_in, table_in
from earshot.lists.texts import decoded
from earshot.lists.tracks import ListedTrack, TrackList
from earshot.lists.values import text_of
from earshot.windows import Window

MAX_LIST_BYTES = 32 * 1024 * 1024
MAX_ROWS = 100_000
_MAX_LINE = 64 * 1024
_SHOWN = 120

FORMS: Mapping[str, str] = {
    ".csv": "csv", ".tsv": "csv", ".tab": "csv", ".txt": "text", ".m3u": "m3u8", ".m3u8": "m3u8", ".pls": "pls",
    ".xspf": "xspf", ".jspf": "json", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".cue": "cue",
}  # fmt: skip
"""What a file name's end says of a list."""
SUFFIXES = tuple(FORMS)


def read_list(content: bytes, name: str) -> TrackList:
    """The tracks of a list.

    Args:
        content: the file, or what somebody pasted.
        name: of the file; its end says what it is, and messages call the list by it.

    Raises:
        InvalidPlaylist: it is no list that can be read, or too long: 32 MiB or 100,000 tracks at most.
    """
    what = PurePath(name).name or name
    if len(content) > MAX_LIST_BYTES:
        raise InvalidPlaylist(f"{what} has more than {MAX_LIST_BYTES >> 20} MiB", hint="Cut it into several lists.")
    found = _read(content, what)
    found = replace(found, tracks=tuple(map(_with_window, found.tracks)))
    if len(found.tracks) > MAX_ROWS:
        raise InvalidPlaylist(f"{what} has more than {MAX_ROWS} tracks", hint="Cut it into several lists.")
    return found


def _with_window(track: ListedTrack) -> ListedTrack:
    """The track, as a part of its file where the file's URL says so."""
    window = Window.of_url(track.location) if track.location.startswith("file:") else None
    return replace(track, is_part=True, window=window) if window else track


def _read(content: bytes, what: str) -> TrackList:
    form = FORMS.get(PurePath(what).suffix.lower(), "text")
    if form == "xspf" or content.lstrip(b"\xef\xbb\xbf \t\r\n")[:9].lower().startswith((b"<?xml", b"<playlist")):
        return xspf_in(content, what)
    text, encoding = decoded(content, what)
    form = _by_content(text) or form
    if form in _OF_PLAYERS:
        return _OF_PLAYERS[form](text, encoding)
    return _OF_ROWS["csv" if form == "text" and _may_be_table(text) else form](text, what, encoding)


def _by_content(text: str) -> str | None:
    head = text[:200].lstrip().upper()
    if head.startswith("#EXTM3U"):
        return "m3u8"
    return "pls" if head.startswith("[PLAYLIST]") else None


def _may_be_table(text: str) -> bool:
    """Whether a text that could be anything begins with a header."""
    head = text.lstrip()[:2000].splitlines()[:1]
    return any(len(columns_of(head[0].split(delimiter))) > 1 for delimiter in ",;\t|") if head else False


def _json(text: str, what: str, encoding: str) -> TrackList:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        if "\n" in text.strip():
            return _json_lines(text, what, encoding)
        raise InvalidPlaylist(f"{what} is no JSON that can be read", hint="Export the list again.") from None
    if isinstance(document, dict) and isinstance(document.get("playlist"), dict):
        return jspf_in(document)
    listed: object = document
    if isinstance(document, dict):
        names = ("results", "tracks", "items", "songs")
        listed = next((document[name] for name in names if isinstance(document.get(name), list)), None)
    if not isinstance(listed, list):
        raise InvalidPlaylist(f"{what} holds no list of tracks", hint="JSPF, or a list of objects, one a track.")
    return _checked(TrackList(tuple(map(_track, listed)), "json", encoding=encoding), listed, what)


def _json_lines(text: str, what: str, encoding: str) -> TrackList:
    rows = [_parsed(line) for line in text.splitlines() if line.strip()]
    return _checked(TrackList(tuple(map(_track, rows)), "jsonl", encoding=encoding), rows, what)


def _parsed(line: str) -> object:
    if len(line) > _MAX_LINE:
        return None
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _checked(found: TrackList, rows: list[Any], what: str) -> TrackList:
    """The list, unless none of its rows says what a track is.

    Raises:
        InvalidPlaylist: names the keys that there are.
    """
    if not rows or any(track.names_a_recording for track in found.tracks):
        return found
    keys = dict.fromkeys(text_of(key)[:40] for row in rows if isinstance(row, dict) for key in row)
    shown = ", ".join([*keys][:20]) or text_of(rows[0])[:80] or "no keys"
    raise InvalidPlaylist(
        f"none of the rows of {what} says what a track is: {shown}",
        hint=f"Known keys are {KNOWN}.",
    )


def _track(row: object) -> ListedTrack:
    if not isinstance(row, dict):
        return ListedTrack(is_bad=True, text=text_of(row)[:_SHOWN])
    keys = [key for key in row if isinstance(key, str)]
    text = text_of(" | ".join(text_of(row[key]) for key in keys))[:_SHOWN]
    return track_in([row[key] for key in keys], columns_of([_spaced(key) for key in keys]), text)


def _spaced(key: str) -> str:
    return {"track_id": "id", "trackId": "id"}.get(key, key)


_OF_PLAYERS: Mapping[str, Callable[[str, str], TrackList]] = {"m3u8": m3u_in, "pls": pls_in, "cue": cue_in}
_OF_ROWS: Mapping[str, Callable[[str, str, str], TrackList]] = {
    "csv": table_in,
    "text": lines_in,
    "json": _json,
    "jsonl": _json_lines,
}
