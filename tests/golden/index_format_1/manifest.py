"""What an index version consists of. The manifest is the only thing a reader trusts, and it trusts it by its hash."""

import base64
import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, Self
from urllib.parse import quote

import numpy as np
import numpy.typing as npt

from earshot.errors import DamagedIndex

FORMAT = 1
POINTER_KEY = "latest.json"
GENERATIONS = "generations/"
"""Pointers to versions of a model that is not in service yet."""
METRIC: Final = "angular"

Rows = npt.NDArray[np.uint32]
"""Row numbers, ascending."""
Kind = Literal["base", "delta"]
NO_ROWS: Rows = np.zeros(0, np.uint32)


@dataclass(frozen=True, slots=True)
class StoredObject:
    """Size and SHA-256 (hex) of an object, checked before anything reads it."""

    size: int
    sha256: str

    @classmethod
    def of(cls, body: bytes) -> Self:
        """Of an object with this content."""
        return cls(len(body), hashlib.sha256(body).hexdigest())


@dataclass(frozen=True, slots=True)
class Canary:
    """A query by row and the rows that the builder's own copy of the segment answered."""

    row: int
    neighbours: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class SegmentEntry:
    """A segment as one version sees it. `dead` rows were deleted or superseded after the segment was written."""

    id: str
    kind: Kind
    rows: int
    objects: Mapping[str, StoredObject]
    dead: Rows
    canaries: tuple[Canary, ...] = ()

    @property
    def live(self) -> int:
        """Rows that still count."""
        return self.rows - len(self.dead)

    def key(self, name: str) -> str:
        """S3 key of the segment's object `name`."""
        return f"segments/{self.id}/{name}"

    def with_dead(self, rows: npt.ArrayLike) -> Self:
        """The same segment with `rows` dead as well."""
        more = np.asarray(rows, np.uint32)
        return replace(self, dead=np.union1d(self.dead, more).astype(np.uint32)) if more.size else self


@dataclass(frozen=True, slots=True)
class Manifest:
    """One index version. `search_k` None: the base is so small that it is searched exactly."""

    model: str
    raw_dim: int
    dim: int
    segments: tuple[SegmentEntry, ...]
    transform: StoredObject
    built_at: str
    n_trees: int
    search_k: int | None
    recall: float | None
    build_s: float = 0.0
    previous: str = ""
    """The version that this one replaced, or nothing."""
    version: str = ""

    @property
    def tracks(self) -> int:
        """Tracks that a query can find."""
        return sum(segment.live for segment in self.segments)

    @property
    def base(self) -> SegmentEntry | None:
        """The segment with the Annoy file."""
        return next((segment for segment in self.segments if segment.kind == "base"), None)

    @property
    def deltas(self) -> tuple[SegmentEntry, ...]:
        """Segments appended since the base was built, oldest first."""
        return tuple(segment for segment in self.segments if segment.kind == "delta")

    @property
    def transform_key(self) -> str:
        """S3 key of the catalogue transform."""
        return transform_key(self.transform)

    def object_keys(self) -> set[str]:
        """Every object this version needs, its own manifest left out."""
        keys = {segment.key(name) for segment in self.segments for name in segment.objects}
        return keys | {self.transform_key}

    def named(self) -> Self:
        """With its version: the time it was built and a digest of what it is."""
        return replace(self, version=_version(_to_json(self)))

    def to_bytes(self) -> bytes:
        """JSON, as stored."""
        return _dump(_to_json(self))

    @classmethod
    def named_in(cls, body: bytes, version: str) -> Self:
        """Inverse of `to_bytes`, checked against the version's name where no pointer tells the hash.

        Raises:
            DamagedIndex: see `from_bytes`; or it is another version, or an altered one.
        """
        manifest = cls.from_bytes(body)
        if not manifest.version == version == _version(json.loads(body)):
            raise DamagedIndex(f"manifest of version {version} was altered")
        return manifest

    @classmethod
    def from_bytes(cls, body: bytes) -> Self:
        """Inverse of `to_bytes`.

        Raises:
            DamagedIndex: not a manifest, or one of a format this code does not know.
        """
        try:
            data = json.loads(body)
            if data["format"] != FORMAT or data["metric"] != METRIC:
                raise DamagedIndex(
                    f"manifest format {data['format']!r} with metric {data['metric']!r}: expected {FORMAT}, {METRIC}",
                    hint="Deploy the version of Earshot that wrote the index, or rebuild it: make repair.",
                )
            return cls(
                **{name: data[name] for name in _PLAIN},
                segments=tuple(_segment_from_json(segment) for segment in data["segments"]),
                transform=StoredObject(**data["transform"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError, zlib.error) as error:
            raise DamagedIndex(f"not an index manifest: {error!r}") from None


@dataclass(frozen=True, slots=True)
class Pointer:
    """The content of `latest.json`."""

    version: str
    model: str
    manifest: StoredObject

    @property
    def manifest_key(self) -> str:
        """S3 key of the manifest."""
        return manifest_key(self.version)

    def to_bytes(self) -> bytes:
        """JSON, as stored."""
        return _dump(
            {
                "version": self.version,
                "model": self.model,
                "manifest": {"key": self.manifest_key, **_object_to_json(self.manifest)},
            }
        )

    @classmethod
    def from_bytes(cls, body: bytes) -> Self:
        """Inverse of `to_bytes`.

        Raises:
            DamagedIndex: not a pointer.
        """
        try:
            data = json.loads(body)
            manifest = StoredObject(size=data["manifest"]["size"], sha256=data["manifest"]["sha256"])
            return cls(version=data["version"], model=data["model"], manifest=manifest)
        except (ValueError, KeyError, TypeError) as error:
            raise DamagedIndex(f"not an index pointer: {body[:200]!r} ({error!r})") from None


def generation_key(model: str) -> str:
    """S3 key of the pointer to the newest version of a model that is not in service."""
    return f"{GENERATIONS}{quote(model, safe='')}.json"


def manifest_key(version: str) -> str:
    """S3 key of a version's manifest."""
    return f"manifests/{version}.json"


def version_of_key(key: str) -> str:
    """Inverse of `manifest_key`."""
    return key.removeprefix("manifests/").removesuffix(".json")


def transform_key(transform: StoredObject) -> str:
    """S3 key of a catalogue transform."""
    return f"transforms/{transform.sha256}.npz"


_PLAIN = ("version", "previous", "model", "raw_dim", "dim", "built_at", "build_s", "n_trees", "search_k", "recall")


def _version(manifest: Mapping[str, Any]) -> str:
    stamp = manifest["built_at"].replace("-", "").replace(":", "")
    return f"{stamp}-{hashlib.sha256(_dump({**manifest, 'version': ''})).hexdigest()[:8]}"


def _dump(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, separators=(",", ":"), sort_keys=True).encode()


def _object_to_json(stored: StoredObject) -> dict[str, Any]:
    return {"size": stored.size, "sha256": stored.sha256}


def _to_json(manifest: Manifest) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "metric": METRIC,
        **{name: getattr(manifest, name) for name in _PLAIN},
        "tracks": manifest.tracks,
        "transform": _object_to_json(manifest.transform),
        "segments": [
            {
                "id": segment.id,
                "kind": segment.kind,
                "rows": segment.rows,
                "objects": {name: _object_to_json(stored) for name, stored in segment.objects.items()},
                "dead": {"n": len(segment.dead), "rows": _pack(segment.dead)},
                "canaries": [[canary.row, list(canary.neighbours)] for canary in segment.canaries],
            }
            for segment in manifest.segments
        ],
    }


def _segment_from_json(data: Mapping[str, Any]) -> SegmentEntry:
    dead = _unpack(data["dead"]["rows"])
    if len(dead) != data["dead"]["n"] or (dead.size and dead[-1] >= data["rows"]):
        raise ValueError(f"dead rows of segment {data['id']} do not fit {data['rows']} rows")
    if data["kind"] not in ("base", "delta"):
        raise ValueError(f"segment kind {data['kind']!r}")
    return SegmentEntry(
        id=data["id"],
        kind=data["kind"],
        rows=data["rows"],
        objects={name: StoredObject(**stored) for name, stored in data["objects"].items()},
        dead=dead,
        canaries=tuple(Canary(row, tuple(neighbours)) for row, neighbours in data["canaries"]),
    )


def _pack(rows: Rows) -> str:
    """Differences, deflated: one or two bytes per dead row, so that a manifest stays small among a million rows."""
    return base64.b64encode(zlib.compress(np.diff(rows, prepend=np.uint32(0)).astype("<u4").tobytes(), 6)).decode()


def _unpack(text: str) -> Rows:
    return np.cumsum(np.frombuffer(zlib.decompress(base64.b64decode(text)), "<u4"), dtype=np.uint32)
