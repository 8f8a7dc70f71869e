"""A journey walks in small steps, never plays a recording twice, and arrives."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.answers.course import Course, Energy, energy_of
from api.answers.journey import journey
from api.answers.query import Seed
from earshot.descriptors import Descriptors
from earshot.embedding import Vector
from earshot.index.searcher import Searcher
from earshot.keys import KEYS, Key
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
    index = index_of([track(n, tags={"tune": n / 20}) for n in range(1, 13)], [*on_the_way, *aside])
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


def _pairs_on_the_way(index_of: IndexOf, said: list[tuple[Descriptors | None, Descriptors | None]]) -> Searcher:
    """From track 1 to track 99 by waypoints, at each of which two tracks nearly meet: 10 and 11, 20 and 21, …"""
    angles = [math.pi / 2 * n / (len(said) + 1) for n in range(len(said) + 2)]
    at = [direction(a0=math.cos(angle), a1=math.sin(angle)) for angle in angles]
    tracks = [track(1, descriptors=_IN_C), track(99, descriptors=_IN_C)]
    vectors = [at[0], at[-1]]
    for number, (near, other) in enumerate(said, 1):
        tracks += [track(10 * number, descriptors=near), track(10 * number + 1, descriptors=other)]
        vectors += [at[number], direction(a0=math.cos(angles[number]), a1=math.sin(angles[number]), a9=0.2)]
    return index_of(tracks, vectors)


_IN_C = Descriptors(key=Key("C major"), loudness=-14.0)


def _way(index: Searcher, steps: int, course: Course) -> list[int]:
    found = journey(index, _seed(index, 1), _seed(index, 99), steps, course=course)
    return [int(one.track.track_id.removeprefix("deezer:")) for one in found]


def test_a_harmonic_journey_prefers_keys_that_go_together(index_of: IndexOf) -> None:
    clash, fits = Descriptors(key=Key("F# major")), Descriptors(key=Key("A minor"))
    index = _pairs_on_the_way(index_of, [(clash, fits), (None, Descriptors(key=Key("E minor"))), (clash, fits)])
    assert _way(index, 3, Course()) == [10, 20, 30, 99]
    assert _way(index, 3, Course(harmonic=1.0)) == [11, 21, 31, 99]


@pytest.mark.parametrize(("energy", "way"), [(Energy.BUILD_UP, [11, 20, 31, 99]), (Energy.CALM_DOWN, [10, 21, 30, 99])])
def test_a_journey_builds_up_or_calms_down(index_of: IndexOf, energy: Energy, way: list[int]) -> None:
    quiet, middle, loud = (Descriptors(loudness=lufs) for lufs in (-22.0, -13.0, -7.0))
    index = _pairs_on_the_way(index_of, [(quiet, middle), (middle, quiet), (quiet, loud)])
    assert _way(index, 3, Course(energy=energy)) == way


levels = st.builds(
    Descriptors,
    loudness=st.none() | st.floats(-70, 5),
    bpm=st.none() | st.floats(40, 240),
    pulse_clarity=st.none() | st.floats(0, 1),
    key=st.none() | st.sampled_from(KEYS),
)


@given(st.none() | levels)
def test_energy_is_a_share(said: Descriptors | None) -> None:
    assert 0 <= energy_of(said) <= 1


@given(levels, st.floats(0, 30))
def test_what_is_louder_has_no_less_energy(said: Descriptors, more: float) -> None:
    if said.loudness is not None:
        louder = Descriptors(loudness=said.loudness + more, bpm=said.bpm, pulse_clarity=said.pulse_clarity)
        assert energy_of(louder) >= energy_of(said)
