"""People with a known taste: what they play follows from it, and answers are judged by it."""

from collections.abc import Sequence

import numpy as np
import pytest

from simulator.catalogue import Catalogue, catalogue_of, regions_of
from simulator.judging import AGES, LENGTHS, WAYS, Counts, Figures, HeldOut, held_out, judged, ndcg
from simulator.people import Person, affinity, invented
from simulator.sessions import SimulatedPlay, sessions

_ENDS_AT = 1_780_000_000
_TRACKS = 600


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    rng = np.random.default_rng(0)
    ids = [f"deezer:{number}" for number in range(_TRACKS)]
    points = rng.standard_normal((_TRACKS, 2)).astype(np.float32)
    artists = [f"Artist {number % 80}" for number in range(_TRACKS)]
    return catalogue_of(ids, ids, artists, points, regions=6, scenes=4, new_share=0.1, rng=rng)


@pytest.fixture(scope="module")
def people(catalogue: Catalogue) -> list[Person]:
    return invented(40, catalogue, seed=3)


def test_points_that_lie_together_are_a_region() -> None:
    rng = np.random.default_rng(1)
    points = np.concatenate([rng.normal(centre, 0.1, (30, 2)) for centre in (-3, 0, 3)]).astype(np.float32)
    regions = regions_of(points, 3, rng)
    assert all(len(set(regions[start : start + 30])) == 1 for start in (0, 30, 60))
    assert len(set(regions)) == 3


def test_more_regions_than_points_are_as_many_as_there_are() -> None:
    points = np.zeros((2, 2), np.float32)
    assert set(regions_of(points, 5, np.random.default_rng(0))) <= {0, 1}


def test_the_same_seed_makes_the_same_people_with_keys_of_their_own(catalogue: Catalogue, people: list[Person]) -> None:
    again = invented(40, catalogue, seed=3)
    assert [(one.name, one.key) for one in again] == [(one.name, one.key) for one in people]
    assert len({one.key for one in people}) == 40
    assert invented(1, catalogue, seed=4)[0].key != people[0].key


def test_people_like_their_regions_and_their_favourites_and_drift(catalogue: Catalogue, people: list[Person]) -> None:
    person = people[0]
    liked = affinity(person, catalogue)
    best = int(person.regions.argmax())
    assert liked.max() == 1
    assert liked[catalogue.region_of == best].mean() > 2 * liked[catalogue.region_of != best].mean()
    favourite = np.isin(catalogue.artist_of, person.favourites)
    assert liked[favourite].mean() > 2 * liked[~favourite].mean()
    assert not np.allclose(liked, affinity(person, catalogue, day=90))


def test_what_is_played_follows_taste_and_fame_and_leaves_out_what_is_new(
    catalogue: Catalogue, people: list[Person]
) -> None:
    plays = [play for one in sessions(people, catalogue, 5, _ENDS_AT, np.random.default_rng(0)) for play in one]
    assert len(plays) > 500
    assert not any(catalogue.is_new[play.track] for play in plays)
    assert all(_ENDS_AT - 5 * 86_400 <= play.listened_at < _ENDS_AT + 86_400 for play in plays)
    liked = [affinity(people[play.person], catalogue)[play.track] for play in plays]
    assert np.mean(liked) > 3 * np.mean([affinity(one, catalogue).mean() for one in people])
    kept = [value for value, play in zip(liked, plays, strict=True) if not play.skipped]
    assert np.mean(kept) > 1.5 * np.mean([value for value, play in zip(liked, plays, strict=True) if play.skipped])


def test_no_track_comes_twice_in_a_session_and_plays_follow_one_another(
    catalogue: Catalogue, people: list[Person]
) -> None:
    for session in sessions(people[:5], catalogue, 3, _ENDS_AT, np.random.default_rng(1)):
        assert len({play.track for play in session}) == len(session)
        times = [play.listened_at for play in session]
        assert times == sorted(set(times))


def test_the_best_order_is_1_and_what_does_not_count_is_left_out() -> None:
    liked = np.array([0.1, 0.9, 0.5, 1.0])
    everything = np.ones(4, bool)
    assert ndcg([3, 1, 2, 0], liked, everything) == pytest.approx(1)
    assert ndcg([0, 2, 1, 3], liked, everything) < 0.9
    assert ndcg([1, 2], liked, np.array([True, True, True, False])) == pytest.approx(
        (0.9 + 0.5 / np.log2(3)) / (0.9 + 0.5 / np.log2(3) + 0.1 / 2)
    )
    assert ndcg([], liked, everything) == 0


def _figures(catalogue: Catalogue, unknown: Sequence[HeldOut]) -> Figures:
    """Of one who knows the truth where both kinds of evidence count, and answers by chance otherwise."""

    def ask_of(one: HeldOut, _length: int):  # type: ignore[no-untyped-def]
        def ask(history: Sequence[SimulatedPlay], listening: float, _counts: Counts) -> Sequence[int]:
            if listening == WAYS["hybrid"]:
                order: list[int] = np.argsort(-affinity(one.person, catalogue)).tolist()
                return order
            return list(range(catalogue.size))

        return ask

    return judged(unknown, catalogue, ask_of)


def test_answers_are_judged_by_the_truth(catalogue: Catalogue, people: list[Person]) -> None:
    unknown = held_out(people[:6], catalogue, _ENDS_AT, np.random.default_rng(2))
    figures = _figures(catalogue, unknown)
    for length in LENGTHS:
        for age in AGES:
            assert figures.mean("hybrid", length, age) == pytest.approx(1)
            assert figures.mean("sound", length, age) < 0.7
            lead, error = figures.lead(length, age)
            assert lead > 3 * error > 0


def test_a_history_has_as_many_plays_that_were_heard(catalogue: Catalogue, people: list[Person]) -> None:
    (one,) = held_out(people[:1], catalogue, _ENDS_AT, np.random.default_rng(2))
    for length in LENGTHS:
        assert sum(not play.skipped for play in one.history(length)) == length
    assert one.history(3) == list(one.plays[: len(one.history(3))])
