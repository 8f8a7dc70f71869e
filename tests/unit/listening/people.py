"""Listeners with a known taste, for tests of what is learned from them."""

from collections.abc import Iterable

import numpy as np

from listening.models.interactions import Evidence, Interactions

GENRES, PER_GENRE, ALBUM = 8, 25, 5
ITEMS = GENRES * PER_GENRE


def evidence(rows: Iterable[tuple[int, ...]]) -> Evidence:
    """Of rows (listener, item, plays, skips, at, feedback)."""
    columns = np.array(list(rows), np.int64).reshape(-1, 6).T
    return Evidence(*(column.copy() for column in columns))


def of(rows: Iterable[tuple[int, ...]], n_listeners: int = 3, n_items: int = 6, most: int = 500) -> Interactions:
    return Interactions.of_evidence(evidence(rows), n_listeners=n_listeners, n_items=n_items, most_items=most)


def people(n: int = 300, each: int = 12, seed: int = 0) -> Interactions:
    """Listeners with one genre each, who now and then hear something else."""
    dice = np.random.default_rng(seed)
    genres = dice.integers(0, GENRES, n)
    rows = []
    for listener, genre in enumerate(genres.tolist()):
        own = genre * PER_GENRE + dice.choice(PER_GENRE, each, replace=False)
        items = np.unique(np.append(own, dice.integers(0, ITEMS, 2)))
        rows += [(listener, item, 1, 0, at, 0) for at, item in enumerate(dice.permutation(items).tolist())]
    return of(rows, n, ITEMS)
