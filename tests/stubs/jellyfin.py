"""A Jellyfin server: songs in albums and playlists, an API key and a user's token, files and transcoded pieces.

Routes, parameters and fields as its generated client has them (jellyfin-api-client 11.0.0), and who may do what to a
playlist as in Jellyfin's `PlaylistsController`. Never held against a server: that no playlist has a song twice,
and that an API key, which is nobody's, is answered 400 at ``/Users/Me``.
"""

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.stubs.web import Answer, Request

API_KEY, TOKEN = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
USER, USER_ID = "Ann", uuid.uuid5(uuid.NAMESPACE_OID, "Ann").hex
_TOKEN = re.compile(r'MediaBrowser .*Token="([^"]*)"')


def guid(name: int | str) -> str:
    """The id of what the test calls `name`."""
    return uuid.uuid5(uuid.NAMESPACE_OID, str(name)).hex


def mbid(name: int | str) -> str:
    """The recording of the song that the test calls `name`."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, str(name)))


def song(name: int | str, album: str = "One", **changes: Any) -> dict[str, Any]:
    """A song as `BaseItemDto` with the fields that are asked for."""
    return {
        "Name": f"Title {name}",
        "ServerId": guid("server"),
        "Id": guid(name),
        "Container": "flac",
        "RunTimeTicks": 2_000_000_000,
        "ProductionYear": 1999,
        "PremiereDate": "1999-01-01T00:00:00.0000000Z",
        "IndexNumber": 3,
        "ParentIndexNumber": 1,
        "IsFolder": False,
        "Type": "Audio",
        "MediaType": "Audio",
        "Path": f"/music/Artist {name}/{name}.flac",
        "Genres": ["Rock", "Noise"],
        "GenreItems": [{"Name": "Rock", "Id": guid("Rock")}],
        "Artists": [f"Artist {name}"],
        "ArtistItems": [{"Name": f"Artist {name}", "Id": guid(f"Artist {name}")}],
        "Album": f"Album {album}",
        "AlbumId": guid(f"Album {album}"),
        "AlbumPrimaryImageTag": "a1b2",
        "AlbumArtist": f"Artist {name}",
        "AlbumArtists": [{"Name": f"Artist {name}", "Id": guid(f"Artist {name}")}],
        "ImageTags": {},
        "ProviderIds": {"MusicBrainzRecording": mbid(name), "MusicBrainzTrack": mbid("a place on a release")},
        "UserData": {"PlayCount": 0, "IsFavorite": False, "Played": False, "Key": "k"},
        **changes,
    }


@dataclass
class JellyfinStub:
    """`songs` as they are listed; `playlists` by name: (place, song) by id; `audio` by id; `fail` goes before all."""

    songs: list[dict[str, Any]] = field(default_factory=list)
    playlists: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    audio: dict[str, bytes] = field(default_factory=dict)
    pieces: dict[str, bytes] = field(default_factory=dict)
    pictures: dict[str, bytes] = field(default_factory=dict)
    """Primary images, of songs and of albums."""
    users: list[str] = field(default_factory=lambda: [USER, "Ben"])
    may_download: bool = True
    fail: Callable[[Request], Answer | None] = lambda _: None

    def keep(self, name: str, songs: list[str]) -> str:
        """A playlist of the user's."""
        self.playlists[name] = [(uuid.uuid4().hex, one) for one in songs]
        return guid(name)

    def held(self, name: str) -> list[str]:
        """The ids in a playlist."""
        return [one for _, one in self.playlists[name]]

    def __call__(self, request: Request) -> Answer:
        failure = self.fail(request)
        if failure is not None:
            return failure
        said = _TOKEN.match(request.headers.get("Authorization", ""))
        if not said or said[1] not in (API_KEY, TOKEN):
            return Answer(401)
        is_key = said[1] == API_KEY
        for form, route in (
            ("GET /Users/Me", lambda: Answer(400) if is_key else Answer.json(_user(USER))),
            ("GET /Users", lambda: Answer.json([_user(name) for name in self.users]) if is_key else Answer(403)),
            ("GET /Items", lambda: self._items(request)),
            (r"GET /Items/(\w+)/Download", self._download),
            (r"GET /Items/(\w+)/Images/Primary", lambda number: self._picture(number, request)),
            (r"GET /Audio/(\w+)/stream", lambda number: self._stream(number, request)),
            ("POST /Playlists", lambda: self._make(json.loads(request.body))),
            (r"GET /Playlists/(\w+)/Items", lambda number: self._listed(number, request)),
            (r"POST /Playlists/(\w+)/Items", lambda number: self._add(number, request)),
            (r"DELETE /Playlists/(\w+)/Items", lambda number: Answer(404) if is_key else self._drop(number, request)),
        ):
            if match := re.fullmatch(form, f"{request.method} {request.path}"):
                return route(*match.groups())
        return Answer(404)

    def _items(self, request: Request) -> Answer:
        asked = request.query
        found = [{"Id": guid(name), "Name": name, "Type": "Playlist", "MediaType": "Audio"} for name in self.playlists]
        if "ids" in asked:
            albums = {
                one["AlbumId"]: {"Id": one["AlbumId"], "Name": one["Album"], "Type": "MusicAlbum"} for one in self.songs
            }
            artists = {who["Id"]: {**who, "Type": "MusicArtist"} for one in self.songs for who in one["ArtistItems"]}
            there = [*found, *self.songs, *albums.values(), *artists.values()]
            return _page([one for one in there if one["Id"] in asked["ids"].split(",")], request)
        if asked.get("includeItemTypes") == "Playlist":
            return _page(found, request)
        words, songs = asked.get("searchTerm", "").lower(), self.songs
        songs = [one for one in songs if words in one["Name"].lower()]
        songs = [one for one in songs if asked.get("parentId") in (None, one["AlbumId"])]
        songs = [one for one in songs if asked.get("artistIds") in (None, one["ArtistItems"][0]["Id"])]
        return _page(songs, request)

    def _listed(self, number: str, request: Request) -> Answer:
        name = self._name_of(number)
        if name is None or not request.query.get("userId"):
            return Answer(404)
        songs = {one["Id"]: one for one in self.songs}
        return _page([{**songs[one], "PlaylistItemId": place} for place, one in self.playlists[name]], request)

    def _make(self, wanted: dict[str, Any]) -> Answer:
        assert wanted["UserId"] == USER_ID
        assert wanted["MediaType"] == "Audio"
        return Answer.json({"Id": self.keep(wanted["Name"], list(dict.fromkeys(wanted["Ids"])))})

    def _add(self, number: str, request: Request) -> Answer:
        name = self._name_of(number)
        if name is None or request.query.get("userId") != USER_ID:
            return Answer(404)
        more = [one for one in dict.fromkeys(request.query["ids"].split(",")) if one not in self.held(name)]
        self.playlists[name] += [(uuid.uuid4().hex, one) for one in more]
        return Answer(204)

    def _drop(self, number: str, request: Request) -> Answer:
        name = self._name_of(number)
        if name is None:
            return Answer(404)
        gone = request.query["entryIds"].split(",")
        self.playlists[name] = [(place, one) for place, one in self.playlists[name] if place not in gone]
        return Answer(204)

    def _name_of(self, number: str) -> str | None:
        return next((name for name in self.playlists if guid(name) == number), None)

    def _download(self, number: str) -> Answer:
        if not self.may_download:
            return Answer(403)
        return Answer(body=self.audio[number]) if number in self.audio else Answer(404)

    def _picture(self, number: str, request: Request) -> Answer:
        assert int(request.query["maxWidth"]) == int(request.query["maxHeight"]) > 0
        return Answer(body=self.pictures[number]) if number in self.pictures else Answer(404)

    def _stream(self, number: str, request: Request) -> Answer:
        assert (request.query["container"], request.query["audioCodec"]) == ("mp3", "mp3")
        return Answer(body=self.pieces[number]) if number in self.pieces else Answer(404)


def _user(name: str) -> dict[str, Any]:
    return {"Name": name, "Id": uuid.uuid5(uuid.NAMESPACE_OID, name).hex, "ServerId": guid("server")}


def _page(items: list[dict[str, Any]], request: Request) -> Answer:
    start, limit = int(request.query.get("startIndex", 0)), int(request.query.get("limit", 10**6))
    return Answer.json({"Items": items[start : start + limit], "TotalRecordCount": len(items), "StartIndex": start})
