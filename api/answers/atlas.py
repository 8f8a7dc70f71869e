"""The map of the catalogue: where every track lies, as columns."""

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from api.answers.catalogue import Mask, shelves
from earshot.index.layout import Positions, lay_out, place
from earshot.index.searcher import Searcher
from earshot.index.segment import Segment
from earshot.index.transform import unit

MAX_POINTS = 20_000
_REFERENCE_POINTS = 2_000


@dataclass(frozen=True, slots=True)
class Atlas:
    """Columns of equal length: of each track its id, place (about -1 to 1), title, artists and strongest tag."""

    track_ids: list[str]
    x: list[float]
    y: list[float]
    titles: list[str]
    artists: list[str]
    tags: list[str]


def atlas(searcher: Searcher, *, most: int = MAX_POINTS) -> Atlas:
    """Every track; above `most` a sample of about so many that stays the same as others come and go."""
    ids: list[str] = []
    titles: list[str] = []
    artists: list[str] = []
    tags: list[str] = []
    places: list[Positions] = []
    share = most / max(searcher.size, 1)
    for (segment, _, live), positions in zip(shelves(searcher), _positions(searcher), strict=True):
        rows = _sampled(segment, live, share)
        places.append(positions[rows])
        for track in map(segment.track, rows.tolist()):
            ids.append(track.track_id)
            titles.append(track.title)
            artists.append(", ".join(track.artists))
            tags.append(track.tags[0].name if track.tags else "")
    xy = np.concatenate(places) if places else np.zeros((0, 2), np.float32)
    x, y = ([round(value, 4) for value in column] for column in xy.T.tolist())
    return Atlas(ids, x, y, titles, artists, tags)


def _sampled(segment: Segment, live: Mask, share: float) -> npt.NDArray[np.intp]:
    rows = np.flatnonzero(live)
    if share >= 1:
        return rows
    bound = int(share * 2**32)
    return np.array([row for row in rows.tolist() if _hash(bytes(segment.ids[row])) < bound], np.intp)


def _hash(track_id: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(track_id, digest_size=4).digest(), "big")


def _positions(searcher: Searcher) -> list[Positions]:
    """Of every row of every segment. Tracks that came after the map was made lie among those that sound like them."""
    own = [segment.positions() for segment, _ in searcher.segments]
    drawn = [
        (segment, positions)
        for (segment, _), positions in zip(searcher.segments, own, strict=True)
        if positions is not None
    ]
    if not drawn:
        return _fresh_layout(searcher)
    vectors = np.concatenate([unit(segment.vectors[_reference(segment)]) for segment, _ in drawn])
    places = np.concatenate([positions[_reference(segment)] for segment, positions in drawn])
    return [
        positions if positions is not None else place(unit(segment.vectors), vectors, places)
        for (segment, _), positions in zip(searcher.segments, own, strict=True)
    ]


def _reference(segment: Segment) -> slice:
    return slice(None, None, max(1, segment.rows // _REFERENCE_POINTS))


def _fresh_layout(searcher: Searcher) -> list[Positions]:
    """For versions that were published without a map."""
    segments = [segment for segment, _ in searcher.segments]
    if not segments:
        return []
    positions = lay_out(
        np.concatenate([segment.vectors for segment in segments]), np.concatenate([segment.ids for segment in segments])
    )
    return np.split(positions, np.cumsum([segment.rows for segment in segments])[:-1])
