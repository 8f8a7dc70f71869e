"""What the upstream is asked besides: whether it knows the user, and what its songs are, as that user sees them."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

import httpx

from earshot.errors import ProviderUnavailable
from earshot.fields import field, rows, text
from earshot.ids import number_of, source_of, unescaped
from earshot.media_servers.matching import best_match
from earshot.media_servers.subsonic import SOURCE, song_info
from earshot.track import TrackInfo
from proxy.protocol import Asked
from proxy.recent import Recent

Song = Mapping[str, object]
Content = Mapping[str, object]

_AT_ONCE = 8
_ANSWER_S = 20.0
_KNOWN_S, _USERS = 60.0, 1_000
_SONG_S, _SONGS = 300.0, 20_000
_FOUND_BY_WORDS = 50
_ALBUMS_OF_AN_ARTIST = 10
_NOTHING: Song = {}


class Upstream:
    """Asks one server, with what the client sent to prove who it is.

    Args:
        client: connections to it.
        url: its address.
    """

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client = client
        self._url = url
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self._users = Recent[Content](_KNOWN_S, _USERS)
        self._songs = Recent[Song](_SONG_S, _SONGS)

    async def envelope(self, asked: Asked) -> Content | None:
        """How the server introduces itself to the user who asks; None: it does not let them in."""
        user = _user(asked)
        known = self._users.get(user)
        if known is None:
            answer = await self.ask(asked, "ping")
            if answer.get("status") != "ok":
                return None
            known = {name: value for name, value in answer.items() if not isinstance(value, Mapping | list)}
            self._users.put(user, known)
        return known

    async def song(self, asked: Asked, number: str) -> Song | None:
        """The song that the server calls `number`; None: it has none."""
        return await self._remembered(asked, f"song {number}", lambda: self._song(asked, number))

    async def song_like(self, asked: Asked, info: TrackInfo) -> Song | None:
        """The server's own song of the same recording: by its id here, else by MBID, ISRC, or artist and title."""
        if source_of(info.track_id) == SOURCE:
            found = await self.song(asked, unescaped(number_of(info.track_id)))
            if found:
                return found
        if not info.title:
            return None
        return await self._remembered(asked, f"like {info.track_id}", lambda: self._found(asked, info))

    async def songs_of(self, asked: Asked, number: str) -> Sequence[TrackInfo]:
        """Those of the song, album or artist that the server calls `number`."""
        song = await self.song(asked, number)
        if song:
            return _described([song])
        if album := await self._album(asked, number):
            return _described(album)
        artist = await self.ask(asked, "getArtist", id=number)
        albums = [text(album, "id") for album in rows(artist, "artist", "album")][:_ALBUMS_OF_AN_ARTIST]
        listed = await asyncio.gather(*(self._album(asked, one) for one in albums))
        return _described(song for album in listed for song in album)

    async def ask(self, asked: Asked, endpoint: str, **parameters: str | int) -> Content:
        """What the server answers, good or bad.

        Raises:
            ProviderUnavailable: nothing, or nothing that can be understood.
        """
        try:
            async with self._at_once:
                answer = await self._client.get(
                    f"{self._url}/rest/{endpoint}",
                    params={**asked.user, **parameters, "f": "json"},
                    headers={name.decode(): value.decode("latin-1") for name, value in asked.user_headers.items()},
                    timeout=_ANSWER_S,
                )
            content = field(answer.json(), "subsonic-response")
        except (httpx.HTTPError, ValueError) as error:
            raise ProviderUnavailable(f"no usable answer from {self._url}: {type(error).__name__}") from None
        if not isinstance(content, Mapping):
            raise ProviderUnavailable(f"{self._url} did not answer as OpenSubsonic does")
        return content

    async def _remembered(self, asked: Asked, key: str, find: Callable[[], Awaitable[Song]]) -> Song | None:
        """What `find` finds for the user who asks: stars and ratings are theirs."""
        place = (_user(asked), key)
        found = self._songs.get(place)
        if found is None:
            found = await find()
            self._songs.put(place, found)
        return found or None

    async def _song(self, asked: Asked, number: str) -> Song:
        answer = await self.ask(asked, "getSong", id=number)
        found = field(answer, "song")
        return found if isinstance(found, Mapping) else _NOTHING

    async def _album(self, asked: Asked, number: str) -> Sequence[object]:
        return rows(await self.ask(asked, "getAlbum", id=number), "album", "song")

    async def _found(self, asked: Asked, info: TrackInfo) -> Song:
        words = " ".join([info.title, *info.artists[:1]])
        for query in (words, info.title):  # some servers look for all words in one place
            answer = await self.ask(
                asked, "search3", query=query, songCount=_FOUND_BY_WORDS, albumCount=0, artistCount=0
            )
            songs = [one for one in rows(answer, "searchResult3", "song") if isinstance(one, Mapping)]
            if found := best_match(info, songs, song_info):
                return found
        return _NOTHING


def _described(songs: Iterable[object]) -> list[TrackInfo]:
    return [info for song in songs if (info := song_info(song))]


def _user(asked: Asked) -> str:
    """Whoever sends the very same proof again is the same user. Only a digest is kept."""
    proof = repr(sorted(asked.user.items())) + repr(sorted(asked.user_headers.items()))
    return hashlib.sha256(proof.encode()).hexdigest()
