"""The real API over an in-process AWS, with index versions whose geometry the tests choose."""

import asyncio
import io
import secrets
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt

from earshot.ids import SegmentId
from earshot.index.arrays import Column, write_columns
from earshot.index.described import DESCRIBED, columns_of
from earshot.index.formats import named
from earshot.index.manifest import Manifest, SegmentEntry, StoredObject, transform_key
from earshot.index.popularity import POPULARITY, popularity_of
from earshot.index.row_sources import FINGERPRINTS
from earshot.index.rows import LINES, OFFSETS, fingerprint, track_to_line, write_lines
from earshot.index.segment import MAP
from earshot.index.shelf import SHELF
from earshot.index.shelving import arranged
from earshot.index.store import IndexStore
from earshot.index.transform import CatalogueTransform
from earshot.shards import Shard
from earshot.stores.tracks_table import TracksTable
from earshot.track import Status, Tag, Track, TrackInfo
from tests.aws import stage

DIM = 128
IDENTITY = CatalogueTransform(np.zeros(DIM, np.float32), np.ones(DIM, np.float32), np.eye(DIM, dtype=np.float32))
"""A catalogue transform that only normalises."""


def direction(**parts: float) -> npt.NDArray[np.float32]:
    """A unit vector from named axes: ``direction(a3=1, a7=0.5)``."""
    vector = np.zeros(DIM, np.float32)
    for axis, value in parts.items():
        vector[int(axis[1:])] = value
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def track(number: int, **known: Any) -> Track:
    """A ready track of Deezer with the id ``deezer:<number>``."""
    tags = tuple(Tag(name, p) for name, p in known.pop("tags", {}).items())
    descriptors = known.pop("descriptors", None)
    info = {"title": f"Title {number}", "artists": (f"Artist {number}",), "album": f"Album {number}"} | known
    track_id = info.pop("track_id", f"deezer:{number}")
    return Track(
        info=TrackInfo(track_id=track_id, source=info.pop("source", "deezer"), **info),
        status=Status.READY,
        model="musicnn-msd@1",
        tags=tags,
        descriptors=descriptors,
    )


@dataclass
class World:
    """One AWS and the api that looks at it."""

    request: Callable[..., httpx.Response]
    table: TracksTable
    sqs: Any
    queues: dict[str, str]
    s3: Any
    versions: list[str] = field(default_factory=list)

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.request("GET", path, params=params)

    def post(self, path: str, body: Any) -> httpx.Response:
        return self.request("POST", path, json=body)

    def publish(
        self,
        tracks: Sequence[Track],
        vectors: Sequence[npt.NDArray[np.float32]],
        transform: CatalogueTransform = IDENTITY,
        positions: npt.NDArray[np.float32] | None = None,
    ) -> str:
        """Publish an index version that holds `tracks` at `vectors`, with a map if `positions` are given; its name."""
        number = len(self.versions)
        self.versions.append(publish(self.s3, tracks, vectors, transform, positions, number=number))
        return self.versions[-1]


def publish(
    s3: Any,
    tracks: Sequence[Track],
    vectors: Sequence[npt.NDArray[np.float32]],
    transform: CatalogueTransform = IDENTITY,
    positions: npt.NDArray[np.float32] | None = None,
    *,
    number: int = 0,
    with_shelf: bool = True,
    bucket: str = "index",
    shard: Shard | None = None,
) -> str:
    """Publish the index version `number` of the bucket; without a shelf as older Earshots did."""
    order = sorted(range(len(tracks)), key=lambda i: tracks[i].track_id.encode())
    ids = np.array([tracks[i].track_id.encode() for i in order])
    lines = io.BytesIO()
    rows = [track_to_line(tracks[i]) for i in order]
    offsets = write_lines(rows, lines)
    segment_id = secrets.token_hex(8)
    objects = {
        "ids.npy": _npy(ids),
        "vectors.npy": _npy(np.stack([vectors[i] for i in order]).astype(np.float16)),
        OFFSETS: _npy(offsets),
        LINES: lines.getvalue(),
        FINGERPRINTS: _npy(np.array([fingerprint(row, b"") for row in rows], np.uint64)),
    }
    if with_shelf:
        objects[SHELF] = _columns(arranged(rows))
    if with_shelf and (described := columns_of(rows)):
        objects[DESCRIBED] = _columns(described)
    if with_shelf and (popularity := popularity_of(rows)):
        objects[POPULARITY] = _columns(popularity)
    if positions is not None:
        objects[MAP] = _npy(positions[order])
    store = IndexStore(s3, bucket)
    stored = {name: store.put(f"segments/{segment_id}/{name}", body) for name, body in objects.items()}
    body = transform.to_bytes()
    manifest = named(
        Manifest(
            model="musicnn-msd@1",
            recipe="musicnn-msd@1-128d",
            raw_dim=transform.raw_dim,
            dim=DIM,
            segments=(SegmentEntry(SegmentId(segment_id), "base", len(tracks), stored),),
            transform=store.put(transform_key(StoredObject.of(body)), body),
            built_at=f"2026-11-20T00:00:{number:02d}Z",
            build_s=2.5,
            shard=shard,
        )
    )
    head = store.head()
    store.move(store.put_manifest(manifest), seen=head.etag if head else None)
    return manifest.version


def _columns(columns: Sequence[Column]) -> bytes:
    with tempfile.NamedTemporaryFile() as file:
        write_columns(Path(file.name), columns)
        return file.read()


def _npy(array: npt.NDArray[Any]) -> bytes:
    to = io.BytesIO()
    np.save(to, array, allow_pickle=False)
    return to.getvalue()


def request(method: str, path: str, **arguments: Any) -> httpx.Response:
    from api.one_machine.asgi import app

    async def call() -> httpx.Response:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://earshot.test") as client:
            return await client.request(method, path, **arguments)

    return asyncio.run(call())


@contextmanager
def running_world(cache: Path, **settings: str) -> Iterator[World]:
    """An empty world whose api keeps what it downloads in `cache`."""
    from api.bootstrap import services

    own = {
        "EARSHOT_INDEX_CHECK_EVERY_S": "0.1",
        "EARSHOT_INDEX_CACHE_DIR": str(cache),
        "EARSHOT_DEEZER_API_URL": "http://127.0.0.1:9",
        "EARSHOT_API_KEYS": "open",
        "EARSHOT_ALLOWED_HOSTS": "cdn.example",
        "EARSHOT_PROVIDERS": "file,manifest,spotify,deezer",
    }
    with stage(**{**own, **settings}) as aws:
        services.cache_clear()
        yield World(request, aws.tracks, aws.account.sqs, dict(aws.queues), aws.account.s3)
        services.cache_clear()
