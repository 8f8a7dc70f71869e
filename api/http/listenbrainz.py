"""What clients of ListenBrainz send and expect: submissions become plays, errors have the shape that players read.

https://listenbrainz.readthedocs.io/en/latest/users/json.html. Players look at `code`: 503 is tried again, anything else
is not, and an error without a code is a success to some. So whatever is our fault is a 503 here (docs/adr/0028).
"""

import json
import math
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response

from api.http.listeners import FOR_THE_LISTENER
from earshot.errors import EarshotError, InvalidRequest, InvalidTrackId, QuotaExceeded, http_status
from earshot.fields import field, isrc, mbid, rows, text, whole
from earshot.ids import TrackId, parse_track_id
from earshot.plays import FIRST_LISTENED_AT, ListenerId, Play

PREFIX = "/1/"
"""Of the paths on which its protocol is spoken."""
MAX_LISTENS = 1_000
MAX_LISTEN_BYTES = 10_240
MAX_TAGS, MAX_TAG_LETTERS = 50, 64
MAX_LENGTH_MS = 24 * 3_600_000
"""Of what is played; more is taken for a mistake."""
AHEAD_S = 3_600
"""A player's clock may be ahead so far."""
_ONE_MBID = ("recording_mbid", "track_mbid", "release_mbid", "release_group_mbid")
_SOME_MBIDS = ("artist_mbids", "work_mbids")
_MAX_ARTISTS, _MAX_CLIENT = 20, 100
_THEIR_FAULT = (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)
_REFUSED = (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)


class ListenType(StrEnum):
    """How a submission is meant."""

    SINGLE = "single"
    PLAYING_NOW = "playing_now"
    IMPORT = "import"


@dataclass(frozen=True, slots=True)
class Submission:
    """What was sent. Of what is playing now the one play began when it was sent."""

    kind: ListenType
    plays: tuple[Play, ...]


def submission(body: str, listener: ListenerId, now_s: float) -> Submission:
    """What the body of a request to `submit-listens` says that the listener has played.

    Lengths, codes and links that make no sense are left out; the rest of the play counts.

    Raises:
        InvalidRequest: ListenBrainz would refuse it.
    """
    sent = parsed(body)
    payload, kind = rows(sent, "payload"), field(sent, "listen_type")
    if not isinstance(kind, str) or kind not in list(ListenType):
        raise InvalidRequest(f"listen_type is none of {', '.join(ListenType)}")
    if not payload:
        raise InvalidRequest("payload holds no listens")
    if len(payload) > MAX_LISTENS:
        raise InvalidRequest(f"payload holds more than {MAX_LISTENS} listens")
    if kind != ListenType.IMPORT and len(payload) > 1:
        raise InvalidRequest(f"payload holds more than one listen, and listen_type is {kind}")
    if len(body) > len(payload) * MAX_LISTEN_BYTES:
        raise InvalidRequest(f"a listen has more than {MAX_LISTEN_BYTES} bytes")
    return Submission(ListenType(kind), tuple(_play(listen, kind, listener, now_s) for listen in payload))


def parsed(body: str) -> object:
    """The body's JSON.

    Raises:
        InvalidRequest: it is none, or more deeply nested than can be read.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidRequest("the body is not JSON") from None


def _play(listen: object, kind: str, listener: ListenerId, now_s: float) -> Play:
    is_now = kind == ListenType.PLAYING_NOW
    if not isinstance(listen, Mapping) or not isinstance(field(listen, "track_metadata"), Mapping):
        raise InvalidRequest("a listen has no track_metadata")
    if listen.keys() - ({"track_metadata"} if is_now else {"track_metadata", "listened_at"}):
        raise InvalidRequest(f"a listen of the type {kind} has keys that it must not have")
    title, artist = _name(listen, "track_name"), _name(listen, "artist_name")
    info = field(listen, "track_metadata", "additional_info")
    _check_tags(info)
    _check_mbids(info)
    artists = [
        name for number in range(len(rows(info, "artist_names"))) if (name := text(info, "artist_names", number))
    ]
    skipped = field(info, "skipped")
    return Play(
        listener,
        int(now_s) if is_now else _listened_at(field(listen, "listened_at"), now_s),
        title=title,
        artists=tuple(artists[:_MAX_ARTISTS]) or (artist,),
        album=text(listen, "track_metadata", "release_name"),
        mbid=mbid(info, "recording_mbid") or mbid(info, "track_mbid"),  # where Mopidy writes the recording's
        isrc=isrc(info, "isrc") or isrc(info, "isrc", 0),
        duration_ms=_length(info, "duration_ms", 1) or _length(info, "duration", 1_000),
        played_ms=_length(info, "duration_played", 1_000),
        skipped=skipped if isinstance(skipped, bool) else None,
        client=(text(info, "submission_client") or text(info, "media_player"))[:_MAX_CLIENT],
        named_id=_named(info),
    )


def _name(listen: object, name: str) -> str:
    value = field(listen, "track_metadata", name)
    if isinstance(value, str) and "\0" in value:
        raise InvalidRequest(f"track_metadata.{name} holds a null character")
    if not (found := text(value)):
        raise InvalidRequest(f"track_metadata.{name} is not there, is empty, or is no text")
    return found


def _listened_at(value: object, now_s: float) -> int:
    try:
        at = int(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else 0
    except (ValueError, OverflowError):
        at = 0
    if not FIRST_LISTENED_AT <= at < now_s + AHEAD_S:
        raise InvalidRequest("listened_at is not there, no whole number, before October 2002, or in the future")
    return at


def _check_tags(info: object) -> None:
    tags = field(info, "tags") or []
    if not isinstance(tags, list) or len(tags) > MAX_TAGS:
        raise InvalidRequest(f"tags is no list, or holds more than {MAX_TAGS}")
    if any(not isinstance(tag, str) or len(tag) > MAX_TAG_LETTERS for tag in tags):
        raise InvalidRequest(f"a tag is no text, or has more than {MAX_TAG_LETTERS} letters")


def _check_mbids(info: object) -> None:
    found = [(name, value) for name in _ONE_MBID if (value := field(info, name))]
    for name in _SOME_MBIDS:
        several = field(info, name) or []
        if not isinstance(several, list):
            raise InvalidRequest(f"{name} is no list")
        found += [(name, value) for value in several if value]  # Navidrome sends [""] for an artist without one
    for name, value in found:
        try:
            uuid.UUID(value)  # type: ignore[arg-type]  # what is no text is refused below
        except (ValueError, AttributeError, TypeError):
            raise InvalidRequest(f"{name} is no id of MusicBrainz") from None


def _length(info: object, name: str, unit_ms: int) -> int | None:
    value = field(info, name)
    number = value if isinstance(value, float) else whole(value)  # Web Scrobbler's seconds have parts
    return int(number * unit_ms) if number and 0 < number * unit_ms <= MAX_LENGTH_MS else None


def _named(info: object) -> TrackId | None:
    """The track that a link leads to, if its source is one that Earshot knows."""
    for name in ("spotify_id", "origin_url"):
        try:
            return parse_track_id(text(info, name))
        except InvalidTrackId:
            continue
    return None


def shown(play: Play) -> dict[str, Any]:
    """A play as ListenBrainz tells it."""
    info = {
        "recording_mbid": play.mbid,
        "isrc": play.isrc,
        "duration_ms": play.duration_ms,
        "duration_played": math.ceil(play.played_ms / 1_000) if play.played_ms is not None else None,
        "submission_client": play.client or None,
        "earshot_track_id": play.track_id,
    }
    return {
        "listened_at": play.listened_at,
        "track_metadata": {
            "track_name": play.title,
            "artist_name": ", ".join(play.artists),
            "release_name": play.album,
            "additional_info": {name: value for name, value in info.items() if value is not None},
        },
    }


def said(body: Mapping[str, object], status: HTTPStatus = HTTPStatus.OK) -> Response[str]:
    """An answer for whoever asked, and for nobody else."""
    return Response(
        status_code=status.value, content_type="application/json", body=json.dumps(body), headers=dict(FOR_THE_LISTENER)
    )


def refusal(error: EarshotError) -> Response[str]:
    """What an error is to a client: its own fault, or ours."""
    status = http_status(error)
    if status in _THEIR_FAULT or status in _REFUSED:
        status = status if status in _THEIR_FAULT else HTTPStatus.BAD_REQUEST
        return said({"code": status.value, "error": error.message}, status)
    answer = our_fault()
    if isinstance(error, QuotaExceeded):
        answer.headers["Retry-After"] = str(error.retry_after_s)
    return answer


def our_fault() -> Response[str]:
    """The only refusal after which every player tries again."""
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return said({"code": status.value, "error": "Earshot cannot do this now: try again later."}, status)
