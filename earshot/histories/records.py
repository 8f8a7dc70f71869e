"""Records in JSON: of which service each is, and which play it tells of."""

from collections.abc import Callable, Mapping
from typing import cast

from earshot.histories.left_out import LeftOut, Wanted
from earshot.histories.times import can_be, unix_of
from earshot.ids import TrackId
from earshot.lists.values import artists_of, isrc_of, mbid_of, text_of, track_id_of
from earshot.plays import ListenerId, Play

Record = Mapping[str, object]
_NOBODY_YET = ListenerId("")
_MAX_MS = 24 * 3_600_000
"""What is longer is taken for a mistake, as the API does."""
_MAX_ARTISTS, _MAX_CLIENT = 20, 100
_TRACK_ENDED = "trackdone"


def play_of(
    listened_at: int | None,
    *,
    title: object = "",
    artists: tuple[str, ...] = (),
    album: object = "",
    mbid: object = None,
    isrc: object = None,
    named: object = "",
    duration_ms: object = None,
    played_ms: object = None,
    skipped: bool | None = None,
    client: object = "",
) -> Play | LeftOut:
    """The play with these values, each checked by itself; whose it is says the key with which it is sent.

    One without both title and artist and without an id is none, nor is one at no time or at one that cannot be.
    """
    if listened_at is None:
        return LeftOut.NO_TIME
    if not can_be(listened_at):
        return LeftOut.OUT_OF_TIME
    named_id = TrackId(track_id_of(named)) or None
    play = Play(
        _NOBODY_YET,
        listened_at,
        title=text_of(title),
        artists=artists[:_MAX_ARTISTS],
        album=text_of(album),
        mbid=mbid_of(mbid),
        isrc=isrc_of(isrc),
        duration_ms=_ms(duration_ms) or None,
        played_ms=_ms(played_ms),
        skipped=skipped,
        client=text_of(client)[:_MAX_CLIENT].strip(),
        named_id=named_id,
    )
    return play if named_id or (play.title and play.artists) else LeftOut.NO_SONG


def play_in(record: Record, wanted: Wanted) -> Play | LeftOut | None:
    """The play that a record tells of, or why it is none; None: it is of no service whose records are known."""
    for marks, read in _READERS:
        if marks <= record.keys():
            return read(record, wanted)
    return None


def _of_listenbrainz(record: Record, _wanted: Wanted) -> Play | LeftOut:
    """https://listenbrainz.readthedocs.io/en/latest/users/json.html; exports add what the listen was mapped to.

    Artists as the API takes them from players, so that a play that came both ways is one.
    """
    said = _part(record, "track_metadata")
    more, mapped = _part(said, "additional_info"), _part(said, "mbid_mapping")
    seconds, played_s = more.get("duration"), more.get("duration_played")
    return play_of(
        unix_of(record.get("listened_at")),
        title=said.get("track_name"),
        artists=_all_texts(more.get("artist_names")) or _all_texts([said.get("artist_name")]),
        album=said.get("release_name"),
        mbid=more.get("recording_mbid") or more.get("track_mbid") or mapped.get("recording_mbid"),
        isrc=more.get("isrc"),
        named=more.get("spotify_id") or more.get("origin_url"),
        duration_ms=more.get("duration_ms") or _in_ms(seconds),
        played_ms=_in_ms(played_s),
        client=more.get("submission_client") or more.get("music_service_name"),
    )


def _of_spotify(record: Record, wanted: Wanted) -> Play | LeftOut:
    """Of the extended streaming history: `ts` is when it ended."""
    if record.get("episode_name") or record.get("spotify_episode_uri") or record.get("audiobook_title"):
        return LeftOut.PODCAST
    if record.get("incognito_mode") and not wanted.private_sessions:
        return LeftOut.PRIVATE_SESSION
    played_ms = _ms(record.get("ms_played"))
    if not played_ms:
        return LeftOut.NOTHING_HEARD
    ended = unix_of(record.get("ts"))
    has_ended = record.get("reason_end") == _TRACK_ENDED
    return play_of(
        None if ended is None else ended - played_ms // 1000,
        title=record.get("master_metadata_track_name"),
        artists=artists_of([record.get("master_metadata_album_artist_name")]),
        album=record.get("master_metadata_album_album_name"),
        named=record.get("spotify_track_uri"),
        played_ms=played_ms,
        skipped=False if has_ended else True if record.get("skipped") in (True, 1) else None,
        client="Spotify",
    )


def _of_spotify_account(record: Record, _wanted: Wanted) -> Play | LeftOut:
    """Of the last year, as Spotify's account data have it: when it ended, to the minute, and no ids."""
    if "trackName" not in record:
        return LeftOut.PODCAST
    played_ms = _ms(record.get("msPlayed"))
    if not played_ms:
        return LeftOut.NOTHING_HEARD
    ended = unix_of(record.get("endTime"))
    return play_of(
        None if ended is None else ended - played_ms // 1000,
        title=record.get("trackName"),
        artists=artists_of([record.get("artistName")]),
        played_ms=played_ms,
        client="Spotify",
    )


def _of_lastfm(record: Record, _wanted: Wanted) -> Play | LeftOut:
    """Of Last.fm's own API (`user.getRecentTracks`), or as lastfmstats.com writes it."""
    date = record.get("date")
    return play_of(
        unix_of(date.get("uts") if isinstance(date, dict) else date),
        title=record.get("track") or record.get("name"),
        artists=artists_of([_name(record.get("artist"))]),
        album=_name(record.get("album")),
        mbid=record.get("mbid"),
        client="Last.fm",
    )


def _of_earshot(record: Record, _wanted: Wanted) -> Play | LeftOut:
    """As `POST /listens` takes plays."""
    skipped = record.get("skipped")
    return play_of(
        unix_of(record.get("listened_at")),
        title=record.get("title"),
        artists=artists_of(record.get("artists")),
        album=record.get("album"),
        mbid=record.get("mbid"),
        isrc=record.get("isrc"),
        named=record.get("named_id") or record.get("track_id"),
        duration_ms=record.get("duration_ms"),
        played_ms=record.get("played_ms"),
        skipped=skipped if isinstance(skipped, bool) else None,
        client=record.get("client"),
    )


def _of_export(record: Record, wanted: Wanted) -> Play | LeftOut:
    """A row of `earshot listens export`, some of which are no plays."""
    return _of_earshot(record, wanted) if str(record["item"]).startswith("play#") else LeftOut.UNKNOWN


_Reader = Callable[[Record, Wanted], Play | LeftOut]
_READERS: tuple[tuple[frozenset[str], _Reader], ...] = (
    (frozenset({"track_metadata", "listened_at"}), _of_listenbrainz),
    (frozenset({"ts", "ms_played"}), _of_spotify),
    (frozenset({"endTime", "msPlayed"}), _of_spotify_account),
    (frozenset({"artist", "track"}), _of_lastfm),
    (frozenset({"artist", "name", "mbid"}), _of_lastfm),
    (frozenset({"listener", "item"}), _of_export),
    (frozenset({"listened_at"}), _of_earshot),
)
"""By what the records of each service are known."""


def _part(record: Record, name: str) -> Record:
    part = record.get(name)
    return cast("Record", part) if isinstance(part, dict) else {}


def _all_texts(values: object) -> tuple[str, ...]:
    return tuple(filter(None, map(text_of, values))) if isinstance(values, list) else ()


def _name(value: object) -> object:
    """Last.fm's names stand alone, or in an object beside an id."""
    return value.get("#text") or value.get("name") if isinstance(value, dict) else value


def _in_ms(seconds: object) -> object:
    ms = _ms(seconds)
    return None if ms is None else 1000 * ms


def _ms(value: object) -> int | None:
    """A number of milliseconds, or what is one as a text; None where it is none or absurd."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return int(number) if 0 <= number <= _MAX_MS else None
