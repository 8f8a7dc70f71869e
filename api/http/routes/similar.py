"""Answers by sound: /similar, /extend and /path."""

from collections.abc import Sequence
from typing import Annotated, Literal

from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.openapi.params import Query as Parameter

from api.answers.commonness import commonness_of
from api.answers.course import Course, Energy
from api.answers.journey import journey
from api.answers.listening import beside_sound
from api.answers.query import Query, Seed
from api.answers.ranking import rank
from api.answers.seeds import seed_of, seeds_of_playlist
from api.http.caching import by_spaces
from api.http.contract import ExtendAnswer, SimilarAnswer, Skipped
from api.http.keys import check_folder
from api.http.lists import as_list
from api.http.options import OptionParameters
from api.http.presentation import query_track, results, spaces
from api.http.requests import ExtendRequest, SimilarRequest
from api.http.routes.documented import answers
from api.http.routes.parameters import (
    FiltersParameter,
    FormatParameter,
    FromParameter,
    ListeningParameter,
    OptionsParameter,
    PathRootParameter,
    ToParameter,
    TrackIdParameter,
    TrackIdsParameter,
)
from api.http.services import searcher_of, services_of, table_of
from earshot.ids import TrackId

router = Router()
_TAGS = ["explore"]
_CACHED = [as_list, by_spaces]
_LISTED = [as_list]


@router.get(
    "/similar",
    summary="Tracks that sound like a track",
    operation_id="similar",
    tags=_TAGS,
    responses=answers(SimilarAnswer, 304, 401, 404, 409, 422, 503),
    middlewares=_CACHED,
)
def similar(track_id: TrackIdParameter, options: OptionsParameter) -> SimilarAnswer:
    """The tracks nearest to a track, best first, never the track itself."""
    return _similar([_seed(track_id)], options)


@router.post(
    "/similar",
    summary="Tracks that sound like these and not like those",
    operation_id="similar_to_several",
    tags=_TAGS,
    responses=answers(SimilarAnswer, 401, 404, 409, 413, 415, 422, 503),
    middlewares=_LISTED,
)
def similar_to_several(request: Annotated[SimilarRequest, Body()]) -> SimilarAnswer:
    """The tracks nearest to the weighted sum of several seeds; negative weights push away."""
    return _similar([_seed(seed.track_id, seed.weight) for seed in request.seeds], request)


def _seed(track_id: TrackId, weight: float = 1.0) -> Seed:
    return seed_of(searcher_of(router), services_of(router).tracks.get, track_id, weight)


def _similar(seeds: Sequence[Seed], options: OptionParameters) -> SimilarAnswer:
    check_folder(router, options.folder)
    searcher = searcher_of(router)
    table = table_of(router, options.listening)
    ranking = rank(searcher, Query.of(seeds, beside_sound(table, options.listening)), options.options())
    common = commonness_of(searcher)
    return SimilarAnswer(
        index_version=searcher.version,
        model=searcher.model,
        spaces=spaces(searcher, table),
        query=[query_track(shown.seed, common, shown.versions) for shown in ranking.seeds],
        results=results(ranking.results, common),
    )


@router.get(
    "/extend",
    summary="Continue a playlist",
    operation_id="extend",
    tags=_TAGS,
    responses=answers(ExtendAnswer, 304, 404, 409, 422, 503),
    middlewares=_CACHED,
)
def extend(track_ids: TrackIdsParameter, options: OptionsParameter) -> ExtendAnswer:
    """Tracks that fit a playlist, its later tracks counting more; none of its own."""
    return _extend(track_ids, options)


@router.post(
    "/extend",
    summary="Continue a long playlist",
    operation_id="extend_long",
    tags=_TAGS,
    responses=answers(ExtendAnswer, 401, 404, 409, 413, 415, 422, 503),
    middlewares=_LISTED,
)
def extend_long(request: Annotated[ExtendRequest, Body()]) -> ExtendAnswer:
    """The same for up to 200 tracks."""
    return _extend(request.track_ids, request)


def _extend(texts: Sequence[str], options: OptionParameters) -> ExtendAnswer:
    seeds, skipped = seeds_of_playlist(searcher_of(router), services_of(router).tracks.find_many, texts)
    return ExtendAnswer(
        **dict(_similar(seeds, options)),
        skipped=[Skipped(track_id=one.text[:80], code=one.error.code, message=one.error.message) for one in skipped],
    )


@router.get(
    "/path",
    summary="A listening journey from one track to another",
    operation_id="path",
    tags=_TAGS,
    responses=answers(SimilarAnswer, 304, 401, 404, 409, 422, 503),
    middlewares=_CACHED,
)
def path(  # noqa: PLR0917 (parameters of a query have no order)
    start: FromParameter,
    end: ToParameter,
    filters: FiltersParameter,
    steps: Annotated[
        int, Parameter(ge=1, le=30, description="How many tracks in between, where there are enough.")
    ] = 8,
    listening: ListeningParameter = 0.0,
    harmonic: Annotated[
        float,
        Parameter(
            ge=0,
            le=1,
            allow_inf_nan=False,
            description="How much it counts that steps stay in a key or go to a neighbour on the Camelot wheel.",
        ),
    ] = 0.0,
    energy: Annotated[
        Literal["build_up", "calm_down"] | None,
        Parameter(description="How loudness, tempo and pulse are to change along the way."),
    ] = None,
    format: FormatParameter = None,  # noqa: A002, ARG001 (its name over HTTP; `as_list` reads it)
    path_root: PathRootParameter = None,  # noqa: ARG001
) -> SimilarAnswer:
    """Each step is close to the last; the results end with the destination. Filters speak of the tracks in between.

    `similarity` is that to the track before. With `listening` steps that are played together are shorter. What goes
    against `harmonic` or `energy` is a longer step, so that sound may give way, and does where it must.
    """
    check_folder(router, filters.folder)
    searcher = searcher_of(router)
    first, last, table = _seed(start), _seed(end), table_of(router, listening)
    weights, course = beside_sound(table, listening), Course(harmonic, Energy(energy) if energy else None)
    found = journey(searcher, first, last, steps, filters=filters.filters(), weights=weights, course=course)
    common = commonness_of(searcher)
    return SimilarAnswer(
        index_version=searcher.version,
        model=searcher.model,
        spaces=spaces(searcher, table),
        query=[query_track(first, common), query_track(last, common)],
        results=results(found, common),
    )
