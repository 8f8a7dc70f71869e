"""Where a recipe's newest version is named, and moving that pointer: from the version last seen, or not at all."""

from dataclasses import dataclass, replace

from annoy_service.builder import Builder
from earshot.errors import IndexRace, RecipeNotReady
from earshot.index.formats import named
from earshot.index.manifest import Manifest
from earshot.index.pointer import POINTER_KEY, generation_key
from earshot.index.store import Head
from earshot.recipes import first_recipe


@dataclass(frozen=True, slots=True)
class Position:
    """Where the recipe's newest version is named: `key` is that of its pointer, `head` what it says (None: nothing)."""

    key: str
    head: Head | None

    @property
    def etag(self) -> str | None:
        """What whoever moves the pointer must have seen."""
        return self.head.etag if self.head else None

    @property
    def serves(self) -> bool:
        """Whether readers use it; otherwise it is a generation that is kept beside the one they use."""
        return self.key == POINTER_KEY


def position(builder: Builder) -> Position:
    """The pointer to the newest version of the builder's recipe: the one readers use, or that of a generation.

    Raises:
        DamagedIndex: the pointer that readers use is none, or names another recipe than its manifest.
        RecipeNotReady: a shard by another recipe serves.
    """
    serving = builder.store.head()
    if serving is None:
        return Position(POINTER_KEY, None) if builder.leads else generation(builder)
    if serving.pointer.recipe == builder.recipe.name:
        return Position(POINTER_KEY, serving)
    beside = builder.store.manifest(serving.pointer)  # a generation is begun only where another recipe really serves
    if beside.shard is not None:  # it would be of the whole catalogue, and take the shard's place
        raise RecipeNotReady(
            f"here lies shard {beside.shard.number} of {beside.shard.of} by {beside.recipe}, to which no index by "
            f"{builder.recipe.name} can be added",
            hint=f"Set EARSHOT_RECIPES={beside.recipe}. Another recipe is a new division, into other buckets "
            "(docs/scaling.md).",
        )
    return generation(builder)


def generation(builder: Builder) -> Position:
    """The pointer to the recipe's newest version where it does not serve."""
    key = generation_key(builder.recipe.name)
    head = builder.store.head(key)
    if head is None and first_recipe(builder.recipe.network) == builder.recipe:
        before = generation_key(builder.recipe.network.name)  # as it was called before recipes had names
        if old := builder.store.head(before):
            return Position(before, old)
    return Position(key, head)


def manifest_at(builder: Builder, place: Position) -> Manifest | None:
    """The version that a pointer names.

    Raises:
        DamagedIndex: it cannot be read.
    """
    return builder.store.manifest(place.head.pointer) if place.head else None


def publish(builder: Builder, manifest: Manifest, place: Position) -> Manifest:
    """Name the version, store its manifest and move the pointer from `place` to it. Its objects must be in the bucket.

    Raises:
        IndexRace: the pointer has moved; or the generation went into service meanwhile.
    """
    manifest = named(replace(manifest, previous=place.head.pointer.version if place.head else ""))
    builder.store.move(builder.store.put_manifest(manifest), key=place.key, seen=place.etag)
    builder.cache.keep_only(entry.id for entry in manifest.segments)
    if not place.serves and position(builder).serves:
        raise IndexRace(f"generation {manifest.recipe} went into service while version {manifest.version} was built")
    return manifest
