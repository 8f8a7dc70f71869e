"""What a clip asks for. A microphone hears music quieter than records are, and noise with it.

The extractor hears a quiet clip twice: as it came, and as loud as records are. Some records are quiet, but few: the
first hearing is asked for only where it comes clearly nearer to a track. What noise adds to an embedding lies mostly
in a few directions, which are taken out of the question (nuisance attribute projection; Solomonoff, Quillen and
Boardman, *Channel compensation for SVM speaker recognition*, Odyssey 2004): music without noise is found as well so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np

from earshot.embedding import Vector
from earshot.index.transform import CatalogueTransform, Matrix, unit

SAME = 0.9
"""A clip that is so similar to a track as it came is of that very file: its level and its noise are the track's."""
CLEARLY = 0.15
"""By so much nearer comes a record that is quiet, and hardly a recording that is."""
DIRECTIONS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """The unit vector (dim,) that is asked for, and the number of the hearing that it comes from."""

    vector: Vector
    hearing: int


def asked(hearings: Sequence[Vector], noise: Matrix, nearest: Callable[[Vector], float]) -> Asked:
    """Of the hearings' unit vectors (dim,), the first as the clip came and the last as loud as records are.

    Args:
        hearings: one or two.
        noise: orthonormal rows (n, dim), see `noise_directions`.
        nearest: the similarity of the track that is nearest to a vector.
    """
    if nearest(hearings[0]) >= SAME:
        return Asked(hearings[0], 0)
    plain = unit(np.stack([heard - noise.T @ (noise @ heard) for heard in hearings]))
    if len(plain) > 1 and nearest(plain[0]) > nearest(plain[-1]) + CLEARLY:
        return Asked(plain[0], 0)
    return Asked(plain[-1], len(plain) - 1)


def noise_directions(model: str, transform: CatalogueTransform) -> Matrix:
    """Orthonormal rows (n, dim): where noise moves vectors of the network `model`; none where that was not measured."""
    moved = (_measured(model, transform.raw_dim) * transform.scale) @ transform.projection
    return np.asarray(np.linalg.svd(moved, full_matrices=False)[2][: min(DIRECTIONS, len(moved))], np.float32)


@lru_cache(maxsize=4)
def _measured(model: str, size: int) -> Matrix:
    """(n, size): where noise moves embeddings, each as far as it does (data/README.md)."""
    file = resources.files("api.answers") / "data" / f"{model}.noise.npy"
    none = np.zeros((0, size), np.float32)
    if not file.is_file():
        return none
    with file.open("rb") as source:
        moved = np.asarray(np.load(source, allow_pickle=False), np.float32)
    return moved if moved.shape[1] == size else none  # measured on embeddings of another size
