"""What is for one listener alone: GET /recommend and GET /radio. The key says who asks."""

from dataclasses import replace
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import ApiGatewayResolver, Router
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
from aws_lambda_powertools.event_handler.openapi.params import Query as Parameter

from api.answers.commonness import commonness_of
from api.answers.listening import beside_sound
from api.answers.recommend import Recommendation, Wishes, radio, recommend
from api.answers.seeds import seed_of
from api.http.contract import RecommendAnswer
from api.http.keys import check_folder
from api.http.listeners import FOR_THE_LISTENER, listener_of_request
from api.http.lists import as_list
from api.http.options import RadioParameters, RecommendParameters
from api.http.presentation import query_track, results, spaces
from api.http.routes.documented import answers
from api.http.services import searcher_of, services_of, table_for, table_of
from earshot.clock import epoch
from earshot.ids import TrackId
from earshot.plays import Play

router = Router()
_TAGS = ["listening"]
_PLAYS, _ALL_PLAYS = 100, 200
"""Plays that are read: those that count, and as many as are looked at as long as there is no history."""
_USUAL_DAYS = 7


def for_the_listener(app: ApiGatewayResolver, next_middleware: NextMiddleware) -> Response[object]:
    """Route middleware: the answer is nobody else's, in whatever form, and is not kept."""
    response: Response[object] = next_middleware(app)
    response.headers.update(FOR_THE_LISTENER)
    return response


_OWN = [for_the_listener, as_list]


@router.get(
    "/recommend",
    summary="What one may like",
    operation_id="recommend",
    tags=_TAGS,
    responses=answers(RecommendAnswer, 401, 404, 409, 422, 503),
    middlewares=_OWN,
)
def recommend_tracks(options: Annotated[RecommendParameters, Parameter()]) -> RecommendAnswer:
    """By the listener's last plays, what they love and have long played, away from what they skipped and banned.

    What came before and was not played sinks. Of whom nothing is known: tracks from all over the catalogue (`basis`).
    """
    check_folder(router, options.folder)
    listener, services, searcher = listener_of_request(router), services_of(router), searcher_of(router)
    looks_far = options.new_to_me or options.not_played_for_days > _USUAL_DAYS
    history = services.listeners.history(listener) if looks_far else None
    plays = _ALL_PLAYS if looks_far and history is None else _PLAYS
    known = replace(services.listeners.get(listener, plays), history=history)
    shown = services.shown.of(listener)
    wishes = Wishes(
        options.options(),
        epoch(),
        beside_sound(table_for(router, listener, options.listening), options.listening),
        seeds=[_in_index(track_id) for track_id in options.seeds],
        freshness=options.freshness,
        not_played_for_days=options.not_played_for_days,
        new_to_me=options.new_to_me,
    )
    found = recommend(searcher, known, shown, wishes)
    if found.results:
        services.shown.note(listener, shown, (one.track.track_id for one in found.results))
    return _answer(found, options.listening)


@router.get(
    "/radio",
    summary="What may follow",
    operation_id="radio",
    tags=_TAGS,
    responses=answers(RecommendAnswer, 401, 404, 409, 422, 503),
    middlewares=_OWN,
)
def next_tracks(options: Annotated[RadioParameters, Parameter()]) -> RecommendAnswer:
    """A few tracks that go on from `track_id`, else from what plays now, else from the last play, and away from skips.

    Nothing is kept between two questions: the plays say where it stands. Name what is queued already in `exclude`.
    """
    check_folder(router, options.folder)
    listener, services, searcher = listener_of_request(router), services_of(router), searcher_of(router)
    wishes = Wishes(
        options.options(),
        epoch(),
        beside_sound(table_for(router, listener, options.listening), options.listening),
        seeds=[_in_index(options.track_id)] if options.track_id else _playing(services.listeners.playing(listener)),
        not_played_for_days=options.not_played_for_days,
    )
    return _answer(radio(searcher, services.listeners.get(listener, _PLAYS), wishes), options.listening)


def _playing(play: Play | None) -> list[TrackId]:
    """What plays now, where the catalogue knows it."""
    track_id = (play.track_id or play.named_id) if play else None
    return [track_id] if track_id else []


def _in_index(track_id: TrackId) -> TrackId:
    """The id under which the index holds the track.

    Raises:
        TrackNotFound, TrackNotReady
    """
    return seed_of(searcher_of(router), services_of(router).tracks.get, track_id).track.track_id


def _answer(found: Recommendation, listening: float) -> RecommendAnswer:
    searcher = searcher_of(router)
    common = commonness_of(searcher)
    return RecommendAnswer(
        index_version=searcher.version,
        model=searcher.model,
        spaces=spaces(searcher, table_of(router, listening)),
        basis=found.basis,
        plays=found.plays,
        query=[query_track(seed, common) for seed in found.seeds],
        results=results(found.results, common),
    )
