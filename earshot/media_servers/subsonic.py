"""OpenSubsonic (https://opensubsonic.netlify.app), spoken as a client: what Navidrome, Gonic, Supysonic and LMS serve.

Answers come in JSON, errors inside them with status 200. A request carries the user's name, a random salt and the MD5
of password and salt; to a server that knows no such tokens, the password in hexadecimal digits.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import IO
from urllib.parse import urlencode

from earshot.errors import EarshotError, NotFound, ProviderRefused, ProviderUnavailable, TrackNotFound
from earshot.fields import field, isrc, mbid, rows, text, whole
from earshot.ids import TrackId, escaped
from earshot.track import TrackInfo
from earshot.web import Downloader

SOURCE = "subsonic"
VERSION = "1.16.1"
_CLIENT = "earshot"
_MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""A playlist comes in one answer, however long it is."""
_MAX_SPOKEN_BYTES = 64 * 1024
_ANSWERS = frozenset({200, 400, 401, 403, 404})
"""Some servers say with a status what the answer says too."""
_WRONG_PASSWORD, _NOT_FOUND = 40, 70
_NO_TOKENS = (10, 41, 42)
"""Codes of servers that know passwords only: one that does not know what a token is misses a parameter."""
_NO_MUSIC = ("video", "podcast", "audiobook")

Parameter = str | int | list[str]
"""A list is a parameter that comes several times."""


class SubsonicServer:
    """Asks one server as one user.

    Args:
        web: fetches from this server.
        url: its address, perhaps with a path; empty: there is no server, and every question is refused.
        user: its name.
        password: never shown, and part of no error.
    """

    def __init__(self, web: Downloader, url: str, user: str, password: str) -> None:
        self._web = web
        self._url = url.rstrip("/")
        self._user = user
        self._password = password
        self._takes_tokens = True

    def get(self, endpoint: str, **parameters: Parameter) -> Mapping[str, object]:
        """What the server answers to `endpoint`.

        Raises:
            NotFound: it holds no such thing.
            ProviderRefused: there is no server, it does not let the user in, or its answer is final otherwise.
            ProviderUnavailable, ProviderThrottled: see `Downloader.fetch`.
        """
        answer = self._asked(endpoint, parameters)
        if _error_code(answer) in _NO_TOKENS and self._takes_tokens:
            self._takes_tokens = False
            answer = self._asked(endpoint, parameters)
            self._takes_tokens = _error_code(answer) in _NO_TOKENS
        if error := _refusal(answer):
            raise error
        return answer

    def save(self, file: IO[bytes], endpoint: str, *, max_bytes: int, **parameters: Parameter) -> None:
        """Fill `file` with what the server sends for `endpoint` (``download``, ``stream``), and go back to its start.

        Raises:
            TrackNotFound: the server has no such song.
            AudioRejected: `too_large`; the file holds the first `max_bytes`.
            Others: see `get`.
        """
        said = self._saved(file, endpoint, max_bytes, parameters)
        if said is not None and _error_code(said) in _NO_TOKENS and self._takes_tokens:
            self._takes_tokens = False
            said = self._saved(file, endpoint, max_bytes, parameters)
            self._takes_tokens = said is not None and _error_code(said) in _NO_TOKENS
        if said is not None:
            error = _refusal(said) or ProviderRefused("the server sent text instead of audio")
            raise TrackNotFound(error.message, hint=error.hint) if isinstance(error, NotFound) else error

    def _saved(
        self, file: IO[bytes], endpoint: str, max_bytes: int, parameters: Mapping[str, Parameter]
    ) -> Mapping[str, object] | None:
        """What the server says instead of sending audio; None: it did, and the file holds it."""
        file.seek(0)
        file.truncate()
        try:
            self._web.fetch_into(file, self._address(endpoint, parameters), max_bytes=max_bytes, accepted=_ANSWERS)
        finally:
            file.seek(0)
        head = file.read(1)
        file.seek(0)
        return _spoken(file.read(_MAX_SPOKEN_BYTES)) if head in (b"{", b"<") else None  # no audio begins so

    def _asked(self, endpoint: str, parameters: Mapping[str, Parameter]) -> Mapping[str, object]:
        address = self._address(endpoint, parameters)
        answer = self._web.fetch_json(address, max_bytes=_MAX_ANSWER_BYTES, accepted=_ANSWERS)
        found = field(answer, "subsonic-response")
        if not isinstance(found, Mapping):
            raise ProviderUnavailable(f"{self._url} did not answer as OpenSubsonic does")
        return found

    def _address(self, endpoint: str, parameters: Mapping[str, Parameter]) -> str:
        if not self._url:
            raise ProviderRefused(
                "no OpenSubsonic server is set",
                hint="Set EARSHOT_SUBSONIC_URL, EARSHOT_SUBSONIC_USER and EARSHOT_SUBSONIC_PASSWORD (docs/players.md).",
            )
        query = {"u": self._user, **self._proof(), "v": VERSION, "c": _CLIENT, "f": "json", **parameters}
        return f"{self._url}/rest/{endpoint}?{urlencode(query, doseq=True)}"

    def _proof(self) -> dict[str, Parameter]:
        if not self._takes_tokens:
            return {"p": f"enc:{self._password.encode().hex()}"}
        salt = secrets.token_hex(8)
        return {"t": hashlib.md5(f"{self._password}{salt}".encode()).hexdigest(), "s": salt}  # noqa: S324 (the protocol)


def _error_code(answer: Mapping[str, object]) -> int:
    return whole(answer, "error", "code") or 0


def _refusal(answer: Mapping[str, object]) -> EarshotError | None:
    """What an answer says that is none."""
    if text(answer, "status") == "ok":
        return None
    code, said = _error_code(answer), text(answer, "error", "message") or "no reason given"
    if code == _NOT_FOUND:
        return NotFound(f"the server holds no such thing: {said}", hint="Check the id.")
    if _WRONG_PASSWORD <= code < _NOT_FOUND:
        return ProviderRefused(
            f"the server does not let the user do this (error {code}): {said}",
            hint="Check EARSHOT_SUBSONIC_USER and EARSHOT_SUBSONIC_PASSWORD.",
        )
    return ProviderRefused(f"the server refused (error {code}): {said}")


def _spoken(content: bytes) -> Mapping[str, object]:
    """What a server says in JSON; in XML, or in other words, it says nothing that is understood."""
    try:
        found = field(json.loads(content), "subsonic-response")
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, Mapping) else {"error": {"message": "text instead of audio"}}


def song_info(song: object) -> TrackInfo | None:
    """A song as servers describe it (`Child`), as a track; None when it is none: a folder, a video, without an id."""
    number = text(song, "id") or str(whole(song, "id") or "")
    if not number or field(song, "isDir") is True or field(song, "isVideo") is True or text(song, "type") in _NO_MUSIC:
        return None
    names = [text(artist, "name") for artist in rows(song, "artists")] or [text(song, "artist")]
    owners = [text(artist, "name") for artist in rows(song, "albumArtists")]
    genres = [text(genre, "name") for genre in rows(song, "genres")] or [text(song, "genre")]
    codes = [code for place in range(len(rows(song, "isrc"))) if (code := isrc(song, "isrc", place))]
    seconds = whole(song, "duration")
    return TrackInfo(
        track_id=TrackId(f"{SOURCE}:{escaped(number)}"),
        source=SOURCE,
        title=text(song, "title"),
        artists=tuple(filter(None, names)),
        album=text(song, "album"),
        isrc=codes[0] if codes else isrc(song, "isrc"),
        duration_ms=seconds * 1000 if seconds else None,
        genres=tuple(dict.fromkeys(filter(None, genres))),
        year=whole(song, "year"),
        album_artist=text(song, "displayAlbumArtist") or ", ".join(filter(None, owners)),
        track_number=whole(song, "track"),
        disc_number=whole(song, "discNumber"),
        mbid=mbid(song, "musicBrainzId"),
        path=text(song, "path"),
        cover_id=text(song, "coverArt") or None,
    )
