"""What the proxy answers itself, in the upstream's terms: its own song objects, so that clients can play them."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence

from earshot.errors import ApiError, ProviderUnavailable
from earshot.fields import rows, text
from earshot.ids import escaped
from earshot.media_servers.subsonic import SOURCE
from earshot.media_servers.subsonic_answers import EXTENSION, MISSING_PARAMETER, NOT_FOUND, failure, similarity
from earshot.telemetry import logger
from proxy.protocol import Asked
from proxy.sound import Heard, Sound
from proxy.upstream import Song, Upstream

_SPARE = 10
"""So many more are asked for than wanted: some may be gone from the server."""
_MAX_COUNT, _MAX_STEPS = 100, 30

Content = dict[str, object]
Answering = Callable[[Asked], Awaitable[Content | None]]
"""The content of an answer; None: the upstream shall answer."""


class Answers:
    """Answers by sound.

    Args:
        upstream: whose songs they are.
        sound: what they sound like.
    """

    def __init__(self, upstream: Upstream, sound: Sound) -> None:
        self._upstream = upstream
        self._sound = sound
        self._endpoints: Mapping[str, Answering] = {
            "getSimilarSongs": lambda asked: self._similar_songs(asked, "similarSongs"),
            "getSimilarSongs2": lambda asked: self._similar_songs(asked, "similarSongs2"),
            "getSonicSimilarTracks": self._sonic_matches,
            "findSonicPath": self._sonic_path,
        }

    def answers(self, endpoint: str) -> bool:
        """Whether this is answered here."""
        return endpoint in self._endpoints

    async def of(self, endpoint: str, asked: Asked) -> Content | None:
        """The answer to one whom the upstream lets in; None: the upstream shall answer, also to whom it does not."""
        try:
            envelope = await self._upstream.envelope(asked)
            content = await self._endpoints[endpoint](asked) if envelope else None
        except (ApiError, ProviderUnavailable) as error:
            logger().warning("answered by the media server alone", endpoint=endpoint, error=error.message)
            return None
        return {**envelope, **content} if envelope and content is not None else None

    async def extensions(self, asked: Asked) -> Content:
        """Those of the upstream, where it knows the question, and Earshot's."""
        answer = await self._upstream.ask(asked, "getOpenSubsonicExtensions")
        listed = [one for one in rows(answer, "openSubsonicExtensions") if text(one, "name") != EXTENSION["name"]]
        known = answer if answer.get("status") == "ok" else {"version": answer.get("version") or "1.16.1"}
        envelope = {name: value for name, value in known.items() if not isinstance(value, Mapping | list)}
        return {**envelope, "status": "ok", "openSubsonic": True, "openSubsonicExtensions": [*listed, EXTENSION]}

    async def _similar_songs(self, asked: Asked, name: str) -> Content | None:
        """Of a song, an album or an artist. What Earshot has not heard, the upstream answers as it always did."""
        count = _count(asked, 50)
        found = await self._similar(asked, count)
        if found is None:
            return None
        songs = [song for _, song in await self._playable(asked, found)]
        return {name: {"song": songs[:count]}}

    async def _sonic_matches(self, asked: Asked) -> Content:
        if "id" not in asked.parameters:
            return failure(MISSING_PARAMETER, "Required parameter is missing: id")
        count = _count(asked, 10)
        found = await self._similar(asked, count)
        if found is None:
            return failure(NOT_FOUND, "Earshot has not heard this song: crawl it first (docs/players.md)")
        return {"sonicMatch": _matches((await self._playable(asked, found))[:count])}

    async def _sonic_path(self, asked: Asked) -> Content:
        names = ("startSongId", "endSongId")
        if missing := [name for name in names if name not in asked.parameters]:
            return failure(MISSING_PARAMETER, f"Required parameter is missing: {', '.join(missing)}")
        ends = [await self.track_of(asked, asked.parameters[name]) for name in names]
        steps = max(1, min(_MAX_STEPS, _count(asked, 25) - 2))
        found = await self._sound.path(ends[0], ends[1], steps) if ends[0] and ends[1] else None
        if found is None:
            return failure(NOT_FOUND, "Earshot has not heard both songs: crawl them first (docs/players.md)")
        return {"sonicMatch": _matches(await self._playable(asked, found))}

    async def _similar(self, asked: Asked, count: int) -> list[Heard] | None:
        number = asked.parameters.get("id", "")
        found = await self._sound.similar([_own(number)], count + _SPARE)
        if found is not None or not number:
            return found
        infos = await self._upstream.songs_of(asked, number)
        if len(infos) == 1:
            like = await self._sound.track_like(infos[0])
            return await self._sound.similar([like], count + _SPARE) if like else None
        return await self._sound.similar([info.track_id for info in infos], count + _SPARE)

    async def track_of(self, asked: Asked, number: str) -> str | None:
        """What Earshot calls the upstream's song; None: it is no song, or not known under any name."""
        if await self._sound.similar([_own(number)], 1) is not None:
            return _own(number)
        infos = await self._upstream.songs_of(asked, number)
        return await self._sound.track_like(infos[0]) if len(infos) == 1 else None

    async def _playable(self, asked: Asked, found: Sequence[Heard]) -> list[tuple[Heard, Song]]:
        """Those that the upstream holds, with its song objects, each once."""
        songs = await asyncio.gather(*(self._song(asked, heard) for heard in found))
        playable: dict[str, tuple[Heard, Song]] = {}
        for heard, song in zip(found, songs, strict=True):
            if song:
                playable.setdefault(str(song.get("id")), (heard, song))
        return list(playable.values())

    async def _song(self, asked: Asked, heard: Heard) -> Song | None:
        for info in heard.candidates:
            if song := await self._upstream.song_like(asked, info):
                return song
        return None


def _own(number: str) -> str:
    return f"{SOURCE}:{escaped(number)}"


def _matches(playable: Sequence[tuple[Heard, Song]]) -> list[Content]:
    return [{"entry": song, "similarity": similarity(heard.cosine)} for heard, song in playable]


def _count(asked: Asked, default: int) -> int:
    """`count`, as far as it goes; what is no number counts as none: the upstream would answer too."""
    given = asked.parameters.get("count", "")
    return max(1, min(_MAX_COUNT, int(given))) if re.fullmatch(r"[0-9]{1,9}", given) else default
