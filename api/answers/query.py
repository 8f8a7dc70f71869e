"""What to look for: seeds, and what they come to in each space."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from api.answers.spaces import Part, Space
from earshot.embedding import Vector
from earshot.errors import InvalidInput
from earshot.index.rows import IndexedTrack

_LEAST = 1e-3
"""Share of the seeds' weight that must be left of them."""


@dataclass(frozen=True, slots=True, eq=False)
class Seed:
    """A track that the query is made of, with its unit vector of sound. A negative `weight` means less of this."""

    track: IndexedTrack
    vector: Vector
    weight: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """A unit vector of sound, what is asked of other spaces beside it, and what to say of it.

    Attributes:
        sound: (dim,), as the index has it.
        seeds: what it was made of; empty for a clip.
        tags: the query's own, by name.
        others: what is asked of other spaces.
        sound_weight: how much sound counts, beside the weights of the others.
    """

    sound: Vector
    seeds: tuple[Seed, ...] = ()
    tags: Mapping[str, float] = field(default_factory=dict)
    others: tuple[Part, ...] = ()
    sound_weight: float = 1.0

    @classmethod
    def of(cls, seeds: Sequence[Seed], others: Sequence[tuple[Space, float]] = ()) -> "Query":
        """The seeds combined, in sound and in those of the `others` (each with its weight) that know one of them.

        Raises:
            InvalidInput: the seeds cancel out.
        """
        sound = combined([seed.vector for seed in seeds], [seed.weight for seed in seeds])
        parts = (_part(space, weight, seeds) for space, weight in others)
        return cls(sound, tuple(seeds), _tags([seed for seed in seeds if seed.weight > 0]), tuple(filter(None, parts)))


def combined(vectors: Sequence[Vector], weights: Sequence[float]) -> Vector:
    """The normalised weighted sum of unit vectors (Rocchio 1971).

    Raises:
        InvalidInput: they cancel out.
    """
    total = sum((weight * vector for vector, weight in zip(vectors, weights, strict=True)), np.zeros_like(vectors[0]))
    length = float(np.linalg.norm(total))
    if length <= _LEAST * sum(map(abs, weights)):
        raise InvalidInput("the seeds cancel each other out", hint="Change a weight or leave one of them out.")
    return np.asarray(total / length, np.float32)


def _part(space: Space, weight: float, seeds: Sequence[Seed]) -> Part | None:
    """What is asked of the space; None where it knows none of the seeds, or they cancel out there."""
    known = [(vector, seed.weight) for seed in seeds if (vector := space.vector(seed.track.track_id)) is not None]
    if not known:
        return None
    try:
        return Part(space, combined([vector for vector, _ in known], [weight for _, weight in known]), weight)
    except InvalidInput:
        return None


def _tags(liked: Sequence[Seed]) -> dict[str, float]:
    """Mean probabilities of the seeds' tags, by their weights."""
    total = sum(seed.weight for seed in liked)
    tags: defaultdict[str, float] = defaultdict(float)
    for seed in liked:
        for tag in seed.track.tags:
            tags[tag.name] += seed.weight / total * tag.probability
    return dict(tags)
