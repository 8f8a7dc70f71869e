"""Pointers, the only objects in the bucket that change: one names the version that serves, others the generations."""

import json
from dataclasses import dataclass
from typing import NotRequired, Self, TypedDict
from urllib.parse import quote

from earshot.errors import DamagedIndex
from earshot.index.formats import ObjectJson, dump, object_to_json
from earshot.index.manifest import StoredObject, manifest_key
from earshot.recipes import recipe_of_model

POINTER_KEY = "latest.json"
GENERATIONS = "generations/"
"""Pointers to versions by recipes that are kept beside the one that serves."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """The content of `latest.json`, or of a generation's pointer."""

    version: str
    model: str
    recipe: str
    manifest: StoredObject

    @property
    def manifest_key(self) -> str:
        """S3 key of the manifest."""
        return manifest_key(self.version)

    def to_bytes(self) -> bytes:
        """JSON, as stored."""
        return dump(
            {
                "version": self.version,
                "model": self.model,
                "recipe": self.recipe,
                "manifest": {"key": self.manifest_key, **object_to_json(self.manifest)},
            }
        )

    @classmethod
    def from_bytes(cls, body: bytes) -> Self:
        """Inverse of `to_bytes`. One that names no recipe means the default one of its network.

        Raises:
            DamagedIndex: not a pointer.
        """
        try:
            data: _PointerJson = json.loads(body)
            return cls(
                version=data["version"],
                model=data["model"],
                recipe=data.get("recipe") or recipe_of_model(data["model"]),
                manifest=StoredObject(size=data["manifest"]["size"], sha256=data["manifest"]["sha256"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DamagedIndex(f"not an index pointer: {body[:200]!r} ({error!r})") from None


class _NamedObjectJson(ObjectJson):
    key: str


class _PointerJson(TypedDict):
    version: str
    model: str
    recipe: NotRequired[str]
    manifest: _NamedObjectJson


def generation_key(recipe: str) -> str:
    """S3 key of the pointer to the newest version by a recipe that does not serve.

    Before recipes had names the network's stood here: give that for the older key of a network's default recipe.
    """
    return f"{GENERATIONS}{quote(recipe, safe='')}.json"
