"""What players tell an OpenSubsonic server of listening: what is played (`scrobble`), what is starred.

Whose plays these are: of the key in `apiKey`; on one machine that nobody needs a key for, the house's. Of anybody else
they are accepted and forgotten, as before: players repeat what is refused.
"""

from aws_lambda_powertools.event_handler.api_gateway import Router

from api.http.listenbrainz import AHEAD_S
from api.http.listeners import NO_KEY, charge, listener_of_key
from api.http.play_intake import note_playing, take_in, take_opinion
from api.http.services import searcher_of, services_of
from api.http.subsonic import Content, all_of, asked_of, child, needed, route, track_of
from earshot.clock import epoch
from earshot.errors import InvalidRequest, KeyRequired, NoIndexYet
from earshot.ids import TrackId, parse_track_id
from earshot.index.rows import IndexedTrack
from earshot.plays import FIRST_LISTENED_AT, ListenerId, Play
from earshot.stores.listeners_table import Opinion

router = Router()

_MOST_PLAYS, _MOST_STARS, _MOST_LISTED = 1_000, 50, 200


@route(router, "scrobble")
def scrobble() -> Content:
    """Songs that were played, each with its time; with `submission=false` the one that plays now."""
    needed(router, "id")
    listener = _listener()
    if listener is None:
        return {}
    songs, times = all_of(router, "id")[:_MOST_PLAYS], all_of(router, "time")
    began = [_seconds(text) for text in times] + [int(epoch())] * max(0, len(songs) - len(times))
    plays = [_play(listener, song, at) for song, at in zip(songs, began, strict=False)]
    if asked_of(router).get("submission", "true").lower() == "false":
        note_playing(services_of(router), plays[0])
    else:
        take_in(services_of(router), listener, plays)
    return {}


@route(router, "star")
def star() -> Content:
    """Songs that are loved. (Albums and artists are not kept.)"""
    return _say(Opinion.LOVED)


@route(router, "unstar")
def unstar() -> Content:
    """Songs that are not, any more."""
    return _say(None)


@route(router, "getStarred")
def starred() -> Content:
    """Songs that are loved."""
    return {"starred": {"song": _loved()}}


@route(router, "getStarred2")
def starred_2() -> Content:
    """The same."""
    return {"starred2": {"song": _loved()}}


def _listener() -> ListenerId | None:
    rules, key = services_of(router).rules, asked_of(router).get("apiKey", NO_KEY)
    if rules.player_password and key == rules.player_password:
        key = NO_KEY  # which all players of this house have
    try:
        return listener_of_key(rules, key)
    except KeyRequired:
        return None


def _say(opinion: Opinion | None) -> Content:
    listener = _listener()
    if listener is None:
        raise KeyRequired("opinions need a key: give it as apiKey")
    charge(services_of(router), listener)
    for song in all_of(router, "id")[:_MOST_STARS]:
        take_opinion(services_of(router), listener, _track(song), opinion)
    return {}


def _loved() -> list[Content]:
    listener = _listener()
    said = services_of(router).listeners.opinions(listener) if listener else {}
    rows = [_row(track_id) for track_id, opinion in said.items() if opinion is Opinion.LOVED]
    songs: list[Content] = [child(row) for row in rows if row]
    return songs[:_MOST_LISTED]


def _play(listener: ListenerId, song: str, at: int) -> Play:
    track_id = _track(song)
    row = _row(track_id)
    if row is None:
        return Play(listener, at, client=_client(), named_id=track_id)
    return Play(
        listener, at, title=row.title, artists=row.artists, album=row.album, mbid=row.mbid, isrc=row.isrc,
        duration_ms=row.duration_ms, client=_client(), named_id=track_id,
    )  # fmt: skip


def _client() -> str:
    return asked_of(router).get("c", "")[:100]


def _seconds(text: str) -> int:
    at = int(text) // 1_000 if text.isascii() and text.isdigit() and len(text) < 16 else 0
    if not FIRST_LISTENED_AT <= at < epoch() + AHEAD_S:
        raise InvalidRequest(f"time is none in milliseconds since 1970, or in the future: {text[:20]!r}")
    return at


def _track(song: str) -> TrackId:
    try:
        return track_of(searcher_of(router), song)
    except NoIndexYet:
        return parse_track_id(song)


def _row(track_id: TrackId) -> IndexedTrack | None:
    try:
        return searcher_of(router).row(track_id)
    except NoIndexYet:
        return None
