"""The map of the catalogue: where every track lies, as columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from api.answers.catalogue import living
from earshot.index.arrays import Mask, RowNumbers
from earshot.index.layout import Positions, lay_out, place
from earshot.index.searcher import Searcher
from earshot.index.segment import Segment
from earshot.index.shelf import Shown
from earshot.index.transform import unit

MAX_POINTS = 20_000
_REFERENCE_POINTS = 2_000


@dataclass(frozen=True, slots=True)
class Atlas:
    """Columns of equal length: of each track its id, place (about -1 to 1), title, artists and strongest said tag."""

    track_ids: list[str]
    x: list[float]
    y: list[float]
    titles: list[str]
    artists: list[str]
    tags: list[str]


class _Points(NamedTuple):
    """Rows of a segment that are on the map, ascending, and what it shows of each."""

    segment: Segment
    rows: RowNumbers
    shown: Sequence[Shown]


def atlas(searcher: Searcher, *, most: int = MAX_POINTS) -> Atlas:
    """Every track; above `most` a sample of about so many that stays the same as others come and go.

    Of a segment most of whose rows have died only those show that its sample holds (`shelf.SAMPLE_ROWS`).
    """
    share = min(1.0, most / max(searcher.size, 1))
    points = [_sampled(segment, live, share) for segment, live in living(searcher)]
    places = _places(points)
    x, y = ([round(value, 4) for value in column] for column in places.T.tolist())
    shown = [each for part in points for each in part.shown]
    return Atlas(
        [track_id.decode() for part in points for track_id in part.segment.ids[part.rows].tolist()],
        x,
        y,
        [each.title for each in shown],
        [each.artists for each in shown],
        [each.tag for each in shown],
    )


def _sampled(segment: Segment, live: Mask, share: float) -> _Points:
    shelf = segment.shelf
    numbers = np.flatnonzero(shelf.sample_keys < np.uint64(share * 2**32))
    numbers = numbers[live[shelf.sample[numbers]]]
    numbers = numbers[np.argsort(shelf.sample[numbers])]
    return _Points(segment, shelf.sample[numbers].astype(np.intp), shelf.shown(numbers))


def _places(points: Sequence[_Points]) -> Positions:
    """Of every point. Tracks that came after the map was made lie among those that sound like them."""
    own = [part.segment.positions() for part in points]
    drawn = [(part.segment, positions) for part, positions in zip(points, own, strict=True) if positions is not None]
    if not drawn:
        return _fresh_layout(points)
    vectors = np.concatenate([unit(segment.vectors[_reference(segment)]) for segment, _ in drawn])
    places = np.concatenate([positions[_reference(segment)] for segment, positions in drawn])
    return np.concatenate(
        [
            positions[part.rows] if positions is not None else place(part.segment.vectors, part.rows, vectors, places)
            for part, positions in zip(points, own, strict=True)
        ]
    )


def _reference(segment: Segment) -> slice:
    return slice(None, None, max(1, segment.rows // _REFERENCE_POINTS))


def _fresh_layout(points: Sequence[_Points]) -> Positions:
    """For versions that were published without a map."""
    segments = [part.segment for part in points]
    if not segments:
        return np.zeros((0, 2), np.float32)
    positions = lay_out(
        np.concatenate([segment.vectors for segment in segments]), np.concatenate([segment.ids for segment in segments])
    )
    parts = np.split(positions, np.cumsum([segment.rows for segment in segments])[:-1])
    return np.concatenate([whole[part.rows] for whole, part in zip(parts, points, strict=True)])
