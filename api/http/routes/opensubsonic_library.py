"""The rest of what players ask an OpenSubsonic server for: who they are, what there is, how to hear it.

What Earshot does not keep (bookmarks, playlists of its own) is empty when it is read, and refused when it is written.
What players say of listening is in `opensubsonic_listening`.
"""

import random
from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus
from itertools import groupby

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from api.answers.search import search
from api.http.covers import picture
from api.http.previews import preview_address
from api.http.services import catalogue_of, searcher_of, services_of
from api.http.subsonic import (
    Content,
    asked_of,
    check_password,
    child,
    needed,
    number,
    only_on_one_machine,
    refusal,
    respond,
    route,
    track_of,
)
from api.http.subsonic_library import Album, Library, library_of
from earshot.covers import SIZES
from earshot.errors import EarshotError, InvalidRequest, NoIndexYet, NotFound, TrackNotFound
from earshot.ids import TrackId
from earshot.titles import plain

router = Router()

_FOLDER = {"id": 1, "name": "Earshot"}
_ROLES = ("adminRole", "settingsRole", "uploadRole", "playlistRole", "coverArtRole", "commentRole", "podcastRole",
          "jukeboxRole", "shareRole", "videoConversionRole")  # fmt: skip
_MAX_LISTED = 500
_MAX_FOUND = 100
_EMPTY: dict[str, dict[str, object]] = {
    "getPlaylists": {"playlists": {}},
    "getNowPlaying": {"nowPlaying": {}},
    "getPodcasts": {"podcasts": {}},
    "getNewestPodcasts": {"newestPodcasts": {}},
    "getInternetRadioStations": {"internetRadioStations": {}},
    "getBookmarks": {"bookmarks": {}},
    "getShares": {"shares": {}},
    "getTopSongs": {"topSongs": {}},
    "getArtistInfo": {"artistInfo": {}},
    "getArtistInfo2": {"artistInfo2": {}},
    "getAlbumInfo": {"albumInfo": {}},
    "getAlbumInfo2": {"albumInfo": {}},
    "getLyrics": {"lyrics": {}},
    "getLyricsBySongId": {"lyricsList": {}},
    "getPlayQueue": {},
    "ping": {},
    "getLicense": {"license": {"valid": True}},
    "getMusicFolders": {"musicFolders": {"musicFolder": [_FOLDER]}},
}
"""What is the same for everybody, always."""

for _name, _content in _EMPTY.items():
    route(router, _name)(partial(dict, _content))


@route(router, "getUser")
def user() -> Content:
    """Whoever asks may listen."""
    name = asked_of(router).get("username") or asked_of(router).get("u", "")
    roles = dict.fromkeys(_ROLES, False) | {"streamRole": True, "downloadRole": True}
    return {"user": {"username": name, "scrobblingEnabled": True, **roles, "folder": [1]}}


@route(router, "getScanStatus")
def scan_status() -> Content:
    """How many songs there are."""
    return {"scanStatus": {"scanning": False, "count": searcher_of(router).size}}


@route(router, "getArtists")
def artists() -> Content:
    """By their first letters."""
    return {"artists": {"ignoredArticles": "", "index": _index()}}


@route(router, "getIndexes")
def indexes() -> Content:
    """The same, for older players."""
    return {"indexes": {"ignoredArticles": "", "lastModified": 0, "index": _index()}}


@route(router, "getArtist")
def artist() -> Content:
    """An artist's albums."""
    (wanted,) = needed(router, "id")
    albums = _albums_of(wanted)
    shown = {"id": wanted, "name": albums[0].artist, "albumCount": len(albums)}
    return {"artist": {**shown, "album": [album.shown() for album in albums]}}


@route(router, "getAlbum")
def album() -> Content:
    """An album's songs."""
    (wanted,) = needed(router, "id")
    return {"album": _album(wanted).with_songs()}


@route(router, "getMusicDirectory")
def directory() -> Content:
    """What is in an artist or an album, for older players."""
    (wanted,) = needed(router, "id")
    if wanted.startswith("al-"):
        found = _album(wanted)
        songs = [child(track) for track in found.tracks]
        return {"directory": {"id": wanted, "parent": found.artist_id, "name": found.name, "child": songs}}
    albums = _albums_of(wanted)
    return {"directory": {"id": wanted, "name": albums[0].artist, "child": [one.shown() for one in albums]}}


@route(router, "getAlbumList")
def album_list() -> Content:
    """Albums in one order or another."""
    return {"albumList": {"album": _albums()}}


@route(router, "getAlbumList2")
def album_list_2() -> Content:
    """The same."""
    return {"albumList2": {"album": _albums()}}


@route(router, "getSong")
def song() -> Content:
    """A song by its id."""
    (wanted,) = needed(router, "id")
    searcher = searcher_of(router)
    track_id = track_of(searcher, wanted)
    found = searcher.row(track_id)
    if found is None:
        raise TrackNotFound(f"no track {track_id}")
    return {"song": child(found)}


@route(router, "getRandomSongs")
def random_songs() -> Content:
    """Some songs."""
    tracks = _library().tracks
    size = min(len(tracks), number(router, "size", 10, _MAX_LISTED))
    return {"randomSongs": {"song": [child(track) for track in random.sample(tracks, size)]}}


@route(router, "getSongsByGenre")
def songs_by_genre() -> Content:
    """Songs of a genre."""
    (wanted,) = needed(router, "genre")
    found = [track for track in _library().tracks if wanted in track.genres]
    start, count = number(router, "offset", 0, 10**9), number(router, "count", 10, _MAX_LISTED)
    return {"songsByGenre": {"song": [child(track) for track in found[start : start + count]]}}


@route(router, "getGenres")
def genres() -> Content:
    """Those that songs say of themselves."""
    counts: dict[str, int] = {}
    for track in _library().tracks:
        for genre in track.genres:
            counts[genre] = counts.get(genre, 0) + 1
    listed = [{"value": genre, "songCount": count, "albumCount": 0} for genre, count in sorted(counts.items())]
    return {"genres": {"genre": listed}}


@route(router, "search3")
def search_3() -> Content:
    """Songs, albums and artists by the beginnings of words."""
    return {"searchResult3": _found()}


@route(router, "search2")
def search_2() -> Content:
    """The same."""
    return {"searchResult2": _found()}


@router.get("/rest/stream", include_in_schema=False)
@router.get("/rest/stream.view", include_in_schema=False)
@router.get("/rest/download", include_in_schema=False)
@router.get("/rest/download.view", include_in_schema=False)
def stream() -> Response[str]:
    """Sends a listener to the provider's own server. (One's own files: api/one_machine.)"""
    services = services_of(router)

    def address(track_id: TrackId) -> str:
        found = services.tracks.get(track_id)
        if found is None:
            raise TrackNotFound(f"no track {track_id}")
        return preview_address(found, services.fresh_previews)

    return _elsewhere(address)


@router.get("/rest/getCoverArt", include_in_schema=False)
@router.get("/rest/getCoverArt.view", include_in_schema=False)
def cover() -> Response[str]:
    """The cover that is kept here; else whoever looks is sent to where it is."""
    asked = asked_of(router)
    try:
        check_password(asked, services_of(router).rules)
        track = searcher_of(router).row(track_of(searcher_of(router), *needed(router, "id")))
        if track and track.own_cover:
            return picture(router, track.own_cover, number(router, "size", SIZES[-1], 10_000, 1))
    except EarshotError as error:
        return respond(asked, refusal(error))

    def address(track_id: TrackId) -> str:
        found = searcher_of(router).row(track_id)
        if found is None or not (found.artwork_url or "").startswith("https://"):
            raise NotFound(f"no cover of {track_id}")
        return str(found.artwork_url)

    return _elsewhere(address)


@router.route("/rest/<endpoint>", ["GET", "POST"], include_in_schema=False)
def unknown(endpoint: str) -> Response[str]:
    """Whatever else a player asks for."""
    return respond(asked_of(router), refusal(InvalidRequest(f"Earshot does not do this: {endpoint[:40]}")))


def _elsewhere(address: Callable[[TrackId], str]) -> Response[str]:
    asked = asked_of(router)
    try:
        check_password(asked, services_of(router).rules)
        (wanted,) = needed(router, "id")
        headers = {"Location": address(track_of(searcher_of(router), wanted)), "Cache-Control": "no-store"}
    except EarshotError as error:
        return respond(asked, refusal(error))
    return Response(status_code=HTTPStatus.FOUND.value, headers=headers, body="")


def _library() -> Library:
    only_on_one_machine(router)
    try:
        return library_of(catalogue_of(router))
    except NoIndexYet:
        return Library((), {})


def _album(wanted: str) -> Album:
    found = _library().albums.get(wanted)
    if found is None:
        raise NotFound(f"no album {wanted[:40]!r}")
    return found


def _albums_of(artist: str) -> Sequence[Album]:
    found = _library().albums_of(artist)
    if not found:
        raise NotFound(f"no artist {artist[:40]!r}")
    return found


def _index() -> list[Content]:
    listed = sorted(_library().artists(), key=lambda one: str(one["name"]).casefold())
    letters = groupby(listed, key=lambda one: letter if (letter := str(one["name"])[:1].upper()).isalpha() else "#")
    return [{"name": letter, "artist": list(found)} for letter, found in letters]


def _albums() -> list[Content]:
    """What `type` asks for, as far as Earshot knows: played, starred and rated albums are none."""
    kind = asked_of(router).get("type", "alphabeticalByName")
    albums = list(_library().albums.values())
    if kind in ("starred", "frequent", "recent", "highest"):
        return []
    if kind == "random":
        random.shuffle(albums)
    elif kind == "byGenre":
        (genre,) = needed(router, "genre")
        albums = [one for one in albums if any(genre in track.genres for track in one.tracks)]
    elif kind == "byYear":
        first, last = sorted((number(router, "fromYear", 0, 9999), number(router, "toYear", 9999, 9999)))
        albums = [one for one in albums if any(first <= (track.year or -1) <= last for track in one.tracks)]
    elif kind != "alphabeticalByArtist":
        albums.sort(key=lambda one: one.name.casefold())
    start, size = number(router, "offset", 0, 10**9), number(router, "size", 10, _MAX_LISTED)
    return [one.shown() for one in albums[start : start + size]]


def _found() -> Content:
    text = asked_of(router).get("query", "").strip().strip('"')
    words = plain(text).split()
    library, count = _library(), number(router, "songCount", 20, _MAX_FOUND)
    songs: list[Content] = []
    if count:
        start = number(router, "songOffset", 0, 10_000)
        try:
            _, found = search(catalogue_of(router), text=text, limit=count, offset=start)
            songs = [child(one.track) for one in found]
        except NoIndexYet:
            songs = []
    albums = [one.shown() for one in library.albums.values() if _has(f"{one.name} {one.artist}", words)]
    artists = [one for one in library.artists() if _has(str(one["name"]), words)]
    return {
        "artist": _page(artists, "artist"),
        "album": _page(albums, "album"),
        "song": songs,
    }


def _has(text: str, words: Sequence[str]) -> bool:
    own = plain(text).split()
    return all(any(one.startswith(word) for one in own) for word in words)


def _page(listed: Sequence[Content], what: str) -> list[Content]:
    start, count = number(router, f"{what}Offset", 0, 10**9), number(router, f"{what}Count", 20, _MAX_LISTED)
    return list(listed[start : start + count])
