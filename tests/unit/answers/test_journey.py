"""A journey walks in small steps, never plays a recording twice, and arrives."""

import math

import pytest

from api.answers.journey import journey
from api.answers.query import Seed
from earshot.embedding import Vector
from earshot.index.searcher import Searcher
from tests.unit.answers.conftest import IndexOf
from tests.unit.api.world import direction, track


def _seed(index: Searcher, number: int) -> Seed:
    found, vector = index.row(f"deezer:{number}"), index.vector(f"deezer:{number}")
    assert found is not None
    assert vector is not None
    return Seed(found, vector)


def test_a_journey_walks_in_small_steps_and_ends_at_its_destination(index_of: IndexOf) -> None:
    angles = [math.pi / 2 * n / 9 for n in range(10)]
    on_the_way = [direction(a0=math.cos(angle), a1=math.sin(angle)) for angle in angles]
    aside = [direction(a5=1), direction(a0=1, a6=2)]
    index = index_of([track(n, tags={"pop": n / 20}) for n in range(1, 13)], [*on_the_way, *aside])
    steps = journey(index, _seed(index, 1), _seed(index, 10), 8)
    assert [step.track.track_id for step in steps] == [f"deezer:{n}" for n in range(2, 11)]
    assert [step.similarity for step in steps] == pytest.approx([math.cos(math.pi / 18)] * 9, abs=2e-3)
    assert [step.score for step in steps] == [None] * 9
    assert [step.shared_tags[0].strength for step in steps] == pytest.approx([n / 20 for n in range(1, 10)])


def test_a_journey_never_plays_a_recording_twice(index_of: IndexOf) -> None:
    tracks = [track(n, title="Same", artists=("A",)) for n in range(2, 9)]
    vectors = [direction(a0=1, a1=n / 4) for n in range(2, 9)]
    index = index_of([track(1), *tracks, track(9)], [direction(a0=1), *vectors, direction(a1=1)])
    steps = journey(index, _seed(index, 1), _seed(index, 9), 7)
    assert len(steps) == 2
    assert steps[-1].track.track_id == "deezer:9"


@pytest.mark.parametrize("end", [direction(a0=-1), direction(a0=1)])
def test_a_journey_between_opposite_or_equal_tracks_arrives(index_of: IndexOf, end: Vector) -> None:
    index = index_of([track(1), track(2), track(3)], [direction(a0=1), end, direction(a1=1)])
    steps = journey(index, _seed(index, 1), _seed(index, 2), 3)
    assert steps[-1].track.track_id == "deezer:2"
