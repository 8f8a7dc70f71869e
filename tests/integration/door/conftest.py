"""A catalogue divided into shards, each the API itself in this process, and the front door before them."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt
import pytest

from api.bootstrap import connected
from api.door.__main__ import fleet_of
from api.door.app import Door
from api.door.fleet import Fleet
from api.http.services import Services
from api.index_alone import index_alone
from api.one_machine.protocol import Receive, Scope, Send
from api.service import application
from bench.index.folder_s3 import FolderS3
from config.door import DoorSettings
from config.service import ServiceSettings
from earshot.index.reader import IndexReader
from earshot.index.searcher import Searcher
from earshot.index.transform import CatalogueTransform
from earshot.shards import Shard, shard_of
from earshot.track import Track
from tests.aws import REGION, environment
from tests.unit.api.world import IDENTITY, publish

KEY = "of the door"
Vectors = Sequence[npt.NDArray[np.float32]]


@dataclass
class Process:
    """One that serves a shard, which a test can slow down, break and stop."""

    app: Callable[[Scope, Receive, Send], Awaitable[None]]
    is_down: bool = False
    delay_s: float = 0.0
    asked: int = 0
    """Questions about tracks and vectors."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.is_down:
            raise httpx.ConnectError("nobody listens")
        self.asked += scope["path"] != "/shard"
        if scope["path"] != "/shard":
            await asyncio.sleep(self.delay_s)
        await self.app(scope, receive, send)


@cache
def _services(key: str) -> Services:
    """Of a process that knows the key; its index is none."""
    settings = {
        "EARSHOT_INDEX_BUCKET": "index", "EARSHOT_STAGE": "service",
        "EARSHOT_API_KEYS": hashlib.sha256(key.encode()).hexdigest(),
    }  # fmt: skip
    with environment(AWS_DEFAULT_REGION=REGION, AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b"):
        return connected(ServiceSettings.of(settings))


@dataclass
class Division:
    """A catalogue, whole and in shards."""

    folder: Path
    of: int
    processes: dict[str, Process] = field(default_factory=dict)
    """By their addresses, http://<shard>-<replica>."""

    @property
    def s3(self) -> Any:
        return FolderS3(self.folder / "s3").as_client()

    def publish(
        self, tracks: Sequence[Track], vectors: Vectors, *, only: Sequence[int] | None = None, **more: Any
    ) -> None:
        """Publish all of it, or `only` some shards."""
        number = more.pop("number", 0)
        if only is None:
            publish(self.s3, tracks, vectors, number=number, **more)
        for shard in range(self.of) if only is None else only:
            mine = [i for i, one in enumerate(tracks) if shard_of(one.track_id, self.of) == shard]
            if mine:
                publish(
                    self.s3, [tracks[i] for i in mine], [vectors[i] for i in mine], number=number,
                    bucket=f"shard-{shard}", shard=Shard(shard, self.of), **more,
                )  # fmt: skip

    def whole(self) -> Searcher:
        return IndexReader(self.s3, "index", self.folder / "whole").current()

    def serve(self, shard: int, replica: int = 0, *, bucket: str = "", key: str = KEY) -> Process:
        """A process more for a shard."""
        address = f"http://{shard}-{replica}"
        services = _services(key)
        index = IndexReader(self.s3, bucket or f"shard-{shard}", self.folder / f"cache{address[7:]}", check_every_s=0)
        self.processes[address] = Process(application(index_alone(replace(services, index=index))))
        return self.processes[address]


@dataclass
class Opened:
    """The door, open."""

    fleet: Fleet
    client: httpx.AsyncClient

    async def get(self, path: str, **parameters: Any) -> httpx.Response:
        return await self.client.get(path, params=parameters or None)

    async def post(self, path: str, body: Any) -> httpx.Response:
        return await self.client.post(path, json=body)


@asynccontextmanager
async def opened(division: Division, **settings: Any) -> AsyncIterator[Opened]:
    """The door before all processes of the division; it has looked at them once, and looks again when it is told to."""
    shards = tuple(
        tuple(address for address in division.processes if address.startswith(f"http://{number}-"))
        for number in range(division.of)
    )
    given = DoorSettings(shards=shards, **{f"door_{name}": value for name, value in settings.items()})
    mounts = {address: httpx.ASGITransport(app=process) for address, process in division.processes.items()}
    headers = {"X-Api-Key": KEY}
    async with httpx.AsyncClient(mounts=mounts, headers=headers, timeout=given.door_timeout_s) as client:
        fleet = fleet_of(given, client)
        door = Door(fleet, client, stage="shards", cache_max_age_s=5)
        await fleet.look()
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=door), base_url="http://door") as caller:
            yield Opened(fleet, caller)


@pytest.fixture
def division_of(tmp_path: Path) -> Callable[..., Division]:
    """Publishes tracks at vectors into shards and serves each of them."""

    def divided(
        tracks: Sequence[Track], vectors: Vectors, of: int, transform: CatalogueTransform = IDENTITY
    ) -> Division:
        division = Division(tmp_path / str(len(list(tmp_path.iterdir()))), of)
        division.publish(tracks, vectors, transform=transform)
        for shard in range(of):
            division.serve(shard)
        return division

    return divided
