"""What may be heard of a track: files of one's own from this machine's disk, previews from their provider's server.

Previews are never served from our storage: a caller is sent to the provider, while the signed URL lasts.
"""

import hashlib
import re
import time
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from api import deezer
from earshot.errors import NotPlayable, TrackNotFound
from earshot.track_id import source_of
from earshot.tracks_table import TracksTable

_PREVIEW_HOST = re.compile(r"[a-z0-9-]+\.dzcdn\.net")
_EXPIRES = re.compile(r"exp=(\d{9,11})")
_CHUNK = 1 << 20


def preview_address(tracks: TracksTable, track_id: str, *, deezer_api_url: str) -> str:
    """Where the provider serves the preview of a track. Deezer is asked where the address has expired.

    Raises:
        TrackNotFound: nobody crawled it.
        NotPlayable: no provider lets it be played from here, or the address has expired.
    """
    found = tracks.get(track_id)
    if found is None:
        raise TrackNotFound(f"no track {track_id}")
    url = found.info.preview_url or ""
    if not _can_be_played(url) and source_of(track_id) == "deezer":
        url = deezer.preview_url(deezer_api_url, track_id.partition(":")[2])
    if not _can_be_played(url):
        raise NotPlayable(f"track {track_id} cannot be played from here")
    return url


def _can_be_played(url: str) -> bool:
    parts = urlsplit(url)
    expires = _EXPIRES.search(parts.query)
    return (
        parts.scheme == "https"
        and _PREVIEW_HOST.fullmatch(parts.netloc) is not None
        and (expires is None or int(expires[1]) > time.time())
    )


def own_file(tracks: TracksTable, track_id: str) -> Path:
    """The file on this machine that was crawled as `track_id`. Nothing else is ever served.

    Raises:
        TrackNotFound: nobody crawled it.
        NotPlayable: it is no file, or the file is gone or has changed since.
    """
    found = tracks.get(track_id)
    if found is None:
        raise TrackNotFound(f"no track {track_id}")
    parts = urlsplit(found.info.preview_url or "")
    path = Path(unquote(parts.path))
    try:
        if source_of(track_id) == "file" and parts.scheme == "file" and path.is_file():
            state = path.stat()
            if _id_of(path, state.st_size, state.st_mtime_ns) == track_id:
                return path
    except (OSError, ValueError):  # unreadable, or a name that no file can have
        pass
    raise NotPlayable(f"the file of track {track_id} is not where it was crawled")


@lru_cache(maxsize=256)
def _id_of(path: Path, _size: int, _modified: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return f"file:{digest.hexdigest()[:16]}"
