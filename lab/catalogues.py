"""The catalogues that a corpus is judged as: as it is, half of it encoded, small, with one clip of each track."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from lab.corpus import Clip
from lab.metrics import Rows

FITTED_TO: Final = (10, 30)
"""A transform fitted to so few tracks answers all queries."""
ONE_CLIP_OF: Final = (30, 300)
"""Catalogues of so many tracks; and one of all."""
DRAWS = 10
_SEED = 16


def half(clips: Sequence[Clip]) -> Rows:
    """Half of the clips: of every track the second, and of tracks that have but one every second."""
    of_track = _in_order(clips)
    seconds = [rows[number] for rows in of_track for number in range(1, len(rows), 2)]
    alone = [rows[0] for rows in of_track if len(rows) == 1]
    return np.array(sorted(seconds + alone[1::2]), np.intp)


def firsts(clips: Sequence[Clip]) -> Rows:
    """One clip of every track: its first."""
    return np.array(sorted(rows[0] for rows in _in_order(clips)), np.intp)


def drawn(rows: Rows, size: int) -> Iterator[Rows]:
    """Ten times `size` of the rows, at random; once all of them where they are no more."""
    if size >= len(rows):
        yield rows
        return
    dice = np.random.default_rng([_SEED, size])
    for _ in range(DRAWS):
        yield np.sort(dice.choice(rows, size, replace=False))


def _in_order(clips: Sequence[Clip]) -> list[list[int]]:
    """The rows of each track, in the order in which they sound."""
    tracks: dict[str, list[int]] = {}
    for row in sorted(range(len(clips)), key=lambda row: (clips[row].track, clips[row].start_s, clips[row].clip_id)):
        tracks.setdefault(clips[row].track, []).append(row)
    return [*tracks.values()]
