"""All shards of a catalogue: how they are, what they agree on, and what they say when all are asked.

The rules of partial failure (docs/adr/0034). Vectors of different transforms cannot be compared, so the transform
counts that more than half of those have that answer, and a shard of another one is left out until it has that. A shard
that does not answer in time is left out of the answer. Where less than a share of the shards is left, there is none.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from math import ceil
from typing import NamedTuple, TypeVar

from pydantic import ValidationError

from api.answers.commonness import UNKNOWN, Commonness
from api.door.replicas import Replicas
from api.http.contract import ProblemAnswer
from api.http.shard_contract import NearestRequest, ShardNearest, ShardState, ShardTrack
from earshot.api_client import segment
from earshot.errors import ApiUnreachable, ShardOfTrackDown, TooFewShards, TrackNotFound, TrackNotReady
from earshot.ids import TrackId
from earshot.reasons import Reason
from earshot.shards import shard_of
from earshot.telemetry import logger


class Agreement(NamedTuple):
    """What most shards have in common."""

    transform: str
    recipe: str
    model: str
    dim: int


class Told(NamedTuple):
    """An answer as it came from a shard, to be handed on."""

    status: int
    body: str


class Fleet:
    """Asks all shards.

    Args:
        shards: in the order of their numbers.
        least_share: of them that must answer.
        check_every_s: how often they are asked how they are.
    """

    def __init__(self, shards: Sequence[Replicas], *, least_share: float, check_every_s: float) -> None:
        self.shards = tuple(shards)
        self._least = max(1, ceil(least_share * len(shards)))
        self._check_every_s = check_every_s
        self.agreed: Agreement | None = None
        self.common: Commonness = UNKNOWN
        """What is common in the shards that can be asked, together."""

    async def look(self) -> None:
        """Ask every process how it is."""
        replicas = [replica for shard in self.shards for replica in shard.every]
        await asyncio.gather(*(replica.look() for replica in replicas))
        self.agreed = self._agreement()
        self.common = self._commonness()

    def _commonness(self) -> Commonness:
        usable = (shard.usable(self.agreed.transform) for shard in self.shards) if self.agreed else ()
        states = (replicas[0].state for replicas in usable if replicas)
        return sum((state.common.commonness() for state in states if state), UNKNOWN)

    async def watch(self) -> None:
        """Look again and again."""
        while True:
            await asyncio.sleep(self._check_every_s)
            try:
                await self.look()
            except Exception:  # noqa: BLE001 (nobody else would find a shard well again)
                logger().exception("the shards could not be looked at; trying again")

    def _agreement(self) -> Agreement | None:
        votes: Counter[Agreement] = Counter()
        voters = 0
        for shard in self.shards:
            states = (replica.state for replica in shard.every if replica.serves_its_shard)
            said = {Agreement(each.transform, each.recipe, each.model, each.dim) for each in states if each}
            votes.update(said)
            voters += bool(said)
        agreed, votes_for = votes.most_common(1)[0] if votes else (None, 0)
        if len(votes) > 1:
            logger().error("shards are of different transforms", shards_with_the_commonest=votes_for)
        return agreed if votes_for > voters / 2 else None

    def up(self) -> int:
        """How many shards can be asked."""
        agreed = self.agreed
        return sum(bool(agreed and shard.usable(agreed.transform)) for shard in self.shards)

    def check(self) -> Agreement:
        """What the shards agree on.

        Raises:
            TooFewShards: too few answer, or no more than half of those are of one transform.
        """
        agreed = self.agreed
        self._check(self.up() if agreed else 0)
        assert agreed is not None  # noqa: S101 (then none of them would have been up)
        return agreed

    def _check(self, answered: int) -> None:
        if answered < self._least:
            raise TooFewShards(
                f"{answered} of {len(self.shards)} shards answer, {self._least} must", retry_after_s=self._retry_after_s
            )

    @property
    def _retry_after_s(self) -> int:
        return max(1, ceil(self._check_every_s))

    async def nearest(self, request: NearestRequest, numbers: Iterable[int]) -> dict[int, ShardNearest]:
        """What each of the shards of these numbers finds, as far as they answer.

        Raises:
            TooFewShards: too few do.
        """
        body, asked = request.model_dump_json(exclude_defaults=True).encode(), tuple(numbers)
        told = await asyncio.gather(*(self._nearest(self.shards[each], request.transform, body) for each in asked))
        found = {number: each for number, each in zip(asked, told, strict=True) if each is not None}
        self._check(len(found))
        return found

    async def _nearest(self, shard: Replicas, transform: str, body: bytes) -> ShardNearest | None:
        if not shard.usable(transform):  # who looks after it has said so, once
            return None
        try:
            response = await shard.ask(transform, "POST", "/shard/nearest", body)
            if response.is_success:
                return _of(shard, ShardNearest.model_validate_json(response.content), transform)
            logger().error("a shard refused a question", shard=shard.shard.number, status=response.status_code)
        except (ApiUnreachable, ValidationError) as error:
            logger().warning("a shard is left out", shard=shard.shard.number, error=str(error)[:200])
        return None

    async def track(self, track_id: TrackId, agreed: Agreement) -> ShardTrack:
        """The track as its shard has it.

        Raises:
            ShardOfTrackDown: that does not answer.
            TrackNotFound, TrackNotReady: the shard says so.
        """
        shard = self._owner(track_id)
        response = await self._asked_of(shard, track_id, agreed, f"/shard/tracks/{segment(track_id)}")
        if response.status == 200:
            try:
                return _of(shard, ShardTrack.model_validate_json(response.body), agreed.transform)
            except (ApiUnreachable, ValidationError):
                raise self._down(track_id) from None
        raise _said(response.body) or self._down(track_id)

    async def described(self, track_id: TrackId, agreed: Agreement) -> Told:
        """What the track's shard answers to GET /tracks/{track_id}.

        Raises:
            ShardOfTrackDown: it does not.
        """
        return await self._asked_of(self._owner(track_id), track_id, agreed, f"/tracks/{segment(track_id)}")

    def _owner(self, track_id: TrackId) -> Replicas:
        return self.shards[shard_of(track_id, len(self.shards))]

    async def _asked_of(self, shard: Replicas, track_id: TrackId, agreed: Agreement, path: str) -> Told:
        try:
            response = await shard.ask(agreed.transform, "GET", path)
        except ApiUnreachable:
            raise self._down(track_id) from None
        return Told(response.status_code, response.text)

    def _down(self, track_id: TrackId) -> ShardOfTrackDown:
        number = shard_of(track_id, len(self.shards))
        return ShardOfTrackDown(
            f"shard {number}, to which track {track_id} belongs, does not answer", retry_after_s=self._retry_after_s
        )


_Answer = TypeVar("_Answer", bound=ShardState)


def _of(shard: Replicas, answer: _Answer, transform: str) -> _Answer:
    """`answer`, if it is the shard's and of the transform: since it was looked at, a process may have become another.

    Raises:
        ApiUnreachable: it is not.
    """
    if (answer.number, answer.of) != shard.shard or answer.transform != transform:
        raise ApiUnreachable(f"what shall be shard {shard.shard.number} answered as another one")
    return answer


def _said(body: str) -> TrackNotFound | TrackNotReady | None:
    """What a shard says of a track that it cannot give."""
    try:
        problem = ProblemAnswer.model_validate_json(body).error
    except ValidationError:
        return None
    if problem.code == TrackNotFound.code:
        return TrackNotFound(problem.message, hint=problem.hint)
    if problem.code == TrackNotReady.code and problem.status:
        reason = Reason(problem.reason) if problem.reason in set(Reason) else None
        return TrackNotReady(problem.message, status=problem.status, reason=reason, hint=problem.hint)
    return None
