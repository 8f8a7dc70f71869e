"""Track ids: one canonical text per track, and the forms people paste.

A Spotify track is its bare 22-character id. Other sources carry their name: ``deezer:3135556``,
``file:2c26b46b68ffc68f`` (the first 16 hex digits of the SHA-256 of the file), ``manifest:8d969eef6ecad3c2`` (the same
of what names the recording in a manifest: its ISRC, else its preview URL, else artist and title).
"""

import re
from urllib.parse import quote, unquote

from earshot.errors import InvalidTrackId

_CANONICAL = re.compile(r"[0-9A-Za-z]{22}|deezer:[1-9][0-9]{0,17}|(?:file|manifest):[0-9a-f]{16}")
_MAX_INPUT = 512
_LANGUAGE = "(?i:intl-[a-z-]+/|[a-z]{2}(?:-[a-z]{2})?/)?"
_FORMS = (
    (re.compile(r"(?i:spotify):track:([0-9A-Za-z]{22})"), "{}"),
    (re.compile(rf"(?i:https?://open\.spotify\.com)/{_LANGUAGE}track/([0-9A-Za-z]{{22}})/?(?:[?#].*)?"), "{}"),
    (
        re.compile(rf"(?i:https?://(?:www\.)?deezer\.com)/{_LANGUAGE}track/([1-9][0-9]{{0,17}})/?(?:[?#].*)?"),
        "deezer:{}",
    ),
)


def parse_track_id(text: str) -> str:
    """Canonical id of `text`, which is an id, a URI or a URL of a track.

    Raises:
        InvalidTrackId: `text` is none of these.
    """
    text = text.strip()
    if len(text) <= _MAX_INPUT:
        if _CANONICAL.fullmatch(text):
            return text
        for pattern, form in _FORMS:
            if match := pattern.fullmatch(text):
                return form.format(match[1])
    raise InvalidTrackId(f"not a track id: {text[:80]!r}")


def source_of(track_id: str) -> str:
    """``spotify``, ``deezer``, ``file`` or ``manifest``."""
    return track_id.partition(":")[0] if ":" in track_id else "spotify"


def preview_key(track_id: str) -> str:
    """S3 key of the track's preview: ``previews/<track id, percent-encoded>``."""
    return f"previews/{quote(track_id, safe='')}"


def track_id_of_preview_key(key: str) -> str:
    """Inverse of `preview_key`, for a key as stored (event keys need one `unquote_plus` first).

    Raises:
        InvalidTrackId: the key is not that of a preview.
    """
    prefix, _, name = key.partition("/")
    track_id = unquote(name)
    if prefix != "previews" or not _CANONICAL.fullmatch(track_id) or preview_key(track_id) != key:
        raise InvalidTrackId(f"not the key of a preview: {key[:80]!r}")
    return track_id
