"""Where the preview of a track can be heard: at its provider, whose server a caller is sent to.

Previews are never served from our storage. Of the addresses that providers sign, the one that a crawl saw has
mostly expired when somebody wants to listen; where a provider may be asked, it is asked for another.
"""

import re
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from earshot.errors import ForbiddenUrl, NotPlayable, ProviderError
from earshot.sources import SOURCES
from earshot.telemetry import logger
from earshot.track import Track
from earshot.web import Downloader, matches

Fresh = Callable[[str], str]
"""Says where the preview of a track id can be heard now; empty where it cannot."""

PATIENCE_S = 3.0
_HOSTS = tuple(host for source in SOURCES.values() for host in source.preview_hosts)
_HOST = re.compile(r"[a-z0-9.-]+")
"""Without port, credentials and whatever a browser may read differently."""
_EXPIRES = re.compile(r"exp=(\d{9,11})")


def preview_address(track: Track, fresh: Mapping[str, Fresh]) -> str:
    """Where the provider serves the preview of a track; `fresh`, by source, is asked where the address has expired.

    Raises:
        NotPlayable: no provider lets it be played from here, or the address has expired.
    """
    source = track.info.source
    url = track.info.preview_url or ""
    if not _can_be_played(url) and source in fresh:
        url = fresh[source](track.track_id)
    if not _can_be_played(url):
        raise NotPlayable(f"track {track.track_id} cannot be played from here")
    return url


def _can_be_played(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    expires = _EXPIRES.search(parts.query)
    return (
        parts.scheme == "https"
        and _HOST.fullmatch(parts.netloc) is not None
        and any(matches(parts.netloc, pattern) for pattern in _HOSTS)
        and (expires is None or int(expires[1]) > time.time())
    )


def rationed(fresh: Fresh, take: Callable[[], None]) -> Fresh:
    """`fresh`, asked only after `take` has let it: a caller's waiting is paid for, and the provider is not ours."""

    def taken(track_id: str) -> str:
        take()
        return fresh(track_id)

    return taken


def deezer_preview(web: Downloader, api_url: str, track_id: str) -> str:
    """A freshly signed address of a preview, which lasts a quarter of an hour; empty where Deezer gives none."""
    try:
        found = web.fetch_json(f"{api_url.rstrip('/')}/track/{track_id.partition(':')[2]}")
    except (ProviderError, ForbiddenUrl) as error:
        logger().warning("Deezer gave no usable answer", error=error.message)
        return ""
    address = found.get("preview") if isinstance(found, dict) else None
    return address if isinstance(address, str) else ""
