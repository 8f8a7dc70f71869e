"""What words alone find: neighbours by artist, album, genre, year and popularity, a baseline beside what is heard."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from earshot.index.transform import unit
from lab.corpus import Clip, Corpus
from lab.evaluate import CLEAN, about, by_track, prefixed, when_small
from lab.judgement import Judgement
from lab.metrics import Labels, Matrix, Rows, hubs, scores

NAME: Final = "metadata"
_WEIGHTS: Final = {"artist": 1.0, "album": 0.5, "genre": 1.0, "year": 0.5, "popularity": 0.25}
"""Of the cosines, one for each field: who made it and what kind it is say most."""
_DECADE, _WHOLE = 10.0, 100.0
"""Years and percent apart at which two tracks have nothing in common by year, by popularity."""


def judge_metadata(corpus: Corpus) -> Judgement:
    """The judgement of a search by metadata on `corpus`. Nothing is heard: distorted queries are not asked."""
    clips = corpus.clips
    vectors = described(clips)

    def of_catalogue(_rows: Rows) -> Callable[[Rows], Matrix]:
        return lambda wanted: vectors[wanted]

    near = scores(vectors, vectors, Labels.of(clips), np.arange(len(clips)))
    found = prefixed(CLEAN, near) | when_small(clips, of_catalogue)
    return Judgement(NAME, corpus.sha256, by_track(found, clips), hubs(vectors), {**_WEIGHTS, **about(clips)})


def described(clips: Sequence[Clip]) -> Matrix:
    """Unit vectors (n, d): what is equal points the same way, years and popularity turn by a right angle at most."""
    names: dict[str, Sequence[str | None]] = {
        "artist": [clip.artist for clip in clips],
        "album": [clip.album for clip in clips],
        "genre": [clip.genre for clip in clips],
    }
    numbers: dict[str, tuple[Sequence[float | None], float]] = {
        "year": ([clip.year for clip in clips], _DECADE),
        "popularity": ([clip.popularity for clip in clips], _WHOLE),
    }
    blocks = [_WEIGHTS[field] ** 0.5 * _one_hot(of) for field, of in names.items()]
    blocks += [_WEIGHTS[field] ** 0.5 * _angles(of, scale) for field, (of, scale) in numbers.items()]
    return unit(np.hstack(blocks))


def _one_hot(names: Sequence[str | None]) -> npt.NDArray[np.float64]:
    known = sorted({name for name in names if name is not None})
    return np.array([[float(name == each) for each in known] for name in names]).reshape(len(names), len(known))


def _angles(values: Sequence[float | None], scale: float) -> npt.NDArray[np.float64]:
    """(n, 2): so that far apart is at a right angle; 0 where unknown."""
    numbers = np.array([np.nan if value is None else value for value in values], np.float64)
    known = ~np.isnan(numbers)
    if not known.any():
        return np.zeros((len(values), 2))
    turned = np.clip((numbers - np.nanmedian(numbers)) / scale, -1, 1) * np.pi / 4
    points: npt.NDArray[np.float64] = np.nan_to_num(np.stack([np.cos(turned), np.sin(turned)], axis=1))
    return points * known[:, None]
