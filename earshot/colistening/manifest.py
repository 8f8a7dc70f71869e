"""What a version of the co-listening table consists of, what it was learned from and how it was judged; as JSON."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Self, TypedDict

from earshot.errors import DamagedIndex
from earshot.index.formats import ObjectJson, dump, object_to_json
from earshot.index.manifest import StoredObject

PREFIX = "listening/"
POINTER_KEY = f"{PREFIX}latest.json"
MANIFESTS = f"{PREFIX}manifests/"
TABLES = f"{PREFIX}tables/"
WATCHED = f"{PREFIX}watched/"
FORMAT: Final = 1

Figures = Mapping[str, float]
"""How a model did on new listeners, by name: ndcg10, recall20, mrr, coverage10, and `…_se`, their standard errors."""
Parameters = Mapping[str, float | int | str]


@dataclass(frozen=True, slots=True)
class TableEntry:
    """The files of a table, of so many rows."""

    id: str
    rows: int
    objects: Mapping[str, StoredObject]

    def key(self, name: str) -> str:
        """S3 key of the object `name`."""
        return f"{TABLES}{self.id}/{name}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The plays that a version was learned from."""

    first_day: str
    last_day: str
    plays: int
    listeners: int
    tracks: int
    digest: str
    """Of what was read, so that two versions of the same data show it."""
    opinions: int = 0
    """Loves and bans; versions from before they were learned from say none."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a version enters service, and the sentence that says why."""

    enters: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Training:
    """How a version came about: the model that was chosen, its figures, those of the others, and what was decided."""

    model: str
    parameters: Parameters
    data: Snapshot
    figures: Figures
    candidates: Mapping[str, Figures]
    """Of all models that were tried, by name."""
    baselines: Mapping[str, Figures]
    """Popularity, the model that serves, and what ratings would say; none of the last is ever a reason."""
    verdict: Verdict
    fit_s: float = 0.0
    chosen_at: str = ""
    chosen_on: int = 0
    """When the model was chosen and judged, and on how many plays: since then it may have been fitted again."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One version of the co-listening table."""

    table: TableEntry
    training: Training
    built_at: str
    previous: str = ""
    """The version that this one replaced, or nothing."""
    version: str = ""

    def object_keys(self) -> set[str]:
        """Every object this version needs, its own manifest left out."""
        return {self.table.key(name) for name in self.table.objects}

    def named(self) -> "Manifest":
        """With its version: the time it was built and a digest of what it is."""
        return replace(self, version=_version(_to_json(self)))

    def to_bytes(self) -> bytes:
        """JSON, as stored."""
        return dump(_to_json(self))

    @classmethod
    def from_bytes(cls, body: bytes) -> Self:
        """Inverse of `to_bytes`.

        Raises:
            DamagedIndex: not a manifest, one of a format that this code does not know, or an altered one.
        """
        try:
            data: _ManifestJson = json.loads(body)
            if data["format"] != FORMAT:
                raise DamagedIndex(
                    f"co-listening manifest of format {data['format']!r}: expected {FORMAT}",
                    hint="Deploy the Earshot that wrote the table, or learn it again: python -m listening learn.",
                )
            if data["version"] != _version(data):
                raise DamagedIndex(f"co-listening manifest of version {data['version']} was altered")
            table, training = data["table"], data["training"]
            objects = {name: StoredObject(**stored) for name, stored in table["objects"].items()}
            return cls(
                table=TableEntry(table["id"], table["rows"], objects),
                training=Training(
                    **{
                        **training,
                        "data": Snapshot(**training["data"]),
                        "verdict": Verdict(**training["verdict"]),
                    }
                ),
                built_at=data["built_at"],
                previous=data["previous"],
                version=data["version"],
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DamagedIndex(f"not a co-listening manifest: {error!r}") from None


@dataclass(frozen=True, slots=True)
class Pointer:
    """The content of the pointer, at `POINTER_KEY`."""

    version: str
    model: str
    manifest: StoredObject

    def to_bytes(self) -> bytes:
        """JSON, as stored."""
        return dump({"version": self.version, "model": self.model, "manifest": object_to_json(self.manifest)})

    @classmethod
    def from_bytes(cls, body: bytes) -> Self:
        """Inverse of `to_bytes`.

        Raises:
            DamagedIndex: not a pointer.
        """
        try:
            data: _PointerJson = json.loads(body)
            return cls(data["version"], data["model"], StoredObject(**data["manifest"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DamagedIndex(f"not a pointer to a co-listening table: {body[:200]!r} ({error!r})") from None


class _TableJson(TypedDict):
    id: str
    rows: int
    objects: dict[str, ObjectJson]


class _ManifestJson(TypedDict):
    format: int
    version: str
    previous: str
    built_at: str
    table: _TableJson
    training: dict[str, Any]


class _PointerJson(TypedDict):
    version: str
    model: str
    manifest: ObjectJson


def manifest_key(version: str) -> str:
    """S3 key of a version's manifest."""
    return f"{MANIFESTS}{version}.json"


def version_of_key(key: str) -> str:
    """Inverse of `manifest_key`."""
    return key.removeprefix(MANIFESTS).removesuffix(".json")


def watched_key(version: str, watched_at: str) -> str:
    """S3 key of how a version did on what was played since, as of a time."""
    return f"{WATCHED}{version}/{stamp_of(watched_at)}.json"


def stamp_of(built_at: str) -> str:
    """A time as names carry it."""
    return built_at.replace("-", "").replace(":", "")


def _version(manifest: _ManifestJson) -> str:
    digest = hashlib.sha256(dump({**manifest, "version": ""})).hexdigest()
    return f"{stamp_of(manifest['built_at'])}-{digest[:8]}"


def _to_json(manifest: Manifest) -> _ManifestJson:
    table = manifest.table
    objects = {name: object_to_json(stored) for name, stored in table.objects.items()}
    return {
        "format": FORMAT,
        "version": manifest.version,
        "previous": manifest.previous,
        "built_at": manifest.built_at,
        "table": {"id": table.id, "rows": table.rows, "objects": objects},
        "training": asdict(manifest.training),
    }
