"""A media server that speaks OpenSubsonic: songs in albums and playlists, tokens or passwords, files and streams."""

import hashlib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.stubs.web import Answer, Request

USER, PASSWORD = "me", "pass word/ß"


def mbid(number: int | str) -> str:
    """Of the song with this id."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, str(number)))


def song(number: int | str, **changes: Any) -> dict[str, Any]:
    """A song as Navidrome describes it."""
    return {
        "id": str(number),
        "isDir": False,
        "title": f"Title {number}",
        "album": f"Album {number}",
        "artist": f"Artist {number}",
        "artists": [{"id": f"ar-{number}", "name": f"Artist {number}"}],
        "displayAlbumArtist": f"Artist {number}",
        "genre": "Rock",
        "genres": [{"name": "Rock"}, {"name": "Noise"}],
        "year": 1999,
        "track": 3,
        "discNumber": 1,
        "duration": 200,
        "path": f"Artist {number}/{number}.mp3",
        "coverArt": f"mf-{number}",
        "musicBrainzId": mbid(number),
        "isrc": ["GBAYE6800001"],
        "type": "music",
        **changes,
    }


@dataclass
class SubsonicStub:
    """Routes below ``/rest``. `audio` by song id; `pictures` by `coverArt`; `fail` goes before all others."""

    albums: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    playlists: dict[str, list[str]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    """Of playlists."""
    audio: dict[str, bytes] = field(default_factory=dict)
    streams: dict[str, bytes] = field(default_factory=dict)
    pictures: dict[str, bytes] = field(default_factory=dict)
    extensions: tuple[str, ...] = ()
    takes_tokens: bool = True
    may_download: bool = True
    fail: Callable[[Request], Answer | None] = lambda _: None
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def __call__(self, request: Request) -> Answer:
        failure = self.fail(request)
        if failure is not None:
            return failure
        endpoint = request.path.removeprefix("/rest/").removesuffix(".view")
        self.asked.append((endpoint, request.query))
        refused = self._refused(request.query)
        route = getattr(self, f"_{endpoint}", None)
        if refused and endpoint != "getOpenSubsonicExtensions":
            return refused
        return route(request) if route else error(0, "Unknown method")

    def songs(self) -> dict[str, dict[str, Any]]:
        return {one["id"]: one for album in self.albums.values() for one in album}

    def _refused(self, query: Mapping[str, str]) -> Answer | None:
        if "p" in query:
            given = bytes.fromhex(query["p"][4:]).decode() if query["p"].startswith("enc:") else query["p"]
            return None if (query.get("u"), given) == (USER, PASSWORD) else error(40, "Wrong username or password")
        if not self.takes_tokens:
            return error(41, "Token authentication not supported")
        token = hashlib.md5((PASSWORD + query.get("s", "")).encode()).hexdigest()  # noqa: S324
        return None if (query.get("u"), query.get("t")) == (USER, token) else error(40, "Wrong username or password")

    def _ping(self, _: Request) -> Answer:
        return ok()

    def _getOpenSubsonicExtensions(self, _: Request) -> Answer:  # noqa: N802
        return ok(openSubsonicExtensions=[{"name": name, "versions": [1]} for name in self.extensions])

    def _getAlbumList2(self, request: Request) -> Answer:  # noqa: N802
        start, size = int(request.query.get("offset", 0)), int(request.query.get("size", 10))
        listed = sorted(self.albums)[start : start + size]
        return ok(albumList2={"album": [{"id": name, "name": name} for name in listed]})

    def _getAlbum(self, request: Request) -> Answer:  # noqa: N802
        found = self.albums.get(request.query["id"])
        return NOT_FOUND if found is None else ok(album={"id": request.query["id"], "song": found})

    def _getPlaylist(self, request: Request) -> Answer:  # noqa: N802
        found = self.playlists.get(request.query["id"])
        if found is None:
            return NOT_FOUND
        return ok(playlist={"id": request.query["id"], "entry": [self.songs()[name] for name in found]})

    def _getPlaylists(self, _: Request) -> Answer:  # noqa: N802
        return ok(playlists={"playlist": [{"id": key, "name": self.names.get(key, key)} for key in self.playlists]})

    def _createPlaylist(self, request: Request) -> Answer:  # noqa: N802
        key = request.query.get("playlistId", f"pl-{len(self.playlists)}")
        self.names.setdefault(key, request.query.get("name", ""))
        self.playlists[key] = list(request.every.get("songId", ()))
        return ok()

    def _updatePlaylist(self, request: Request) -> Answer:  # noqa: N802
        self.playlists[request.query["playlistId"]] += request.every.get("songIdToAdd", ())
        return ok()

    def _getSong(self, request: Request) -> Answer:  # noqa: N802
        found = self.songs().get(request.query.get("id", ""))
        return ok(song=found) if found else NOT_FOUND

    def _search3(self, request: Request) -> Answer:
        words = request.query["query"].strip('"').lower().split()
        found = [
            one for one in self.songs().values()
            if all(word in f"{one['title']} {one['artist']} {one['album']}".lower() for word in words)
        ]  # fmt: skip
        return ok(searchResult3={"song": found[: int(request.query.get("songCount", 20))]})

    def _download(self, request: Request) -> Answer:
        if not self.may_download:
            return error(50, "User is not authorized for the given operation")
        found = self.audio.get(request.query["id"])
        return NOT_FOUND if found is None else Answer(body=found)

    def _getCoverArt(self, request: Request) -> Answer:  # noqa: N802
        assert int(request.query["size"]) > 0
        found = self.pictures.get(request.query["id"])
        return NOT_FOUND if found is None else Answer(body=found)

    def _stream(self, request: Request) -> Answer:
        found = self.streams.get(request.query["id"], self.audio.get(request.query["id"]))
        return NOT_FOUND if found is None else Answer(body=found)


def ok(**content: Any) -> Answer:
    """A good answer."""
    envelope = {"status": "ok", "version": "1.16.1", "type": "stub", "serverVersion": "1", "openSubsonic": True}
    return Answer.json({"subsonic-response": {**envelope, **content}})


def error(code: int, message: str) -> Answer:
    """A refusal, as Subsonic sends it: with status 200."""
    content = {"status": "failed", "version": "1.16.1", "error": {"code": code, "message": message}}
    return Answer.json({"subsonic-response": content})


NOT_FOUND = error(70, "The requested data was not found")
