"""OpenSubsonic by sound, for players: similar songs, and the `sonicSimilarity` extension.

https://opensubsonic.netlify.app. Errors travel with status 200, as Subsonic's do; song ids are Earshot's track ids, and
what media servers call their songs is understood; `similarity` is (1 + cosine) / 2, so that 1 is identical and 0 the
most different. What players ask besides is in `opensubsonic_library`.
"""

from collections.abc import Sequence

from aws_lambda_powertools.event_handler.api_gateway import Router

from api.answers.found import Found
from api.answers.journey import journey
from api.answers.options import Options
from api.answers.query import Query, Seed
from api.answers.ranking import rank
from api.answers.seeds import seed_of
from api.answers.spaces import Sound
from api.http.services import catalogue_of, searcher_of, services_of
from api.http.subsonic import Content, album_id, artist_id, child, needed, number, only_on_one_machine, route, track_of
from api.http.subsonic_library import library_of
from earshot.index.rows import IndexedTrack
from earshot.media_servers.subsonic_answers import EXTENSION, similarity

router = Router()

_MAX_COUNT, _MAX_STEPS, _MAX_SEEDS = 100, 30, 50

Match = tuple[IndexedTrack, float]
"""A song and its cosine."""


@route(router, "getOpenSubsonicExtensions")
def extensions() -> Content:
    """What this server adds to Subsonic."""
    return {"openSubsonicExtensions": [EXTENSION, {"name": "formPost", "versions": [1]}]}


@route(router, "getSonicSimilarTracks")
def similar_tracks() -> Content:
    """The `count` tracks that sound most like the song `id`."""
    (song,) = needed(router, "id")
    seed = _seed(song)
    ranking = rank(searcher_of(router), Query.of([seed]), Options(k=number(router, "count", 10, _MAX_COUNT, 1)))
    return _matches(_compared(seed, ranking.results))


@route(router, "findSonicPath")
def find_path() -> Content:
    """A path of at most `count` songs from `startSongId` to `endSongId`; similarities are those to the first song."""
    start, end = map(_seed, needed(router, "startSongId", "endSongId"))
    steps = min(_MAX_STEPS, max(0, number(router, "count", 25, _MAX_COUNT, 1) - 2))
    walk = journey(searcher_of(router), start, end, steps)
    return _matches([(start.track, 1.0), *_compared(start, walk)])


@route(router, "getSimilarSongs")
def similar_songs() -> Content:
    """Songs that sound like a song, an album or an artist."""
    return {"similarSongs": {"song": _similar_songs()}}


@route(router, "getSimilarSongs2")
def similar_songs_2() -> Content:
    """The same; players ask for either."""
    return {"similarSongs2": {"song": _similar_songs()}}


def _similar_songs() -> list[Content]:
    (wanted,) = needed(router, "id")
    count = number(router, "count", 50, _MAX_COUNT, 1)
    ranking = rank(searcher_of(router), Query.of(_seeds(wanted)), Options(k=count))
    return [child(found.track) for found in ranking.results]


def _seeds(wanted: str) -> list[Seed]:
    if not wanted.startswith(("ar-", "al-")):
        return [_seed(wanted)]
    only_on_one_machine(router)
    tracks = [
        track for track in library_of(catalogue_of(router)).tracks if wanted in (artist_id(track), album_id(track))
    ]
    return [_seed(track.track_id) for track in tracks[:_MAX_SEEDS]] or [_seed(wanted)]


def _compared(seed: Seed, found: Sequence[Found]) -> list[Match]:
    tracks = [one.track for one in found]
    similarities = Sound(searcher_of(router)).cosines([seed.vector], [track.track_id for track in tracks])
    return [(track, similarities[track.track_id]) for track in tracks]


def _seed(song: str) -> Seed:
    searcher = searcher_of(router)
    return seed_of(searcher, services_of(router).tracks.get, track_of(searcher, song))


def _matches(found: Sequence[Match]) -> Content:
    return {"sonicMatch": [{"entry": child(track), "similarity": similarity(cosine)} for track, cosine in found]}
