"""The figures of a catalogue whose clips are vectors: what comes first, and what comes too often."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from annoy_service.fit import Statistics, fit, offset_of
from bench.quality.hearing import Raw
from bench.quality.music import Clip
from earshot.index.transform import CatalogueTransform
from earshot.recipes import Recipe

Matrix = npt.NDArray[np.float32]
K = 10
_DRAWS = 10


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one recipe on one catalogue.

    recall_at_1: how often a clip's nearest is the other one of its piece, of those that have another. artist: share of
    the ten nearest by the same artist, own piece left out, where there are others by them. own_encoding: share of the
    ten nearest that are encoded as the clip is, own piece left out. hub_skewness: of how often a clip is among others'
    ten nearest. never: share of clips that never are.
    """

    recall_at_1: float
    artist: float
    own_encoding: float
    hub_skewness: float
    never: float

    def row(self) -> str:
        """The cells of a table."""
        return " | ".join(f"{figure:.3f}" for figure in asdict(self).values())


def judged(clips: Sequence[Clip], vectors: Matrix, encodings: Sequence[str]) -> Figures:
    """The figures of unit `vectors` (n, dim) of clips that are encoded as `encodings` says."""
    pieces, artists, kinds = (
        np.array(names) for names in ([str(clip.piece) for clip in clips], [clip.artist for clip in clips], encodings)
    )
    similarities = vectors @ vectors.T
    np.fill_diagonal(similarities, -np.inf)
    order = np.argsort(-similarities, axis=1, kind="stable")
    others = order[:, :-1]
    same_piece = pieces[others] == pieces[:, None]
    paired = same_piece.any(axis=1)
    own, artist = [], []
    for row, found in enumerate(others):
        nearest = found[~same_piece[row]]
        own.append(np.mean(kinds[nearest[:K]] == kinds[row]))
        by_them = artists[nearest] == artists[row]
        if by_them.any():
            artist.append(np.mean(by_them[:K]))
    times = np.bincount(others[:, :K].ravel(), minlength=len(vectors)).astype(np.float64)
    return Figures(
        recall_at_1=float(same_piece[paired, 0].mean()),
        artist=float(np.mean(artist)),
        own_encoding=float(np.mean(own)),
        hub_skewness=float(((times - times.mean()) ** 3).mean() / times.std() ** 3),
        never=float((times == 0).mean()),
    )


def fitted(recipe: Recipe, raw: Raw) -> CatalogueTransform:
    """The recipe's transform for a catalogue of these tracks."""
    statistics = Statistics(offset_of(recipe))
    statistics.add(raw)
    return fit(recipe, statistics)


def recall_when_small(
    clips: Sequence[Clip], raw: Raw, size: int, fitting: Callable[[Raw], CatalogueTransform]
) -> float:
    """Mean recall@1 of all clips by transforms that are fitted to `size` of them, drawn at random."""
    draws = np.random.default_rng(size)
    found = []
    for _ in range(_DRAWS):
        transform = fitting(raw[draws.choice(len(raw), size, replace=False)])
        found.append(judged(clips, transform(raw[:, 0]), [""] * len(raw)).recall_at_1)
    return float(np.mean(found))
