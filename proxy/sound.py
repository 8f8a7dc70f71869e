"""What Earshot hears in the upstream's songs: asked of its HTTP API, on this machine or anywhere."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from earshot.api_client import Answer, ApiClient
from earshot.media_servers.matching import best_match
from earshot.media_servers.subsonic import SOURCE
from earshot.track import TrackInfo, info_values

_MAX_RESULTS = 100
_MAX_SEEDS = 100
_UNKNOWN = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE)
"""Not crawled, not heard yet, no id, nothing indexed."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A track found, the other versions that it stands for, and its cosine."""

    info: TrackInfo
    versions: tuple[TrackInfo, ...]
    cosine: float

    @property
    def candidates(self) -> list[TrackInfo]:
        """The same recording as different sources have it, the media server's own first."""
        return sorted((self.info, *self.versions), key=lambda info: info.source != SOURCE)


class Sound:
    """Asks the API.

    Args:
        api: its client.
    """

    def __init__(self, api: ApiClient) -> None:
        self._api = api

    async def similar(self, seeds: Sequence[str], count: int) -> list[Heard] | None:
        """What sounds like these tracks, best first, none of them among it; None: Earshot has heard none of them.

        Raises:
            ApiRefused, ApiUnreachable
        """
        k = max(1, min(_MAX_RESULTS, count))
        if len(seeds) == 1:
            found = _known(await asyncio.to_thread(self._api.get, "/similar", track_id=seeds[0], k=k))
        elif seeds:
            body = {"track_ids": list(seeds[:_MAX_SEEDS]), "k": k}
            found = _known(await asyncio.to_thread(self._api.post, "/extend", body))
        else:
            found = None
        return None if found is None else [_heard(row) for row in found["results"]]

    async def path(self, start: str, end: str, steps: int) -> list[Heard] | None:
        """From one to the other, both included; cosines are those to the track before. None: see `similar`."""
        query: dict[str, str | float | None] = {"from": start, "to": end, "steps": steps}
        found = _known(await asyncio.to_thread(self._api.get, "/path", **query))
        if found is None:
            return None
        return [_heard({**found["query"][0], "similarity": 1.0}), *(_heard(row) for row in found["results"])]

    async def track_like(self, info: TrackInfo) -> str | None:
        """The id of the track of the same recording, wherever it comes from: by MBID, ISRC, or artist and title."""
        words = " ".join([info.title, *info.artists[:1]])
        found = _known(await asyncio.to_thread(self._api.get, "/search", text=words, limit=50)) if info.title else None
        listed = [_info(row) for row in found["results"]] if found else []
        match = best_match(info, listed, lambda one: one)
        return match.track_id if match else None


def _known(answer: Answer) -> Any:
    """The body of a success; None where the API has not heard what it was asked for."""
    return None if answer.status in _UNKNOWN else answer.checked()


def _heard(row: Mapping[str, Any]) -> Heard:
    versions = tuple(_info(version) for version in row.get("versions", ()))
    return Heard(_info(row), versions, float(row.get("similarity") or 0.0))


def _info(row: Mapping[str, Any]) -> TrackInfo:
    return TrackInfo(*info_values({"source": str(row["track_id"]).partition(":")[0], **row}))
