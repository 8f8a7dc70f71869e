"""What is common in a catalogue: of how many tracks each tag is said and how likely, how many have each tempo, key,
loudness, year and genre.

Counts, so that those of segments and of shards add up to those of the whole.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil, floor
from weakref import WeakKeyDictionary

import numpy as np

from api.answers.catalogue import living
from earshot.index.arrays import Mask
from earshot.index.described import MOST_BPM, STEPS_OF_LOUDNESS, step_of_loudness
from earshot.index.neighbours import Neighbours
from earshot.index.searcher import Searcher
from earshot.index.segment import Segment
from earshot.index.shelf import STEPS, step_of
from earshot.keys import KEYS, Key
from earshot.tags import measured
from earshot.titles import genre_key, plain

UNUSUAL = 0.25
"""What no more than so many of a catalogue's tracks have tells something of those that have it."""
_NONE = (0,) * STEPS
_MOST_GENRES = 1_000
"""Of a segment. Files may say anything, and shards send what they counted."""
SAME_TEMPO = 0.03
"""Tempos that differ by no more than this share of them are felt as one: what a turntable's pitch control makes up for
without being heard."""


@dataclass(frozen=True, slots=True)
class Commonness:
    """Counts of living tracks.

    Attributes:
        tracks: all of them.
        tags: of how many each tag is said, by plain names and then by how probable it is (`shelf.step_of`).
        tempi: how many have each tempo, by whole beats per minute from 0 to `MOST_BPM`.
        keys: how many are in each of `KEYS`.
        loudness: how many are how loud, by `described.step_of_loudness`.
        years: how many are of each year.
        genres: how many are of each genre, by `titles.genre_key`; of each segment those that most are of.
    """

    tracks: int = 0
    tags: Mapping[str, Sequence[int]] = field(default_factory=dict)
    tempi: Sequence[int] = (0,) * (MOST_BPM + 1)
    keys: Sequence[int] = (0,) * len(KEYS)
    loudness: Sequence[int] = (0,) * STEPS_OF_LOUDNESS
    years: Mapping[int, int] = field(default_factory=dict)
    genres: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: "Commonness") -> "Commonness":
        names = sorted(self.tags.keys() | other.tags.keys())
        return Commonness(
            self.tracks + other.tracks,
            {name: _added(self.tags.get(name, _NONE), other.tags.get(name, _NONE)) for name in names},
            _added(self.tempi, other.tempi),
            _added(self.keys, other.keys),
            _added(self.loudness, other.loudness),
            Counter(self.years) + Counter(other.years),
            Counter(self.genres) + Counter(other.genres),
        )

    def of_tag(self, name: str, probability: float = 0.0) -> float:
        """Of what share of the tracks the tag is said and at least about so probable, 0..1.

        Of no tracks, how probable it is of music at large.
        """
        if not self.tracks:
            return measured(name).base_rate
        return sum(self.tags.get(plain(name), _NONE)[step_of(probability) :]) / self.tracks

    def of_tempo(self, bpm: float) -> float:
        """What share of the tracks has that tempo or one that is felt as the same, 0..1."""
        first, last = ceil(bpm * (1 - SAME_TEMPO)), floor(bpm * (1 + SAME_TEMPO))
        return sum(self.tempi[max(0, first) : last + 1]) / max(self.tracks, 1)

    def of_key(self, key: Key) -> float:
        """What share of the tracks is in that key, 0..1."""
        return self.keys[KEYS.index(key)] / max(self.tracks, 1)

    def as_quiet(self, lufs: float) -> float:
        """What share of the tracks is no louder, 0..1."""
        return sum(self.loudness[: step_of_loudness(lufs) + 1]) / max(self.tracks, 1)

    def as_loud(self, lufs: float) -> float:
        """What share of the tracks is no quieter, 0..1."""
        return sum(self.loudness[step_of_loudness(lufs) :]) / max(self.tracks, 1)

    def of_year(self, year: int) -> float:
        """What share of the tracks is of that year, 0..1."""
        return self.years.get(year, 0) / max(self.tracks, 1)

    def of_genre(self, name: str) -> float:
        """What share of the tracks is of that genre, 0..1; 0 where it is not counted."""
        return self.genres.get(genre_key(name), 0) / max(self.tracks, 1)


def _added(one: Sequence[int], other: Sequence[int]) -> list[int]:
    return [mine + theirs for mine, theirs in zip(one, other, strict=True)]


UNKNOWN = Commonness()
"""Of a catalogue whose rows cannot be looked through."""
_counted: WeakKeyDictionary[Searcher, Commonness] = WeakKeyDictionary()
"""What was counted, for as long as the version is in use."""


def commonness_of(index: Neighbours) -> Commonness:
    """Of an index version; counted when it is first asked for."""
    if not isinstance(index, Searcher):
        return UNKNOWN
    if index not in _counted:
        _counted[index] = _count(index)
    return _counted[index]


def _count(searcher: Searcher) -> Commonness:
    found = sum((_of_segment(segment, live) for segment, live in living(searcher)), UNKNOWN)
    return replace(found, tags={name: counts for name, counts in found.tags.items() if any(counts)})


_of_segments: WeakKeyDictionary[Segment, tuple[int, Commonness]] = WeakKeyDictionary()
"""What was counted of each segment when so many of its rows were alive: rows die, and none comes back."""


def _of_segment(segment: Segment, live: Mask) -> Commonness:
    alive = int(np.count_nonzero(live))
    known = _of_segments.get(segment)
    if known is None or known[0] != alive:
        tags = {name: counts.tolist() for name, counts in segment.shelf.tag_counts(live).items()}
        words, facets = segment.described, segment.shelf.facets
        genres = dict(Counter(facets.genre_counts(live)).most_common(_MOST_GENRES))
        known = _of_segments[segment] = (
            alive,
            Commonness(
                alive, tags, words.tempo_counts(live).tolist(), words.key_counts(live).tolist(),
                words.loudness_counts(live).tolist(), facets.year_counts(live), genres,
            ),
        )  # fmt: skip
    return known[1]
