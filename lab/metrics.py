"""How well queries are answered: a score for each query by each metric, more is better; and hubs of the whole.

A query is a clip; it is asked only where the catalogue holds what is to be found. Of equal similarities the earlier row
wins: a corpus lies in an order that favours nobody.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from lab.corpus import Clip

K = 10
Matrix = npt.NDArray[np.float32]
Rows = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]
RECALL_AT_1, RECALL_AT_10 = "recall@1", "recall@10"
ARTIST, ALBUM, GENRE, TAGS = "artist@10", "album@10", "genre@10", "tags@10"
OTHER_ENCODING = "other_encoding@10"
METRICS: Mapping[str, str] = {
    RECALL_AT_1: "whether the nearest is another clip of the query's track",
    RECALL_AT_10: "whether one of the ten nearest is",
    ARTIST: "share of the ten nearest other tracks that are by its artist",
    ALBUM: "share of the ten nearest other tracks that are of its album",
    GENRE: "share of the ten nearest by other artists that are of its genre",
    TAGS: "share of the ten nearest by other artists that carry one of its tags",
    OTHER_ENCODING: "share of the ten nearest other tracks that are encoded otherwise: half, where nobody hears codecs",
}
_BLOCK = 512


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """What is known of n clips, as codes (n,), -1 where unknown; `tags` (n, different tags); `encodings` (n,)."""

    clip_ids: Sequence[str]
    tracks: Rows
    artists: Rows
    albums: Rows
    genres: Rows
    tags: Flags
    encodings: Rows

    @classmethod
    def of(cls, clips: Sequence[Clip], encodings: Sequence[str] | None = None) -> Self:
        """Of these clips, encoded so; by default all alike."""
        tags = sorted({tag for clip in clips for tag in clip.tags})
        return cls(
            [clip.clip_id for clip in clips],
            _codes([clip.track for clip in clips]),
            _codes([clip.artist for clip in clips]),
            _codes([clip.album and f"{clip.artist}\n{clip.album}" for clip in clips]),
            _codes([clip.genre for clip in clips]),
            np.array([[tag in clip.tags for tag in tags] for clip in clips], bool).reshape(len(clips), len(tags)),
            _codes(encodings or [""] * len(clips)),
        )


def _codes(names: Sequence[str | None]) -> Rows:
    known = {name: code for code, name in enumerate(sorted({name for name in names if name is not None}))}
    return np.array([-1 if name is None else known[name] for name in names], np.intp)


def scores(queries: Matrix, catalogue: Matrix, labels: Labels, asked: Rows) -> dict[str, dict[str, float]]:
    """By metric, the score of each query by its clip's id.

    Args:
        queries: unit vectors (q, d).
        catalogue: unit vectors (n, d).
        labels: of the catalogue's rows.
        asked: the row (q,) that each query is: it is not among its own answers.
    """
    found: dict[str, dict[str, float]] = {metric: {} for metric in METRICS}
    for row, order in zip(asked, _orders(queries, catalogue, asked), strict=True):
        for metric, score in _of_query(int(row), order, labels):
            found[metric][labels.clip_ids[row]] = score
    return {metric: of_queries for metric, of_queries in found.items() if of_queries}


def _orders(queries: Matrix, catalogue: Matrix, asked: Rows) -> Iterator[Rows]:
    """The rows by similarity to each query, nearest first, without its own."""
    for start in range(0, len(queries), _BLOCK):
        similarities = queries[start : start + _BLOCK] @ catalogue.T
        rows = np.arange(len(similarities))
        similarities[rows, asked[start : start + _BLOCK]] = -np.inf
        yield from np.argsort(-similarities, axis=1, kind="stable")[:, :-1]


def _of_query(row: int, order: Rows, labels: Labels) -> Iterator[tuple[str, float]]:
    """What can be asked of it."""
    same_track = labels.tracks[order] == labels.tracks[row]
    if same_track.any():
        yield RECALL_AT_1, float(same_track[0])
        yield RECALL_AT_10, float(same_track[:K].any())
    others = order[~same_track]
    strangers = others[labels.artists[others] != labels.artists[row]]
    for metric, codes, among in (
        (ARTIST, labels.artists, others),
        (ALBUM, labels.albums, others),
        (GENRE, labels.genres, strangers),
    ):
        alike = codes[among] == codes[row]
        if codes[row] >= 0 and alike.any():
            yield metric, float(alike[:K].mean())
    shared = (labels.tags[strangers] & labels.tags[row]).any(axis=1)
    if shared.any():
        yield TAGS, float(shared[:K].mean())
    otherwise = labels.encodings[others] != labels.encodings[row]
    if otherwise.any():
        yield OTHER_ENCODING, float(otherwise[:K].mean())


def hubs(vectors: Matrix) -> dict[str, float]:
    """Of how often each of n unit vectors (n, d) is among others' ten nearest: the skewness (Radovanović et al. 2010,
    "Hubs in space"), the share that never are, and the share of the others that the largest hub answers."""
    n = len(vectors)
    times = np.zeros(n)
    for order in _orders(vectors, vectors, np.arange(n)):
        times[order[:K]] += 1
    spread = times.std()
    skewness = ((times - times.mean()) ** 3).mean() / spread**3 if spread else 0.0
    return {
        "hub_skewness": float(skewness),
        "never_recommended": float((times == 0).mean()),
        "largest_hub": float(times.max() / max(n - 1, 1)),
    }
