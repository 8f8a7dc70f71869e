"""Track ids: one canonical text per track, and the forms people paste.

A Spotify track is its bare 22-character id. Other sources carry their name (`earshot.sources`): ``deezer:3135556``,
``file:2c26b46b68ffc68f`` (the first 16 hex digits of the SHA-256 of its audio stream), ``manifest:8d969eef6ecad3c2``
(the same of what names the recording in a manifest: its ISRC, else its preview URL, else artist and title),
``subsonic:tr-1234`` (what the media server calls it, `escaped`).
"""

import re
from typing import NewType
from urllib.parse import quote, unquote

from earshot.errors import InvalidTrackId
from earshot.sources import SOURCES, parse_link

TrackId = NewType("TrackId", str)
"""A canonical track id."""
CrawlId = NewType("CrawlId", str)
PlaylistId = NewType("PlaylistId", str)
QueryId = NewType("QueryId", str)
SegmentId = NewType("SegmentId", str)

_CANONICAL = re.compile(
    "|".join(source.track_id(f"(?:{source.number})") for source in SOURCES.values() if source.number)
)
_BARE = next(source.name for source in SOURCES.values() if source.bare)
_MAX_INPUT = 512
_UNESCAPED = re.compile(rb"[^0-9A-Za-z._-]")
_ESCAPE = re.compile("~([0-9A-F]{2})")


def parse_track_id(text: str) -> TrackId:
    """Canonical id of `text`, which is an id, a URI or a URL of a track.

    Raises:
        InvalidTrackId: `text` is none of these.
    """
    text = text.strip()
    if len(text) <= _MAX_INPUT:
        if _CANONICAL.fullmatch(text):
            return TrackId(text)
        if (link := parse_link(text)) and link.kind == "track":
            return TrackId(link.source.track_id(link.number))
    raise InvalidTrackId(f"not a track id: {text[:80]!r}")


def source_of(track_id: str) -> str:
    """Name of the source (`earshot.sources`) that a canonical id belongs to."""
    return track_id.partition(":")[0] if ":" in track_id else _BARE


def number_of(track_id: str) -> str:
    """What the source itself calls the track of a canonical id."""
    return track_id.rpartition(":")[2]


def escaped(text: str) -> str:
    """What a media server calls something, as the number of an id: what is no letter, digit, ``.``, ``_`` or ``-``
    becomes ``~XX`` (of its UTF-8). So it survives in URLs, keys and addresses, however often these are decoded."""
    return _UNESCAPED.sub(lambda found: b"~%02X" % found[0][0], text.encode("utf-8", "surrogateescape")).decode()


def unescaped(number: str) -> str:
    """Inverse of `escaped`."""
    return (
        _ESCAPE.sub(lambda found: chr(int(found[1], 16)), number).encode("latin-1").decode("utf-8", "surrogateescape")
    )


def preview_key(track_id: str) -> str:
    """S3 key of the track's preview: ``previews/<track id, percent-encoded>``."""
    return f"previews/{quote(track_id, safe='')}"


def track_id_of_preview_key(key: str) -> TrackId:
    """Inverse of `preview_key`, for a key as stored (event keys need one `unquote_plus` first).

    Raises:
        InvalidTrackId: the key is not that of a preview.
    """
    prefix, _, name = key.partition("/")
    track_id = TrackId(unquote(name))
    if prefix != "previews" or not _CANONICAL.fullmatch(track_id) or preview_key(track_id) != key:
        raise InvalidTrackId(f"not the key of a preview: {key[:80]!r}")
    return track_id
