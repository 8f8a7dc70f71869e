"""ListenBrainz's submission API under /1/, for players that only need another address.

Who asks is said by the token; the name in an address is not looked at: nobody sees anybody else's.
"""

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from api.http.listenbrainz import ListenType, parsed, said, shown, submission
from api.http.listeners import NO_KEY, key_of_request, listener_of_key, listener_of_request, paying_listener
from api.http.play_intake import note_playing, take_in, take_opinion
from api.http.services import services_of
from earshot.clock import epoch
from earshot.errors import InvalidRequest, KeyRequired, NotFound
from earshot.fields import field, mbid
from earshot.ids import TrackId
from earshot.stores.listeners_table import Opinion
from earshot.track import TrackInfo

router = Router()

_NAME = "me"
"""What everybody is called: names are not kept here."""
_COUNT, _MAX_COUNT = 25, 100
_OPINIONS = {1: Opinion.LOVED, -1: Opinion.BANNED, 0: None}
_NO_TRACK = TrackId("manifest:0000000000000000")
"""Stands for what is looked for by its recording."""


@router.post("/1/submit-listens", include_in_schema=False)
def submit_listens() -> Response[str]:
    """Takes plays in, or keeps what is playing now for as long as it plays."""
    listener = listener_of_request(router)
    sent = submission(_body(), listener, epoch())
    if sent.kind is ListenType.PLAYING_NOW:
        note_playing(services_of(router), sent.plays[0])
    else:
        take_in(services_of(router), listener, sent.plays)
    return said({"status": "ok"})


@router.get("/1/validate-token", include_in_schema=False)
def validate_token() -> Response[str]:
    """Whether a token, of the header or of the address, is one."""
    key = key_of_request(router) or router.current_event.query_string_parameters.get("token", NO_KEY)
    if key == NO_KEY:
        raise InvalidRequest("there is no token: Authorization: Token …")
    try:
        listener_of_key(services_of(router).rules, key)
    except KeyRequired:
        return said({"code": 200, "message": "Token invalid.", "valid": False})
    return said({"code": 200, "message": "Token valid.", "valid": True, "user_name": _NAME})


@router.get("/1/user/<name>/listens", include_in_schema=False)
def listens(name: str) -> Response[str]:
    """One's own latest plays, the latest first: before `max_ts`, or the first ones after `min_ts`."""
    listener, table = listener_of_request(router), services_of(router).listeners
    count = min(_MAX_COUNT, _number("count") or _COUNT)
    before, after = _number("max_ts"), _number("min_ts")
    if after is not None:
        found = [play for play in table.since(listener, after, count) if before is None or play.listened_at < before]
    elif before is not None:
        found = table.recent(listener, count, before=f"{before:010d}")
    else:
        found = table.recent(listener, count)
    payload: dict[str, object] = {"count": len(found), "user_id": name, "listens": [shown(play) for play in found]}
    if found:
        payload |= {"latest_listen_ts": found[0].listened_at, "oldest_listen_ts": found[-1].listened_at}
    return said({"payload": payload})


@router.get("/1/user/<name>/listen-count", include_in_schema=False)
def listen_count(name: str) -> Response[str]:  # noqa: ARG001 (of the address; see above)
    """How many plays of one's own there are."""
    count = services_of(router).listeners.plays_ever(listener_of_request(router))
    return said({"payload": {"count": count}})


@router.get("/1/user/<name>/playing-now", include_in_schema=False)
def playing_now(name: str) -> Response[str]:
    """What one plays now, if anything."""
    playing = services_of(router).listeners.playing(listener_of_request(router))
    found = [{"track_metadata": shown(playing)["track_metadata"], "playing_now": True}] if playing else []
    return said({"payload": {"count": len(found), "user_id": name, "playing_now": True, "listens": found}})


@router.get("/1/latest-import", include_in_schema=False)
def latest_import() -> Response[str]:
    """Up to when an importer has sent plays."""
    until = services_of(router).listeners.imported_until(listener_of_request(router))
    return said({"musicbrainz_id": _NAME, "latest_import": until})


@router.post("/1/latest-import", include_in_schema=False)
def note_latest_import() -> Response[str]:
    """Keeps an importer's word."""
    listener, until = listener_of_request(router), field(parsed(_body()), "ts")
    if not isinstance(until, int) or isinstance(until, bool) or not 0 <= until < 10**10:
        raise InvalidRequest("ts is no time in Unix seconds")
    services_of(router).listeners.note_import(listener, until)
    return said({"status": "ok"})


@router.post("/1/feedback/recording-feedback", include_in_schema=False)
def recording_feedback() -> Response[str]:
    """Loves (1) or bans (-1) a recording, or takes that back (0)."""
    listener, sent = paying_listener(router), parsed(_body())
    score, recording = field(sent, "score"), mbid(sent, "recording_mbid")
    if not isinstance(score, int) or isinstance(score, bool) or score not in _OPINIONS:
        raise InvalidRequest("score is none of 1, 0 and -1")
    if not recording:
        raise InvalidRequest("recording_mbid is not there, or is no id of MusicBrainz; no others are known here")
    services = services_of(router)
    (found,) = services.matching.find([(TrackInfo(_NO_TRACK, "manifest", mbid=recording), None)])
    if found is None:
        raise NotFound("Earshot has no track of this recording")
    take_opinion(services, listener, found.track_id, _OPINIONS[score])
    return said({"status": "ok"})


def _body() -> str:
    return router.current_event.decoded_body or ""


def _number(name: str) -> int | None:
    given = router.current_event.query_string_parameters.get(name)
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and len(given) <= 10):
        raise InvalidRequest(f"{name} is no whole number from 0 on")
    return int(given)
