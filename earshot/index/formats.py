"""How manifests are written as JSON.

Format 2 says of each segment which engine searches it; format 1 said once how Annoy searches the base. Both are read,
format 2 is written.
"""

import base64
import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Final, NotRequired, TypedDict, cast

import numpy as np

from earshot.errors import DamagedIndex
from earshot.ids import SegmentId
from earshot.index.engines.engine import Canary, EngineEntry
from earshot.index.engines.exact import EXACTLY
from earshot.index.engines.registry import engine_named
from earshot.index.manifest import DeadRows, Kind, Manifest, SegmentEntry, StoredObject, Trial, Verdict
from earshot.recipes import recipe_of_model
from earshot.shards import Shard

FORMAT: Final = 2
_FORMATS = (1, 2)
METRIC: Final = "angular"


class ObjectJson(TypedDict):
    """A `StoredObject`."""

    size: int
    sha256: str


class _DeadJson(TypedDict):
    n: int
    rows: str


class _EngineJson(TypedDict):
    name: str
    params: dict[str, int]
    canaries: NotRequired[list[tuple[int, list[int]]]]


class _TrialJson(TypedDict):
    """A `Trial`."""

    engine: str
    verdict: Verdict
    seconds: float
    bytes: int
    recall: float | None
    query_ms: float | None


class _SegmentJson(TypedDict):
    id: SegmentId
    kind: Kind
    rows: int
    objects: dict[str, ObjectJson]
    dead: _DeadJson
    engine: NotRequired[_EngineJson]
    recall: NotRequired[float]
    trials: NotRequired[list[_TrialJson]]
    """Where there were several engines to choose from."""
    canaries: NotRequired[list[tuple[int, list[int]]]]
    """Of format 1; read where Annoy searches the segment."""


class _ManifestJson(TypedDict):
    format: int
    metric: str
    version: str
    previous: str
    model: str
    recipe: NotRequired[str]
    raw_dim: int
    dim: int
    built_at: str
    build_s: float
    tracks: int
    transform: ObjectJson
    segments: list[_SegmentJson]
    recall_across: NotRequired[float]
    """Where builders measured it."""
    shard: NotRequired[tuple[int, int]]
    """Number, and of how many, where the catalogue is divided."""
    n_trees: NotRequired[int]
    """Of format 1, as are the next two: how the base is to be searched (`search_k` null: exactly), and how well."""
    search_k: NotRequired[int | None]
    recall: NotRequired[float]


def named(manifest: Manifest) -> Manifest:
    """With its version: the time it was built and a digest of what it is."""
    return replace(manifest, version=_version(_to_json(manifest)))


def manifest_to_bytes(manifest: Manifest) -> bytes:
    """JSON, as stored."""
    return dump(_to_json(manifest))


def manifest_from_bytes(body: bytes) -> Manifest:
    """Inverse of `manifest_to_bytes`; reads format 1 as well.

    Raises:
        DamagedIndex: not a manifest, or one of a format or with an engine that this code does not know.
    """
    try:
        data: _ManifestJson = json.loads(body)
        if data["format"] not in _FORMATS or data["metric"] != METRIC:
            raise DamagedIndex(
                f"manifest format {data['format']!r} with metric {data['metric']!r}: expected {FORMAT}, {METRIC}",
                hint="Deploy the version of Earshot that wrote the index, or rebuild it: make repair.",
            )
        return _from_json(data)
    except (ValueError, KeyError, TypeError, AttributeError, zlib.error) as error:
        raise DamagedIndex(f"not an index manifest: {error!r}") from None


def manifest_of_version(body: bytes, version: str) -> Manifest:
    """The same, checked against the version's name where no pointer tells the hash.

    Raises:
        DamagedIndex: see `manifest_from_bytes`; or it is another version, or an altered one.
    """
    manifest = manifest_from_bytes(body)
    if not manifest.version == version == _version(json.loads(body)):
        raise DamagedIndex(f"manifest of version {version} was altered")
    return manifest


def dump(data: Mapping[str, object]) -> bytes:
    """JSON as the bucket keeps it: equal data give equal bytes."""
    return json.dumps(data, separators=(",", ":"), sort_keys=True).encode()


def object_to_json(stored: StoredObject) -> ObjectJson:
    """Inverse of ``StoredObject(**data)``."""
    return {"size": stored.size, "sha256": stored.sha256}


def _version(manifest: _ManifestJson) -> str:
    stamp = manifest["built_at"].replace("-", "").replace(":", "")
    return f"{stamp}-{hashlib.sha256(dump({**manifest, 'version': ''})).hexdigest()[:8]}"


def _to_json(manifest: Manifest) -> _ManifestJson:
    data: _ManifestJson = {
        "format": FORMAT,
        "metric": METRIC,
        "version": manifest.version,
        "previous": manifest.previous,
        "model": manifest.model,
        "recipe": manifest.recipe,
        "raw_dim": manifest.raw_dim,
        "dim": manifest.dim,
        "built_at": manifest.built_at,
        "build_s": manifest.build_s,
        "tracks": manifest.tracks,
        "transform": object_to_json(manifest.transform),
        "segments": [_segment_to_json(segment) for segment in manifest.segments],
    }
    if manifest.recall_across is not None:
        data["recall_across"] = manifest.recall_across
    if manifest.shard is not None:
        data["shard"] = manifest.shard
    return data


def _from_json(data: _ManifestJson) -> Manifest:
    return Manifest(
        model=data["model"],
        recipe=data["recipe"] if data["format"] > 1 else recipe_of_model(data["model"]),
        raw_dim=data["raw_dim"],
        dim=data["dim"],
        segments=tuple(_segment_from_json(segment, data) for segment in data["segments"]),
        transform=StoredObject(**data["transform"]),
        built_at=data["built_at"],
        build_s=data["build_s"],
        previous=data["previous"],
        version=data["version"],
        recall_across=data.get("recall_across"),
        shard=Shard(*data["shard"]) if "shard" in data else None,
    )


def _segment_to_json(segment: SegmentEntry) -> _SegmentJson:
    engine: _EngineJson = {"name": segment.engine.name, "params": dict(segment.engine.params)}
    if segment.engine.canaries:
        engine["canaries"] = [(canary.row, list(canary.neighbours)) for canary in segment.engine.canaries]
    data: _SegmentJson = {
        "id": segment.id,
        "kind": segment.kind,
        "rows": segment.rows,
        "objects": {name: object_to_json(stored) for name, stored in segment.objects.items()},
        "dead": {"n": len(segment.dead), "rows": _pack(segment.dead)},
        "engine": engine,
        "recall": segment.recall,
    }
    if segment.trials:
        data["trials"] = [cast("_TrialJson", asdict(trial)) for trial in segment.trials]
    return data


def _segment_from_json(data: _SegmentJson, manifest: _ManifestJson) -> SegmentEntry:
    dead = _unpack(data["dead"]["rows"])
    if len(dead) != data["dead"]["n"] or (dead.size and dead[-1] >= data["rows"]):
        raise ValueError(f"dead rows of segment {data['id']} do not fit {data['rows']} rows")
    if data["kind"] not in ("base", "delta"):
        raise ValueError(f"segment kind {data['kind']!r}")
    engine, recall = _format_1_engine(data, manifest) if manifest["format"] == 1 else _format_2_engine(data)
    return SegmentEntry(
        id=data["id"],
        kind=data["kind"],
        rows=data["rows"],
        objects={name: StoredObject(**stored) for name, stored in data["objects"].items()},
        dead=dead,
        engine=engine,
        recall=recall,
        trials=tuple(Trial(**trial) for trial in data.get("trials", ())),
    )


def _format_1_engine(segment: _SegmentJson, manifest: _ManifestJson) -> tuple[EngineEntry, float]:
    if segment["kind"] == "delta" or manifest["search_k"] is None:
        return EXACTLY, 1.0
    params = {"n_trees": manifest["n_trees"], "search_k": manifest["search_k"]}
    return EngineEntry("annoy", params, _canaries(segment["canaries"])), manifest["recall"]


def _format_2_engine(segment: _SegmentJson) -> tuple[EngineEntry, float]:
    data = segment["engine"]
    if not all(isinstance(value, int) for value in data["params"].values()):
        raise ValueError(f"engine parameters {data['params']}")
    engine = engine_named(data["name"])
    return EngineEntry(engine.name, data["params"], _canaries(data.get("canaries", []))), segment["recall"]


def _canaries(pairs: list[tuple[int, list[int]]]) -> tuple[Canary, ...]:
    return tuple(Canary(row, tuple(neighbours)) for row, neighbours in pairs)


def _pack(rows: DeadRows) -> str:
    """Differences, deflated: one or two bytes per dead row, so that a manifest stays small among a million rows."""
    return base64.b64encode(zlib.compress(np.diff(rows, prepend=np.uint32(0)).astype("<u4").tobytes(), 6)).decode()


def _unpack(text: str) -> DeadRows:
    return np.cumsum(np.frombuffer(zlib.decompress(base64.b64decode(text)), "<u4"), dtype=np.uint32)
