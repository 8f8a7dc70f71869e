"""What to look for: seeds, and what they come to in each space."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from api.answers.spaces import SOUND_ALONE, Part, Weights
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
    """Unit vectors of sound, what is asked of other spaces beside them, and what to say of it.

    Attributes:
        points: (dim,) each, as the index has it, at least one; a track is as similar as it is to the nearest of them.
        seeds: what it was made of, which is never among the results; empty for a clip.
        tags: the query's own, by name.
        others: what is asked of other spaces.
        sound_weight: how much sound counts, beside the weights of the others.
        liked: tracks one of which a result is said to sound like.
        dampened: how much the score of a track is less than its evidence, at least 0.
    """

    points: tuple[Vector, ...]
    seeds: tuple[Seed, ...] = ()
    tags: Mapping[str, float] = field(default_factory=dict)
    others: tuple[Part, ...] = ()
    sound_weight: float = 1.0
    liked: tuple[Seed, ...] = ()
    dampened: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, seeds: Sequence[Seed], weights: Weights = SOUND_ALONE) -> "Query":
        """The seeds combined, in sound and in those of the other spaces that know one of them.

        Raises:
            InvalidInput: the seeds cancel out.
        """
        sound = combined([seed.vector for seed in seeds], [seed.weight for seed in seeds])
        liked = tuple(seed for seed in seeds if seed.weight > 0)
        return cls(
            (sound,),
            tuple(seeds),
            tags_of(liked),
            weights.parts([(seed.track.track_id, seed.weight) for seed in seeds]),
            weights.sound,
            liked,
        )


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


def tags_of(liked: Sequence[Seed]) -> dict[str, float]:
    """Mean probabilities of the seeds' tags, by their weights."""
    total = sum(seed.weight for seed in liked)
    tags: defaultdict[str, float] = defaultdict(float)
    for seed in liked:
        for tag in seed.track.tags:
            tags[tag.name] += seed.weight / total * tag.probability
    return dict(tags)
