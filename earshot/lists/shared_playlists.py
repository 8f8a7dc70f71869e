"""XSPF and JSPF, the playlists that say what a track is and not only where: read, and written."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from earshot.errors import InvalidPlaylist
from earshot.ids import source_of
from earshot.lists.tracks import ListedTrack, TrackList
from earshot.lists.values import artists_of, isrc_of, length_of, mbid_of, text_of, track_id_of

NAMESPACE = "http://xspf.org/ns/0/"
_EXTENSION = "https://musicbrainz.org/doc/jspf#track"
_MOST_DEPTH = 64
_REPEATED = ("location", "identifier")
_MBID_URL = "https://musicbrainz.org/recording/"


def xspf_in(content: bytes, what: str) -> TrackList:
    """XSPF. Documents that declare types or entities are refused: a few bytes of those can become gigabytes.

    Raises:
        InvalidPlaylist: it is no well-formed XML, or declares something.
    """
    reader = _XspfReader()
    try:
        reader.parse(content)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise InvalidPlaylist(f"{what} is no XSPF that can be read: {error}", hint="Export the list again.") from None
    return TrackList(tuple(map(_track, reader.tracks)), "xspf", text_of(reader.title))


class _XspfReader:
    """What the tracks of a document say, by the names of their elements."""

    def __init__(self) -> None:
        self.title = ""
        self.tracks: list[dict[str, Any]] = []
        self._open: list[str] = []
        self._text: list[str] = []

    def parse(self, content: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        parser.StartDoctypeDeclHandler = _refuse
        parser.EntityDeclHandler = _refuse
        parser.Parse(content, True)

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        if len(self._open) >= _MOST_DEPTH:
            raise ValueError("it is nested too deeply")
        local = name.rpartition(" ")[2]
        if local == "track":
            self.tracks.append({})
        self._open.append(f"meta {attributes.get('rel', '')}" if local in ("meta", "link") else local)
        self._text.clear()

    def _end(self, _name: str) -> None:
        element, text = self._open.pop(), "".join(self._text).strip()
        if self._open == ["playlist"] and element == "title":
            self.title = text
        elif self._open[-1:] == ["track"] and text:
            if element in _REPEATED:
                self.tracks[-1].setdefault(element, []).append(text)
            else:
                self.tracks[-1].setdefault(element, text)
        self._text.clear()


def _refuse(*_: object) -> None:
    raise ValueError("it declares types or entities")


def jspf_in(document: Mapping[str, Any]) -> TrackList:
    """JSPF, of which `document` is the parsed JSON: ``{"playlist": {"track": […]}}``."""
    playlist = document["playlist"]
    listed = playlist.get("track") if isinstance(playlist, dict) else None
    rows = [row if isinstance(row, dict) else {} for row in listed] if isinstance(listed, list) else []
    title = text_of(playlist.get("title")) if isinstance(playlist, dict) else ""
    return TrackList(tuple(map(_track, rows)), "jspf", title)


def _track(said: Mapping[str, Any]) -> ListedTrack:
    identifiers = [text_of(one) for name in ("identifier", "meta urn:isrc") for one in _all(said.get(name))]
    locations = [one.strip() for one in _all(said.get("location")) if isinstance(one, str) and one.strip()]
    extension = said.get("extension")
    details = extension.get(_EXTENSION) if isinstance(extension, dict) else None
    names = (*identifiers, *map(text_of, locations))
    called = text_of(said.get("creator")), text_of(said.get("title"))
    return ListedTrack(
        title=called[1],
        artists=artists_of(details.get("artists") if isinstance(details, dict) and "artists" in details else called[0]),
        album=text_of(said.get("album")),
        isrc=next(filter(None, map(isrc_of, identifiers)), None),
        mbid=next(filter(None, map(mbid_of, identifiers)), None),
        duration_ms=length_of(said.get("duration"), "ms"),
        id=next(filter(None, map(track_id_of, names)), ""),
        url=_web(said.get("info")),
        artwork_url=_web(said.get("image")),
        location=locations[0] if locations else "",
        text=" – ".join(filter(None, called)) or (locations or identifiers or [""])[0],
    )


def _all(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _web(value: object) -> str:
    return value.strip() if isinstance(value, str) and value.strip().startswith(("https://", "http://")) else ""


def as_xspf(tracks: Iterable[ListedTrack], title: str) -> str:
    """The tracks as XSPF, version 1."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<playlist version="1" xmlns={quoteattr(NAMESPACE)}>']
    if title:
        lines.append(f"  <title>{_xml(title)}</title>")
    lines.append("  <trackList>")
    for track in tracks:
        lines.append("    <track>")
        lines += [f"      <{name}>{_xml(value)}</{name}>" for name, values in _said(track) for value in values]
        lines.append("    </track>")
    return "\n".join([*lines, "  </trackList>", "</playlist>", ""])


def as_jspf(tracks: Iterable[ListedTrack], title: str) -> str:
    """The tracks as JSPF."""
    rows = []
    for track in tracks:
        row: dict[str, object] = {
            name: list(values) if name in _REPEATED else values[0] for name, values in _said(track) if values
        }
        if "duration" in row and track.duration_ms:
            row["duration"] = track.duration_ms
        if len(track.artists) > 1:
            row["extension"] = {_EXTENSION: {"artists": [{"name": name} for name in track.artists]}}
        rows.append(row)
    return json.dumps({"playlist": {"title": title, "track": rows}}, ensure_ascii=False, indent=1) + "\n"


def _said(track: ListedTrack) -> list[tuple[str, list[str]]]:
    """Elements in the order that XSPF asks for, with their texts."""
    identifiers = [track.id if ":" in track.id else f"{source_of(track.id)}:track:{track.id}"] if track.id else []
    identifiers += [f"urn:isrc:{track.isrc}"] if track.isrc else []
    identifiers += [_MBID_URL + track.mbid] if track.mbid else []
    return [
        ("location", [_address(track.location)] if track.location else []),
        ("identifier", identifiers),
        ("title", [track.title] if track.title else []),
        ("creator", ["; ".join(track.artists)] if track.artists else []),
        ("info", [track.url] if track.url else []),
        ("image", [track.artwork_url] if track.artwork_url else []),
        ("album", [track.album] if track.album else []),
        ("duration", [str(track.duration_ms)] if track.duration_ms else []),
    ]


def _address(location: str) -> str:
    """A path as the URI that these forms ask for; a URI stays."""
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", location):
        return location
    path = location if location.startswith("/") else location.replace("\\", "/")
    return (
        f"file:///{quote(path, safe='/:')}"
        if path[1:2] == ":"
        else f"{'file://' if path[0] == '/' else ''}{quote(path)}"
    )


def _xml(text: str) -> str:
    """`text` without what XML cannot hold."""
    return escape("".join(c for c in text if c in "\t\n\r" or (c >= "\x20" and c not in "\ufffe\uffff")))
