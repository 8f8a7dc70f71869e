"""Tells Earshot what is played through the proxy. Players do not wait for it, and never hear of its failures."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from earshot.api_client import Answer, ApiClient, segment
from earshot.errors import ApiError, ApiUnreachable, ProviderUnavailable
from earshot.media_servers.subsonic import song_info
from earshot.telemetry import logger
from earshot.track import TrackInfo
from proxy.protocol import Asked
from proxy.upstream import Upstream

_WAITS_S = (1.0, 5.0, 25.0)
"""Before it is told again. After that the play is lost: an import of the server's own history fills the gap."""
_MOST_WAITING = 1_000
_MOST_SONGS = 1_000
_LATER = (
    HTTPStatus.TOO_MANY_REQUESTS,
    *(status for status in HTTPStatus if status >= HTTPStatus.INTERNAL_SERVER_ERROR),
)

Telling = Callable[[ApiClient], Answer]
TrackOf = Callable[[Asked, str], Awaitable[str | None]]


class Listening:
    """What the upstream's users play and star.

    Args:
        upstream: says who they are, and what its songs are.
        track_of: what Earshot calls a song of the upstream's.
        api: under which plays are told of who has no key of their own.
        keys: of users by name.
    """

    def __init__(self, upstream: Upstream, track_of: TrackOf, api: ApiClient, keys: Mapping[str, str]) -> None:
        self._upstream = upstream
        self._track_of = track_of
        self._api = api
        self._own = {user.lower(): ApiClient(api.url, key=key) for user, key in keys.items()}
        self._waiting: set[asyncio.Task[None]] = set()
        self._endpoints: Mapping[str, Callable[[Asked], Awaitable[Sequence[Telling]]]] = {
            "scrobble": self._played,
            "star": self._starred,
            "unstar": self._starred,
        }

    def hears(self, endpoint: str) -> bool:
        """Whether this says something of listening."""
        return endpoint in self._endpoints

    def tell(self, endpoint: str, asked: Asked) -> None:
        """Tell Earshot, beside everything else."""
        if len(self._waiting) >= _MOST_WAITING:
            logger().warning("Earshot is away for too long; what is played now is lost to it", waiting=_MOST_WAITING)
            return
        task = asyncio.create_task(self._tell(endpoint, asked))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def close(self) -> None:
        """Wait no longer."""
        for task in self._waiting:
            task.cancel()
        await asyncio.gather(*self._waiting, return_exceptions=True)

    async def _tell(self, endpoint: str, asked: Asked) -> None:
        try:
            if await self._upstream.envelope(asked) is None:
                return  # whoever it is, the server does not let them in
            tellings = await self._endpoints[endpoint](asked)
        except (ProviderUnavailable, ApiError) as error:
            logger().warning("what was played stays untold", endpoint=endpoint, error=error.message)
            return
        api = self._own.get(asked.parameters.get("u", "").lower(), self._api)
        for telling in tellings:
            await self._insist(endpoint, api, telling)

    async def _insist(self, endpoint: str, api: ApiClient, telling: Telling) -> None:
        said = ""
        for wait_s in (*_WAITS_S, None):
            try:
                answer = await asyncio.to_thread(telling, api)
                if answer.status < HTTPStatus.BAD_REQUEST:
                    return
                said = f"Earshot answered {answer.status}"
                if answer.status not in _LATER:
                    break
            except ApiUnreachable as error:
                said = error.message
            if wait_s is not None:
                await asyncio.sleep(wait_s)
        logger().warning("what was played stays untold", endpoint=endpoint, error=said)

    async def _played(self, asked: Asked) -> Sequence[Telling]:
        songs, times = asked.all("id")[:_MOST_SONGS], asked.all("time")
        infos = await asyncio.gather(*(self._song(asked, song) for song in songs))
        now = int(time.time())
        began = [_seconds(text, now) for text in times] + [now] * max(0, len(songs) - len(times))
        client = asked.parameters.get("c", "")[:100]
        told = [(_told(info, client), at) for info, at in zip(infos, began, strict=False) if info]
        if not told:
            return []
        if asked.parameters.get("submission", "true").lower() == "false":
            return [lambda api: api.put("/listens/now", told[0][0])]
        listens = [{**play, "listened_at": at} for play, at in told]
        return [lambda api: api.post("/listens", {"listens": listens})]

    async def _starred(self, asked: Asked) -> Sequence[Telling]:
        tracks = await asyncio.gather(*(self._track_of(asked, song) for song in asked.all("id")[:_MOST_SONGS]))
        paths = [f"/opinions/{segment(track)}" for track in tracks if track]
        is_star = asked.scope["path"].removesuffix(".view").endswith("/star")
        return [_loving(path) if is_star else _unloving(path) for path in paths]

    async def _song(self, asked: Asked, number: str) -> TrackInfo | None:
        song = await self._upstream.song(asked, number)
        return song_info(song) if song else None


def _loving(path: str) -> Telling:
    return lambda api: api.put(path, {"opinion": "loved"})


def _unloving(path: str) -> Telling:
    return lambda api: api.delete(path)


def _told(info: TrackInfo, client: str) -> dict[str, Any]:
    known = {
        "track_id": info.track_id,
        "title": info.title,
        "artists": list(info.artists[:20]),
        "album": info.album,
        "isrc": info.isrc,
        "mbid": info.mbid,
        "duration_ms": info.duration_ms,
        "client": client,
    }
    return {name: value for name, value in known.items() if value}


def _seconds(text: str, now: int) -> int:
    return int(text) // 1_000 if text.isascii() and text.isdigit() and len(text) < 16 else now
