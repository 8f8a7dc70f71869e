"""The processes that serve one shard: one is asked, another one as well if it takes long, the first answer counts."""

import asyncio
from collections.abc import Sequence

import httpx

from api.door.replica import Replica
from earshot.errors import ApiUnreachable
from earshot.shards import Shard


class Replicas:
    """Asks one after the other, each time beginning with another one.

    Args:
        shard: that they serve.
        replicas: at least one.
        timeout_s: how long all of it may take.
        hedge_s: after how long without an answer the next one is asked as well.
    """

    def __init__(self, shard: Shard, replicas: Sequence[Replica], *, timeout_s: float, hedge_s: float) -> None:
        self.shard = shard
        self.every = tuple(replicas)
        self._timeout_s = timeout_s
        self._hedge_s = hedge_s
        self._turn = 0

    def usable(self, transform: str) -> list[Replica]:
        """Those that can be asked about vectors of the transform."""
        return [replica for replica in self.every if replica.condition(transform) == "up"]

    async def ask(self, transform: str, method: str, path: str, content: bytes | None = None) -> httpx.Response:
        """The first answer.

        Raises:
            ApiUnreachable: there is none in time.
        """
        usable = self.usable(transform)
        self._turn += 1
        start = self._turn % max(1, len(usable))
        waiting = usable[start:] + usable[:start]
        asked: dict[asyncio.Task[httpx.Response], Replica] = {}
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._first(waiting, asked, method, path, content)
        except TimeoutError:
            for replica in asked.values():
                replica.breaker.failed()
            raise ApiUnreachable(f"shard {self.shard.number} took longer than {self._timeout_s} s") from None
        finally:
            for task in asked:
                task.cancel()

    async def _first(
        self,
        waiting: list[Replica],
        asked: dict[asyncio.Task[httpx.Response], Replica],
        method: str,
        path: str,
        content: bytes | None,
    ) -> httpx.Response:
        problem = ApiUnreachable(f"no process of shard {self.shard.number} can be asked")
        while waiting or asked:
            if waiting:
                replica = waiting.pop(0)
                asked[asyncio.create_task(replica.ask(method, path, content))] = replica
            wait_s = self._hedge_s if waiting else None
            done, _ = await asyncio.wait(asked, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                del asked[task]
            for task in done:
                try:
                    return task.result()
                except ApiUnreachable as error:
                    problem = error
        raise problem
