"""The ASGI application of the front door: GET and POST /similar, GET /tracks/{id}, GET /health; all else says so.

Answers are made in threads, since ranking computes; whatever asks shards runs on the event loop.
"""

import asyncio
import hashlib
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http import HTTPStatus
from typing import Literal, NamedTuple, TypeVar
from urllib.parse import unquote

import httpx
from pydantic import BaseModel

from api.answers.query import Query, Seed
from api.answers.ranking import Ranking, ranked
from api.door.asked import check_served, in_body, in_query
from api.door.contract import DoorHealth, ShardCount, ShardHealth, SimilarParameters, WholeOrPart
from api.door.fleet import Agreement, Fleet
from api.door.gathered import Gathered
from api.door.replica import Condition
from api.http import problems
from api.http.app import SECURITY_HEADERS, max_body_bytes, resolver
from api.http.contract import SpaceVersion
from api.http.options import OptionParameters
from api.http.presentation import query_track, results
from api.http.requests import SeedChoice, SimilarRequest
from api.http.shard_contract import unpacked
from api.one_machine.gateway import body_of
from api.one_machine.protocol import Receive, Scope, Send
from earshot.errors import EarshotError, NotServedHere, RequestTooLarge, RouteNotFound
from earshot.ids import parse_track_id
from earshot.index.rows import IndexedTrack
from earshot.telemetry import logger

_AT_ONCE = 32
"""Answers that are made at a time."""
_TRACKS = "/tracks/"
_OF_TRACKS = ("/audio", "/cover")
_BEST: tuple[Condition, ...] = ("up", "other_transform", "wrong_shard", "down")
_Found = TypeVar("_Found")


class _Answer(NamedTuple):
    status: int
    body: str
    headers: dict[str, str]


class Door:
    """Answers for all shards.

    Args:
        fleet: the shards.
        client: over which they are asked; closed at the end.
        stage: what /health calls it.
        cache_max_age_s: how long callers may keep an answer that all shards have given.
    """

    def __init__(self, fleet: Fleet, client: httpx.AsyncClient, *, stage: str, cache_max_age_s: int) -> None:
        self._fleet = fleet
        self._client = client
        self._stage = stage
        self._kept = f"public, max-age={cache_max_age_s}"
        self._api = resolver()
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="answers")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; of a lifespan: look after the shards."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            loop = asyncio.get_running_loop()
            body = await body_of(receive, scope["path"])
            answer = await loop.run_in_executor(self._threads, self._answer, loop, scope, body)
            await _say(send, answer, with_body=scope["method"] != "HEAD")

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await self._fleet.look()
        watching = asyncio.create_task(self._fleet.watch())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        await self._client.aclose()
        self._threads.shutdown(wait=False)
        await send({"type": "lifespan.shutdown.complete"})

    def _answer(self, loop: asyncio.AbstractEventLoop, scope: Scope, body: bytes) -> _Answer:
        path = scope["path"]
        try:
            return self._routed(_Asking(self._fleet, loop), scope, body)
        except EarshotError as error:
            return _problem(error, path)
        except Exception:  # noqa: BLE001 (whatever it is, the caller gets an answer and the log the reason)
            logger().exception("unforeseen error")
            return _problem(EarshotError("unforeseen error"), path)

    def _routed(self, asking: "_Asking", scope: Scope, body: bytes) -> _Answer:
        method, path = "GET" if scope["method"] == "HEAD" else scope["method"], scope["path"]
        if len(body) > max_body_bytes(path):
            raise RequestTooLarge(f"the body has more than {max_body_bytes(path)} bytes", hint="Send less.")
        if (method, path) == ("GET", "/similar"):
            asked = in_query(SimilarParameters, scope["query_string"].decode("latin-1"))
            return self._similar(asking, [SeedChoice(track_id=asked.track_id)], asked)
        if (method, path) == ("POST", "/similar"):
            request = in_body(SimilarRequest, body)
            return self._similar(asking, request.seeds, request)
        if (method, path) == ("GET", "/health"):
            return _json(health(self._fleet, self._stage), "no-store")
        if method == "GET" and path.startswith(_TRACKS) and not path.endswith(_OF_TRACKS):
            return self._track(asking, path.removeprefix(_TRACKS))
        if problems.methods_of(self._api, path):
            raise NotServedHere(
                f"{method[:20]} {path[:80]} is not answered for a catalogue in shards",
                hint="docs/scaling.md says what the front door answers.",
            )
        raise RouteNotFound(f"no such path: {path[:80]!r}")

    def _track(self, asking: "_Asking", text: str) -> _Answer:
        found = asking.wait(self._fleet.described(parse_track_id(unquote(text)), self._fleet.check()))
        return _Answer(found.status, found.body, {"cache-control": "no-store"})

    def _similar(self, asking: "_Asking", choices: Sequence[SeedChoice], options: OptionParameters) -> _Answer:
        check_served(options)
        agreed, common = self._fleet.check(), self._fleet.common
        seeds = asking.seeds(choices, agreed)
        gathered = Gathered(
            lambda request, numbers: asking.wait(self._fleet.nearest(request, numbers)),
            len(self._fleet.shards),
            agreed.transform,
            agreed.dim,
            filters=options,
            common=common,
        )
        ranking = ranked(gathered, gathered, Query.of(seeds), options.options())
        return self._shown(gathered, ranking, agreed)

    def _shown(self, gathered: Gathered, ranking: Ranking, agreed: Agreement) -> _Answer:
        versions, of = gathered.versions, len(self._fleet.shards)
        version = _version(versions)
        answer = WholeOrPart(
            index_version=version,
            model=agreed.model,
            spaces={"sound": SpaceVersion(version=version, recipe=agreed.recipe)},
            query=[query_track(shown.seed, gathered.common, shown.versions) for shown in ranking.seeds],
            results=results(ranking.results, gathered.common),
            shards=ShardCount(answered=len(versions), of=of),
        )
        return _json(answer, self._kept if len(versions) == of else "no-store")


class _Asking:
    """Asks shards from a thread that makes an answer."""

    def __init__(self, fleet: Fleet, loop: asyncio.AbstractEventLoop) -> None:
        self._fleet = fleet
        self._loop = loop

    def wait(self, question: Coroutine[object, object, _Found]) -> _Found:
        """What comes of it; it takes no longer than shards are waited for."""
        return asyncio.run_coroutine_threadsafe(question, self._loop).result()

    def seeds(self, choices: Sequence[SeedChoice], agreed: Agreement) -> list[Seed]:
        """Of tracks their vectors, from the shards that they belong to.

        Raises:
            ShardOfTrackDown, TrackNotFound, TrackNotReady
        """

        async def every() -> list[Seed]:
            asked = (self._fleet.track(choice.track_id, agreed) for choice in choices)
            found = await asyncio.gather(*asked)
            return [
                Seed(IndexedTrack.from_row(each.track), unpacked(each.vector, agreed.dim), choice.weight)
                for each, choice in zip(found, choices, strict=True)
            ]

        return self.wait(every())


def health(fleet: Fleet, stage: str) -> DoorHealth:
    """How all shards are."""
    agreed = fleet.agreed
    transform = agreed.transform if agreed else None
    each: list[ShardHealth] = []
    for shard in fleet.shards:
        conditions = [replica.condition(transform) for replica in shard.every]
        best = min(conditions, key=_BEST.index)
        state = next((one.state for one in shard.every if one.condition(transform) == best), None)
        each.append(
            ShardHealth(
                number=shard.shard.number,
                status=best,
                version=state.version if state else None,
                tracks=state.tracks if state else None,
                processes=list(conditions),
            )
        )
    up = [one for one in each if one.status == "up"]
    return DoorHealth(
        status=_status(fleet, len(up)),
        stage=stage,
        shards=ShardCount(answered=len(up), of=len(each)),
        tracks=sum(one.tracks or 0 for one in up),
        model=agreed.model if agreed else None,
        recipe=agreed.recipe if agreed else None,
        transform=transform,
        each=each,
    )


def _status(fleet: Fleet, up: int) -> Literal["ok", "partial", "unavailable"]:
    try:
        fleet.check()
    except EarshotError:
        return "unavailable"
    return "ok" if up == len(fleet.shards) else "partial"


def _version(versions: dict[int, str]) -> str:
    """A name for versions of several shards."""
    text = ",".join(f"{number}:{version}" for number, version in sorted(versions.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _json(body: BaseModel, cache_control: str) -> _Answer:
    return _Answer(HTTPStatus.OK.value, body.model_dump_json(), {"cache-control": cache_control})


def _problem(error: EarshotError, path: str) -> _Answer:
    refusal = problems.answer(error, path)
    return _Answer(refusal.status_code, refusal.body or "", {k.lower(): str(v) for k, v in refusal.headers.items()})


async def _say(send: Send, answer: _Answer, *, with_body: bool) -> None:
    body = answer.body.encode()
    headers = {**SECURITY_HEADERS, "content-type": "application/json", **answer.headers}
    headers |= {"content-length": str(len(body))} if with_body else {}
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
    await send({"type": "http.response.body", "body": body if with_body else b""})
