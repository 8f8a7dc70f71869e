"""Tracks from all over the catalogue, for whom nothing is known of: as unlike each other as they can be."""

import hashlib
from collections.abc import Container, Sequence

import numpy as np

from api.answers.catalogue import whole
from api.answers.filters import Admitted, Filters
from earshot.index.neighbours import Neighbours
from earshot.index.rows import IndexedTrack
from earshot.index.searcher import Searcher
from earshot.index.transform import unit

_SAMPLE = 400


SEED = "somewhere to begin"
"""Of what is the same for everybody."""


def beginnings(searcher: Searcher, filters: Filters, *, limit: int, offset: int) -> tuple[int, list[IndexedTrack]]:
    """How many tracks the filters let through, and `limit` of them from `offset` on in such an order that the first
    few are from all over the catalogue. It is the same for a version; behind some hundreds of tracks it ends.

    Raises:
        UnknownTag, UnknownGenre: no track has what the filters ask for.
    """
    total = sum(int(np.count_nonzero(mask)) for _, mask in Admitted(searcher, filters).parts)
    return total, spread(searcher, filters, offset + limit, exclude=(), seed=SEED)[offset:]


def spread(
    searcher: Neighbours, filters: Filters, count: int, *, exclude: Sequence[Container[object]], seed: str
) -> list[IndexedTrack]:
    """Up to `count` tracks, each as far from those before it as there is among some hundreds taken by chance
    (Gonzalez 1985). The same `seed` gives the same tracks of the same version.

    Raises:
        UnknownTag, UnknownGenre: no track has what the filters ask for.
        NotServedHere: see `whole`.
    """
    dice = np.random.default_rng(int.from_bytes(hashlib.blake2b(seed.encode(), digest_size=8).digest(), "little"))
    parts = [(segment, np.flatnonzero(mask)) for segment, mask in Admitted(whole(searcher), filters).parts]
    total = sum(len(rows) for _, rows in parts)
    chosen = np.sort(dice.choice(total, min(total, _SAMPLE), replace=False))
    tracks: list[tuple[int, int]] = []
    start = 0
    for number, (_, rows) in enumerate(parts):
        own = chosen[(chosen >= start) & (chosen < start + len(rows))] - start
        tracks += [(number, int(row)) for row in rows[own]]
        start += len(rows)
    ids = [parts[number][0].track_id(row) for number, row in tracks]
    tracks = [one for one, track_id in zip(tracks, ids, strict=True) if not any(track_id in some for some in exclude)]
    if not tracks:
        return []
    vectors = unit(np.stack([parts[number][0].vector(row) for number, row in tracks]))
    nearest = np.full(len(tracks), -1.0, np.float32)
    at = int(dice.integers(len(tracks)))
    picked: list[int] = []
    while len(picked) < min(count, len(tracks)):
        picked.append(at)
        nearest = np.maximum(nearest, vectors @ vectors[at])
        nearest[picked] = np.inf
        at = int(nearest.argmin())
    return [parts[number][0].track(row) for number, row in (tracks[i] for i in picked)]
