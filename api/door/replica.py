"""A process that serves a shard, as the front door knows it."""

from http import HTTPStatus
from typing import Literal

import httpx
from pydantic import ValidationError

from api.door.breaker import Breaker
from api.http.shard_contract import ShardSummary
from earshot.errors import ApiUnreachable
from earshot.shards import Shard
from earshot.telemetry import logger

Condition = Literal["up", "down", "wrong_shard", "other_transform"]
_STATE = "/shard"
_STALE = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)
"""What becomes of a request over a connection that was kept, and that the other end has closed meanwhile."""


class Replica:
    """Asks the process at `url`.

    Args:
        client: keeps the connections; knows the key.
        url: its address.
        shard: which one it shall serve.
    """

    def __init__(self, client: httpx.AsyncClient, url: str, shard: Shard) -> None:
        self._client = client
        self._url = url
        self._shard = shard
        self.breaker = Breaker()
        self.state: ShardSummary | None = None
        """What it said of itself last, since it was down."""

    @property
    def serves_its_shard(self) -> bool:
        """Whether it answers, and from the shard that it shall serve."""
        state = self.state
        return state is not None and not self.breaker.is_open and (state.number, state.of) == self._shard

    def condition(self, transform: str | None) -> Condition:
        """How it is, where the shards agree on `transform`."""
        if self.breaker.is_open or self.state is None:
            return "down"
        if not self.serves_its_shard:
            return "wrong_shard"
        return "up" if self.state.transform == transform else "other_transform"

    async def look(self) -> None:
        """Ask it how it is."""
        was = self.state
        try:
            response = await self.ask("GET", _STATE)
            self.state = ShardSummary.model_validate_json(response.content) if response.is_success else None
        except (ApiUnreachable, ValidationError) as error:
            if self.breaker.is_open or isinstance(error, ValidationError):  # something else has its address by now
                self.state = None
            if self.state is None and was is not None:
                logger().warning("a shard is down", shard=self._shard.number, error=str(error)[:200])
        if was is None and self.state is not None:
            logger().info("a shard answers", shard=self._shard.number, version=self.state.version)

    async def ask(self, method: str, path: str, content: bytes | None = None) -> httpx.Response:
        """Its answer, be it a refusal of the question.

        Raises:
            ApiUnreachable: there is none, or it says that it cannot answer now.
        """
        headers = {"Content-Type": "application/json"} if content else {}
        try:
            response = await self._sent(method, path, content, headers)
        except httpx.RequestError as error:
            self.breaker.failed()
            raise ApiUnreachable(f"shard {self._shard.number}: {type(error).__name__}") from None
        is_broken = response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
        if is_broken or response.status_code == HTTPStatus.UNAUTHORIZED:
            self.breaker.failed()
            raise ApiUnreachable(f"shard {self._shard.number} answered {response.status_code}")
        self.breaker.succeeded()
        return response

    async def _sent(self, method: str, path: str, content: bytes | None, headers: dict[str, str]) -> httpx.Response:
        try:
            return await self._client.request(method, self._url + path, content=content, headers=headers)
        except _STALE:
            return await self._client.request(method, self._url + path, content=content, headers=headers)
