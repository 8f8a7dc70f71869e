"""What the front door of a catalogue in shards asks each of them: GET /shard, /shard/tracks/{id}, POST /shard/nearest.

For processes that know each other: with a key, without quotas. Where the index is no shard there are no such paths.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic_core import to_json

from api.answers.commonness import commonness_of
from api.answers.scale import sample_of
from api.answers.seeds import seed_of
from api.answers.spaces import Sound
from api.http.keys import key_checked
from api.http.routes.documented import answers
from api.http.routes.parameters import TrackIdInPath
from api.http.services import searcher_of, services_of
from api.http.shard_contract import (
    Counts,
    NearestRequest,
    ShardNearest,
    ShardSummary,
    ShardTrack,
    packed,
    unpacked,
)
from earshot.errors import OtherTransform, RouteNotFound, UnknownTag
from earshot.index.searcher import Searcher

router = Router()
_TAGS = ["shards"]


@router.get(
    "/shard",
    summary="Which shard this is",
    operation_id="shard",
    tags=_TAGS,
    responses=answers(ShardSummary, 401, 404, 503),
    middlewares=[key_checked],
)
def state() -> Response[str]:
    """For the front door: which index version answers, which part of a catalogue it is, of which transform, and what
    is common in it."""
    searcher = _searcher()
    return _json(_state(searcher) | {"common": Counts.model_validate(commonness_of(searcher)).model_dump()})


@router.get(
    "/shard/tracks/<track_id>",
    summary="A track's vector",
    operation_id="shard_track",
    tags=_TAGS,
    responses=answers(ShardTrack, 401, 404, 409, 422, 503),
    middlewares=[key_checked],
)
def vector_of_track(track_id: TrackIdInPath) -> Response[str]:
    """For the front door: a track as the index has it, with the vector that other shards are asked about."""
    searcher = _searcher()
    seed = seed_of(searcher, services_of(router).tracks.get, track_id)
    return _json(_state(searcher) | {"track": seed.track.to_row(), "vector": packed(seed.vector)})


@router.post(
    "/shard/nearest",
    summary="The tracks nearest to a vector",
    operation_id="shard_nearest",
    tags=_TAGS,
    responses=answers(ShardNearest, 401, 404, 409, 413, 415, 422, 503),
    middlewares=[key_checked],
)
def nearest(request: Annotated[NearestRequest, Body()]) -> Response[str]:
    """For the front door: what this shard has to say of a vector of the same transform."""
    searcher = _searcher()
    if request.transform != searcher.transform.sha256:
        raise OtherTransform(f"the vector is of transform {request.transform[:16]}, the index of another one")
    vector, unknown = unpacked(request.vector, searcher.dim), None
    try:
        sound = Sound(searcher, request.filters.filters())
        candidates = sound.candidates([vector], request.k, exclude=frozenset(request.exclude))
    except UnknownTag as error:
        candidates, unknown = [], error.message
    vectors, _ = searcher.vectors([each.track_id for each in candidates])
    found = [
        {"similarity": each.score, "track": each.track.to_row() if each.track else {}, "vector": packed(own)}
        for each, own in zip(candidates, vectors, strict=True)
    ]
    return _json(_state(searcher) | {"found": found, "unknown_tag": unknown, "sampled": _sampled(searcher, request)})


def _sampled(searcher: Searcher, request: NearestRequest) -> str:
    """Cosines of the shard's part of the catalogue's sample."""
    sample = sample_of(searcher, request.sample_below) if request.sample_below else None
    return packed(sample.cosines([unpacked(request.vector, searcher.dim)], request.exclude)) if sample else ""


def _searcher() -> Searcher:
    searcher = searcher_of(router)
    if not isinstance(searcher, Searcher) or searcher.shard is None:
        raise RouteNotFound("this index is no shard of a catalogue")
    return searcher


def _state(searcher: Searcher) -> dict[str, object]:
    shard = searcher.shard
    assert shard is not None  # noqa: S101 (see `_searcher`)
    return {
        "version": searcher.version, "tracks": searcher.size, "model": searcher.model, "recipe": searcher.recipe,
        "dim": searcher.dim, "transform": searcher.transform.sha256, "number": shard.number, "of": shard.of,
    }  # fmt: skip


def _json(body: dict[str, object]) -> Response[str]:
    """As it is: a thousand tracks need no second validation."""
    headers: dict[str, str | list[str]] = {"Cache-Control": "no-store"}
    return Response(status_code=200, content_type="application/json", headers=headers, body=to_json(body).decode())
