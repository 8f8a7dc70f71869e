"""The map of the catalogue."""

import math

import numpy as np

from api.answers.atlas import atlas
from earshot.index.searcher import Searcher
from tests.unit.answers.conftest import IndexOf
from tests.unit.api.world import direction, track


def _styles(index_of: IndexOf, n: int) -> Searcher:
    """`n` tracks in two styles that lie far apart."""
    random = np.random.default_rng(1)
    vectors = []
    for number in range(n):
        base = direction(a0=1) if number % 2 else direction(a1=1)
        noisy = base + 0.05 * random.normal(size=len(base)).astype(np.float32)
        vectors.append((noisy / np.linalg.norm(noisy)).astype(np.float32))
    tracks = [track(1000 + number, tags={"rock" if number % 2 else "jazz": 0.6}) for number in range(n)]
    return index_of(tracks, vectors)


def test_every_track_has_a_place_near_those_that_sound_like_it(index_of: IndexOf) -> None:
    drawn = atlas(_styles(index_of, 40))
    columns = (drawn.track_ids, drawn.x, drawn.y, drawn.titles, drawn.artists, drawn.tags)
    assert {len(column) for column in columns} == {40}
    places = list(zip(drawn.x, drawn.y, strict=True))
    for number, place in enumerate(places):
        others = sorted((math.dist(place, other), i) for i, other in enumerate(places) if i != number)
        assert drawn.tags[others[0][1]] == drawn.tags[number]
    assert (drawn.titles[0], drawn.artists[0]) == ("Title 1000", "Artist 1000")


def test_a_large_catalogue_is_sampled_and_the_sample_stays(index_of: IndexOf) -> None:
    first, second = (atlas(_styles(index_of, n), most=60).track_ids for n in (200, 202))
    assert 40 <= len(first) <= 80
    assert len(set(first) & set(second)) >= 0.95 * len(first)
