"""What all of OpenSubsonic's routes share: parameters of address and form, who may ask, answers and errors."""

import hashlib
import hmac
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlsplit

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import BaseRouter, Router

from api.http.artwork import artwork_of
from api.http.events import HttpEvent
from api.http.services import Rules, services_of
from earshot.errors import EarshotError, InvalidRequest, InvalidTrackId, KeyRequired, NotFound
from earshot.ids import TrackId, escaped, parse_track_id, source_of
from earshot.index.neighbours import Neighbours
from earshot.media_servers.subsonic_answers import (
    GENERIC,
    MISSING_PARAMETER,
    NOT_FOUND,
    WRONG_PASSWORD,
    failure,
    written,
)
from earshot.sources import SOURCES
from earshot.track import TrackInfo

FORM = "application/x-www-form-urlencoded"
_ENVELOPE = {"version": "1.16.1", "type": "earshot", "serverVersion": "1", "openSubsonic": True}

Content = Mapping[str, object]
Endpoint = Callable[[], Content]
Parameters = Mapping[str, str]


class MissingParameter(InvalidRequest):
    """A parameter that the endpoint needs was not given."""


def parameters_of(event: HttpEvent | Mapping[str, object]) -> Parameters:
    """Those of the address and of a form, by name; of repeated ones the first."""
    found: dict[str, str] = {}
    for name, value in _given(event):
        found.setdefault(name, value)
    return found


def _given(event: HttpEvent | Mapping[str, object]) -> list[tuple[str, str]]:
    headers, body = event.get("headers") or {}, event.get("body") or ""
    texts = [str(event.get("rawQueryString") or "")]
    if isinstance(headers, Mapping) and str(headers.get("content-type", "")).lower().startswith(FORM):
        texts.append(b64decode(str(body)).decode("latin-1") if event.get("isBase64Encoded") else str(body))
    return [pair for text in texts for pair in parse_qsl(text, keep_blank_values=True)]


def check_password(asked: Parameters, rules: Rules) -> None:
    """Whoever asks must know the password that players are given here, if there is one; any name will do.

    Raises:
        KeyRequired
    """
    password = rules.player_password
    if not password:
        return
    given = asked.get("apiKey") or asked.get("p", "")
    if given.startswith("enc:") and re.fullmatch(r"(?:[0-9a-fA-F]{2})*", given[4:]):
        given = bytes.fromhex(given[4:]).decode("utf-8", "replace")
    token = hashlib.md5(f"{password}{asked.get('s', '')}".encode()).hexdigest()  # noqa: S324 (the protocol)
    if not (
        hmac.compare_digest(given.encode(), password.encode())
        or (asked.get("s") and hmac.compare_digest(asked.get("t", "").lower().encode(), token.encode()))
    ):
        raise KeyRequired("Wrong username or password")


def route(router: Router, *names: str) -> Callable[[Endpoint], Endpoint]:
    """Register a function that gives an answer's content; what it raises becomes Subsonic's error, with status 200."""

    def register(endpoint: Endpoint) -> Endpoint:
        def answered() -> Response[str]:
            return respond(asked_of(router), _content(router, endpoint))

        for name in names:
            for path in (f"/rest/{name}", f"/rest/{name}.view"):
                router.route(path, ["GET", "POST"], include_in_schema=False)(answered)
        return endpoint

    return register


def asked_of(router: BaseRouter) -> Parameters:
    """The parameters of the request that `router` is answering."""
    return parameters_of(router.current_event.raw_event)


def only_on_one_machine(router: BaseRouter) -> None:
    """Refuse what reads much of the catalogue for one answer: in the cloud anybody may ask, and somebody else pays.

    Raises:
        NotFound
    """
    if services_of(router).rules.stage != "local":
        raise NotFound("this is answered on one machine only, not in the cloud")


def needed(router: BaseRouter, *names: str) -> list[str]:
    """The values of parameters that must be there.

    Raises:
        MissingParameter
    """
    asked = asked_of(router)
    if missing := [name for name in names if not asked.get(name)]:
        raise MissingParameter(f"Required parameter is missing: {', '.join(missing)}")
    return [asked[name] for name in names]


def all_of(router: BaseRouter, name: str) -> list[str]:
    """The values of a parameter that may be repeated."""
    return [value for given, value in _given(router.current_event.raw_event) if given == name and value]


def number(router: BaseRouter, name: str, default: int, most: int, least: int = 0) -> int:
    """A whole number, as far as it goes: players ask for more than there is.

    Raises:
        InvalidRequest: it is none.
    """
    text = asked_of(router).get(name) or str(default)
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        raise InvalidRequest(f"{name} is no number: {text[:20]!r}")
    return min(most, max(least, int(text)))


def respond(asked: Parameters, content: Content) -> Response[str]:
    """The content in the form that was asked for."""
    media_type, text = written({"status": "ok", **_ENVELOPE, **content}, asked)
    return Response(status_code=200, content_type=media_type, body=text)


def refusal(error: EarshotError) -> Content:
    """What an error is in Subsonic's terms."""
    codes = {MissingParameter: MISSING_PARAMETER, KeyRequired: WRONG_PASSWORD, NotFound: NOT_FOUND}
    codes[InvalidTrackId] = NOT_FOUND
    return failure(next((code for kind, code in codes.items() if isinstance(error, kind)), GENERIC), error.message)


def track_of(searcher: Neighbours, song: str) -> TrackId:
    """The track that a player means by the id `song`: one of ours, or what a media server calls its own.

    A media server's ids may look like anything, also like Spotify's: one without a source's name is first looked for
    among the songs of media servers.

    Raises:
        InvalidTrackId
    """
    if ":" not in song:
        own = (f"{name}:{escaped(song)}" for name, source in SOURCES.items() if source.is_server)
        if found := next((track_id for track_id in own if searcher.contains(track_id)), None):
            return TrackId(found)
    return parse_track_id(song)


def child(track: TrackInfo) -> dict[str, object]:
    """A song as players know it."""
    from_file = source_of(track.track_id) == "file"
    described: dict[str, object] = {
        "id": track.track_id,
        "isDir": False,
        "title": track.title or track.track_id,
        "album": track.album,
        "artist": ", ".join(track.artists),
        "type": "music",
        "mediaType": "song",
        "isVideo": False,
        "artistId": artist_id(track),
        "albumId": album_id(track),
        "parent": album_id(track),
        "duration": round(track.duration_ms / 1000) if track.duration_ms else None,
        "genre": track.genres[0] if track.genres else None,
        "year": track.year,
        "track": track.track_number,
        "discNumber": track.disc_number,
        "musicBrainzId": track.mbid,
        "isrc": [track.isrc] if track.isrc else None,
        "coverArt": track.track_id if artwork_of(track) else None,
        "suffix": urlsplit(track.preview_url or "").path.rpartition(".")[2].lower()[:5] if from_file else None,
    }
    return {name: value for name, value in described.items() if value is not None}


def artist_id(track: TrackInfo) -> str:
    """What players are told the artist is called."""
    return f"ar-{_digest(artist_name(track))}"


def album_id(track: TrackInfo) -> str:
    """What players are told the album is called."""
    return f"al-{_digest(artist_name(track))}-{_digest(track.album)}"


def artist_name(track: TrackInfo) -> str:
    """Under whose name its album is found."""
    return track.album_artist or (track.artists[0] if track.artists else "[Unknown Artist]")


def _digest(text: str) -> str:
    return hashlib.sha256(text.casefold().encode()).hexdigest()[:12]


def _content(router: Router, endpoint: Endpoint) -> Content:
    try:
        check_password(asked_of(router), services_of(router).rules)
        return endpoint()
    except EarshotError as error:
        return refusal(error)
