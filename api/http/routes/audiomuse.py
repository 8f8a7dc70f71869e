"""AudioMuse-AI's questions, so that what was written for it (plugins of Jellyfin, Lyrion, Navidrome, beets) works here.

https://github.com/NeptuneHub/AudioMuse-AI: `item_id` is what the media server calls a song, `distance` is 1 - cosine,
errors are ``{"error": …}``. What AudioMuse computes otherwise (moods, radius) is accepted and does nothing.
"""

import json
import re
from collections.abc import Callable, Sequence
from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router

from api.answers.found import Found
from api.answers.journey import journey
from api.answers.options import Options
from api.answers.query import Query, Seed
from api.answers.ranking import rank
from api.answers.search import search
from api.answers.seeds import seed_of
from api.http.services import catalogue_of, searcher_of, services_of
from api.http.subsonic import only_on_one_machine, track_of
from earshot.errors import EarshotError, InvalidInput, InvalidRequest, InvalidTrackId, TrackNotFound, http_status
from earshot.ids import number_of, source_of, unescaped
from earshot.index.rows import IndexedTrack
from earshot.sources import SOURCES
from earshot.titles import same_artist, same_title

router = Router()

_MAX_RESULTS, _MAX_STEPS, _MAX_SEEDS, _PER_ARTIST = 100, 30, 50, 3
_SUBTRACTED = -0.5
_LEAST_LETTERS = 3

Row = dict[str, object]
Endpoint = Callable[[], object]


def _answering(endpoint: Endpoint) -> Callable[[], Response[str]]:
    def answered() -> Response[str]:
        try:
            only_on_one_machine(router)
            status, content = HTTPStatus.OK, endpoint()
        except EarshotError as error:
            status, content = _status(error), {"error": error.message}
        return Response(status_code=status.value, content_type="application/json", body=json.dumps(content))

    return answered


def _status(error: EarshotError) -> HTTPStatus:
    """As AudioMuse says it: what is no id here is a song that is not here."""
    if isinstance(error, InvalidTrackId):
        return HTTPStatus.NOT_FOUND
    return HTTPStatus.BAD_REQUEST if isinstance(error, InvalidInput) else http_status(error)


def _similar_tracks() -> list[Row]:
    """Songs that sound like `item_id`, or like the song with this `title` and `artist`."""
    seed = _seed(_asked("item_id")) if _asked("item_id") else _seed(_named(_asked("title"), _asked("artist")))
    most = _PER_ARTIST if _asked("eliminate_duplicates").lower() == "true" else None
    ranking = rank(
        searcher_of(router), Query.of([seed]), Options(k=_number("n", 10, _MAX_RESULTS), max_per_artist=most)
    )
    return [_row(found) for found in ranking.results]


def _find_path() -> Row:
    """A way from one song to another, both included."""
    names = _asked("start_song_id"), _asked("end_song_id")
    if not all(names):
        raise InvalidRequest("Both a start and end song must be provided.")
    start, end = map(_seed, names)
    if start.track.track_id == end.track.track_id:
        raise InvalidRequest("Start and end songs cannot be the same.")
    walk = journey(searcher_of(router), start, end, max(0, _number("max_steps", 25, _MAX_STEPS + 2) - 2))
    total = sum(1 - found.similarity for found in walk if found.similarity is not None)
    rows = [_described(start.track), *(_described(found.track) for found in walk)]
    return {"path": [{**row, "embedding_vector": []} for row in rows], "total_distance": total}


def _search_tracks() -> list[Row]:
    """Songs by words of title, artist and album."""
    text = _asked("search_query") or f"{_asked('artist')} {_asked('title')}".strip()
    if len(text) < _LEAST_LETTERS:
        return []
    start = _number("start", 0, 10_000, least=0)
    count = min(_MAX_RESULTS, _number("end", start + 20, 10_000, least=0) - start)
    if count <= 0:
        return []
    _, found = search(catalogue_of(router), text=text, limit=count, offset=start)
    return [_described(one.track) for one in found]


def _alchemy() -> Row:
    """Songs like those that are added and unlike those that are subtracted."""
    try:
        asked = json.loads(router.current_event.decoded_body or "{}")
        items = [(str(item["id"]), str(item["op"]).upper()) for item in asked["items"][:_MAX_SEEDS]]
        count = max(1, min(_MAX_RESULTS, int(asked.get("n") or _MAX_RESULTS)))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise InvalidRequest("Invalid request") from None
    if not any(operation == "ADD" for _, operation in items):
        raise InvalidRequest("At least one song must be added.")
    seeds = [_seed(item, 1.0 if operation == "ADD" else _SUBTRACTED) for item, operation in items]
    ranking = rank(searcher_of(router), Query.of(seeds), Options(k=count))
    return {"results": [_row(found) for found in ranking.results], "filtered_out": [], "centroid_2d": None}


for _path, _endpoint in {
    "/api/similar_tracks": _similar_tracks,
    "/api/find_path": _find_path,
    "/api/search_tracks": _search_tracks,
}.items():
    router.get(_path, include_in_schema=False)(_answering(_endpoint))
router.post("/api/alchemy", include_in_schema=False)(_answering(_alchemy))


def _asked(name: str) -> str:
    return (router.current_event.query_string_parameters or {}).get(name, "").strip()


def _number(name: str, default: int, most: int, least: int = 1) -> int:
    text = _asked(name) or str(default)
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        raise InvalidRequest(f"{name} is no number: {text[:20]!r}")
    return max(least, min(most, int(text)))


def _seed(item: str, weight: float = 1.0) -> Seed:
    searcher = searcher_of(router)
    return seed_of(searcher, services_of(router).tracks.get, track_of(searcher, item), weight)


def _named(title: str, artist: str) -> str:
    """The id of the song with this title and artist.

    Raises:
        InvalidRequest: one of both is missing. TrackNotFound
    """
    if not (title and artist):
        raise InvalidRequest("Request must include either 'item_id' or both 'title' and 'artist'.")
    _, found = search(catalogue_of(router), text=title, limit=_MAX_RESULTS, offset=0)
    for one in found:
        if same_title(one.track.title, title) and same_artist(one.track.artists, [artist]):
            return one.track.track_id
    raise TrackNotFound(f"Track {title[:80]!r} by {artist[:80]!r} not found in the database.")


def _row(found: Found) -> Row:
    return {**_described(found.track, found.versions), "distance": round(1 - (found.similarity or 0.0), 6)}


def _described(track: IndexedTrack, versions: Sequence[IndexedTrack] = ()) -> Row:
    """A song under the name that a media server has for it, if one of them holds any version of it."""
    own = next((one for one in (track, *versions) if SOURCES[source_of(one.track_id)].is_server), None)
    return {
        "item_id": unescaped(number_of(own.track_id)) if own else track.track_id,
        "title": track.title,
        "author": ", ".join(track.artists),
        "album": track.album or "unknown",
        "album_artist": track.album_artist or "unknown",
    }
