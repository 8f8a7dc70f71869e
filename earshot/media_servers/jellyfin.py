"""Jellyfin's web API, spoken as a client (its OpenAPI document: https://api.jellyfin.org), and what it says of songs.

A request carries a token: an API key of the dashboard, or what a user's login gave. An API key is nobody's, so
questions name the user whose library and playlists are meant. The shapes are those that its generated client knows
(jellyfin-api-client 11.0.0); no server was asked.
"""

import json
from collections.abc import Mapping
from typing import IO
from urllib.parse import quote, urlencode

from earshot.errors import ForbiddenUrl, NotFound, ProviderRefused, ProviderUnavailable, TrackNotFound
from earshot.fields import field, mbid, rows, text, whole
from earshot.ids import TrackId
from earshot.track import TrackInfo
from earshot.web import Downloader

SOURCE = "jellyfin"
TICKS_PER_S = 10_000_000
"""What Jellyfin counts time in: 100 ns."""
_MAX_ANSWER_BYTES = 16 * 1024 * 1024
_FIELDS = "ProviderIds,Path,Genres"
"""Of items, besides what always comes."""
_NOT_SET = "Set EARSHOT_JELLYFIN_URL, EARSHOT_JELLYFIN_TOKEN and EARSHOT_JELLYFIN_USER (docs/players.md)."

Parameter = str | int | bool


def authorization(token: str) -> dict[str, str]:
    """The header that lets in who has this token (https://jellyfin.org/docs: *Authorization*)."""
    said = f'MediaBrowser Token="{quote(token, safe="")}", Client="Earshot", Device="Earshot"'
    return {"Authorization": f'{said}, DeviceId="earshot", Version="1"'}


class JellyfinServer:
    """Asks one server for one user.

    Args:
        web: fetches from this server, with `authorization`.
        url: its address, perhaps with a path; empty: there is no server, and every question is refused.
        user: the name of the user whose library and playlists are meant; empty: whose token it is, or the only one.
    """

    def __init__(self, web: Downloader, url: str, user: str) -> None:
        self._web = web
        self._url = url.rstrip("/")
        self._user = user
        self._user_id = ""

    def get(self, path: str, **parameters: Parameter) -> object:
        """What the server answers at `path`.

        Raises:
            NotFound: it holds no such thing.
            ProviderRefused: there is no server, it does not let the user in, or its answer is final otherwise.
            ProviderUnavailable, ProviderThrottled: see `Downloader.fetch`.
        """
        try:
            return self._web.fetch_json(self._address(path, parameters), max_bytes=_MAX_ANSWER_BYTES)
        except ProviderRefused as error:
            raise _refusal(error) from None

    def items(self, **parameters: Parameter) -> list[object]:
        """Items of the user's libraries, as `/Items` finds them.

        Raises:
            see `get`.
        """
        wanted = {"userId": self.user_id, "fields": _FIELDS, "enableTotalRecordCount": False, **parameters}
        return items_of(self.get("/Items", **wanted))

    def send(self, method: str, path: str, content: object = None, **parameters: Parameter) -> object:
        """Have the server change something; its answer, or None where it has nothing to say.

        Raises:
            see `get`.
        """
        try:
            said = self._web.send(method, self._address(path, parameters), content)
        except ProviderRefused as error:
            raise _refusal(error) from None
        except ForbiddenUrl as error:
            raise ProviderRefused(error.message, hint=error.hint) from None
        try:
            return json.loads(said) if said else None
        except (ValueError, RecursionError):
            raise ProviderUnavailable(f"{self._url} did not answer in JSON") from None

    def save(self, file: IO[bytes], path: str, *, max_bytes: int, **parameters: Parameter) -> None:
        """Fill `file` with the audio that the server sends at `path`, and go back to its start.

        Raises:
            TrackNotFound: the server has no such song.
            AudioRejected: `too_large`; the file holds the first `max_bytes`.
            Others: see `get`.
        """
        file.seek(0)
        file.truncate()
        try:
            self._web.fetch_into(file, self._address(path, parameters), max_bytes=max_bytes)
        except ForbiddenUrl as error:
            raise ProviderRefused(error.message, hint=error.hint) from None
        except ProviderRefused as error:
            found = _refusal(error)
            raise TrackNotFound(found.message, hint="") if isinstance(found, NotFound) else found from None
        finally:
            file.seek(0)

    @property
    def user_id(self) -> str:
        """The id of the user whose library and playlists are meant.

        Raises:
            ProviderRefused: it cannot be told which user is meant. Others: see `get`.
        """
        if not self._user_id:
            self._user_id = self._owner_of_the_token() or self._named()
        return self._user_id

    def _owner_of_the_token(self) -> str:
        """Empty: it is an API key, which is nobody's, and the server calls the question a bad one."""
        try:
            return text(self.get("/Users/Me"), "Id")
        except NotFound:
            return ""
        except ProviderRefused as error:
            if error.status != 400:
                raise
            return ""

    def _named(self) -> str:
        listed = self.get("/Users")
        users = [user for user in (listed if isinstance(listed, list) else []) if text(user, "Id")]
        wanted = self._user.casefold()
        found = [user for user in users if text(user, "Name").casefold() == wanted] if wanted else users
        if len(found) != 1:
            what = f"no user {self._user!r}" if wanted else f"{len(users)} users, and none is named"
            raise ProviderRefused(f"the Jellyfin server has {what}", hint="Set EARSHOT_JELLYFIN_USER to a user's name.")
        return text(found[0], "Id")

    def _address(self, path: str, parameters: Mapping[str, Parameter]) -> str:
        if not self._url:
            raise ProviderRefused("no Jellyfin server is set", hint=_NOT_SET)
        query = urlencode(
            {name: str(value).lower() if isinstance(value, bool) else value for name, value in parameters.items()}
        )
        return f"{self._url}{path}" + (f"?{query}" if query else "")


def items_of(answer: object) -> list[object]:
    """The items in an answer that lists some.

    Raises:
        ProviderUnavailable: it lists none: nothing that Jellyfin says.
    """
    found = field(answer, "Items")
    if not isinstance(found, list):
        raise ProviderUnavailable("the server did not answer as Jellyfin does")
    return found


def id_of(item: object) -> str:
    """What the server calls an item: 32 hexadecimal digits; empty where it has no name."""
    return text(item, "Id").replace("-", "").lower()


def song_info(item: object) -> TrackInfo | None:
    """An item (`BaseItemDto`) as a track; None when it is none: a video, a book, a folder, without an id."""
    number = id_of(item)
    if not number or text(item, "Type") != "Audio":
        return None
    names = [name.strip() for name in rows(item, "Artists") if isinstance(name, str)]
    genres = [genre.strip() for genre in rows(item, "Genres") if isinstance(genre, str)]
    owners = [text(artist, "Name") for artist in rows(item, "AlbumArtists")]
    ticks = whole(item, "RunTimeTicks")
    return TrackInfo(
        track_id=TrackId(f"{SOURCE}:{number}"),
        source=SOURCE,
        title=text(item, "Name"),
        artists=tuple(filter(None, names)) or tuple(filter(None, [text(item, "AlbumArtist")])),
        album=text(item, "Album"),
        duration_ms=ticks * 1000 // TICKS_PER_S if ticks else None,
        genres=tuple(dict.fromkeys(filter(None, genres))),
        year=whole(item, "ProductionYear"),
        album_artist=text(item, "AlbumArtist") or ", ".join(filter(None, owners)),
        track_number=whole(item, "IndexNumber"),
        disc_number=whole(item, "ParentIndexNumber"),
        # MusicBrainzTrack is a place on a release, not the recording.
        mbid=mbid(item, "ProviderIds", "MusicBrainzRecording"),
        path=text(item, "Path"),
        cover_id=_cover(item, number),
    )


def _cover(item: object, number: str) -> str | None:
    """The item whose ``/Items/{id}/Images/Primary`` is the cover: its own, or its album's."""
    if text(item, "ImageTags", "Primary"):
        return number
    return text(item, "AlbumId") or None if text(item, "AlbumPrimaryImageTag") else None


def _refusal(error: ProviderRefused) -> NotFound | ProviderRefused:
    """What the server's status means."""
    if error.status == 404:
        return NotFound("the Jellyfin server holds no such thing", hint="Check the id.")
    if error.status in (401, 403):
        return ProviderRefused(
            f"the Jellyfin server does not let Earshot do this (status {error.status})",
            hint="Check EARSHOT_JELLYFIN_TOKEN, and what its user may do.",
            status=error.status,
        )
    return error
