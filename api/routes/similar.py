"""Answers by sound: /similar, /extend and /path."""

from typing import Annotated

from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body, Query

from api.bootstrap import services
from api.caching import by_index_version
from api.contract import ExtendAnswer, SimilarAnswer
from api.journey import journey
from api.options import Options
from api.ranking import Query as SoundQuery
from api.ranking import Seed, as_query_track, rank
from api.requests import ExtendRequest, SimilarRequest
from api.routes.documented import answers
from api.routes.parameters import TRACK, OptionsQuery, TrackIdQuery, TrackIdsQuery
from api.seeds import canonical, seed_of, seeds_of_playlist
from earshot.index.searcher import Searcher

router = Router()
_TAGS = ["explore"]
_CACHED = [by_index_version]


@router.get(
    "/similar",
    summary="Tracks that sound like a track",
    operation_id="similar",
    tags=_TAGS,
    responses=answers(SimilarAnswer, 304, 404, 409, 422, 503),
    middlewares=_CACHED,
)
def similar(track_id: TrackIdQuery, options: OptionsQuery) -> SimilarAnswer:
    """The tracks nearest to a track, best first, never the track itself."""
    searcher = _index_for(track_id, *options.exclude)
    return _similar(searcher, [seed_of(searcher, services().tracks, track_id)], options)


@router.post(
    "/similar",
    summary="Tracks that sound like these and not like those",
    operation_id="similar_to_several",
    tags=_TAGS,
    responses=answers(SimilarAnswer, 404, 409, 413, 415, 422, 503),
)
def similar_to_several(request: Annotated[SimilarRequest, Body()]) -> SimilarAnswer:
    """The tracks nearest to the weighted sum of several seeds; negative weights push away."""
    searcher = _index_for(*(seed.track_id for seed in request.seeds), *request.exclude)
    seeds = [seed_of(searcher, services().tracks, seed.track_id, seed.weight) for seed in request.seeds]
    return _similar(searcher, seeds, request)


def _index_for(*track_ids: str) -> Searcher:
    """The newest index, for a request whose `track_ids` are ids: one that can never be answered is told so first."""
    canonical(track_ids)
    return services().index.current()


def _similar(searcher: Searcher, seeds: list[Seed], options: Options) -> SimilarAnswer:
    ranking = rank(searcher, SoundQuery.of(seeds), options, exclude=canonical(options.exclude))
    return SimilarAnswer(
        index_version=searcher.version, model=searcher.model, query=ranking.query, results=ranking.results
    )


@router.get(
    "/extend",
    summary="Continue a playlist",
    operation_id="extend",
    tags=_TAGS,
    responses=answers(ExtendAnswer, 304, 404, 409, 422, 503),
    middlewares=_CACHED,
)
def extend(track_ids: TrackIdsQuery, options: OptionsQuery) -> ExtendAnswer:
    """Tracks that fit a playlist, its later tracks counting more; none of its own."""
    return _extend(track_ids, options)


@router.post(
    "/extend",
    summary="Continue a long playlist",
    operation_id="extend_long",
    tags=_TAGS,
    responses=answers(ExtendAnswer, 404, 409, 413, 415, 422, 503),
)
def extend_long(request: Annotated[ExtendRequest, Body()]) -> ExtendAnswer:
    """The same for up to 200 tracks."""
    return _extend(request.track_ids, request)


def _extend(track_ids: list[str], options: Options) -> ExtendAnswer:
    searcher = _index_for(*options.exclude)
    seeds, skipped = seeds_of_playlist(searcher, services().tracks, track_ids)
    answer = _similar(searcher, seeds, options)
    return ExtendAnswer(**dict(answer), skipped=skipped)


@router.get(
    "/path",
    summary="A listening journey from one track to another",
    operation_id="path",
    tags=_TAGS,
    responses=answers(SimilarAnswer, 304, 404, 409, 422, 503),
    middlewares=_CACHED,
)
def path(
    start: Annotated[str, Query(alias="from", min_length=1, max_length=512, description=TRACK)],
    end: Annotated[str, Query(alias="to", min_length=1, max_length=512, description=TRACK)],
    steps: Annotated[int, Query(ge=1, le=30, description="How many tracks in between, where there are enough.")] = 8,
) -> SimilarAnswer:
    """Each step is close to the last; the results end with the destination.

    `similarity` is that to the track before.
    """
    searcher = _index_for(start, end)
    first, last = (seed_of(searcher, services().tracks, text) for text in (start, end))
    return SimilarAnswer(
        index_version=searcher.version,
        model=searcher.model,
        query=[as_query_track(first), as_query_track(last)],
        results=journey(searcher, first, last, steps),
    )
