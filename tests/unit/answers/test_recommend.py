"""What a listener is recommended: by plays, away from skips, never the same for ever; and for whom nothing is known."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from api.answers.filters import Filters
from api.answers.leaning import leaning_of, points_of
from api.answers.listening import beside_sound
from api.answers.options import Options
from api.answers.query import Seed
from api.answers.recommend import Basis, Recommendation, Wishes, radio, recommend
from earshot.clock import Timestamp
from earshot.history import History
from earshot.ids import TrackId
from earshot.index.searcher import Searcher
from earshot.plays import ListenerId, Play
from earshot.stores.listeners_table import Listener, Opinion, Taste
from earshot.stores.shown_tracks import Shown
from tests.unit.answers.conftest import IndexOf, TableOf
from tests.unit.api.world import direction, track

NOW = 1_800_000_000
DAY = 86_400
ANYBODY = ListenerId("0" * 16)


def _id(number: int) -> TrackId:
    return TrackId(f"deezer:{number}")


def _play(number: int, ago_s: int, **said: Any) -> Play:
    return Play(ANYBODY, NOW - ago_s, title=f"Title {number}", track_id=_id(number), **said)


def _heard(*numbers: int, ago_s: int = 0) -> list[Play]:
    """The first was played last."""
    return [_play(number, ago_s + 200 * place) for place, number in enumerate(numbers, start=1)]


@pytest.fixture
def index(index_of: IndexOf) -> Searcher:
    """Two kinds of music, far from each other: 1 to 40 lie on one arc, 41 to 80 on another."""
    arcs = [
        direction(**{f"a{kind}": math.cos(place / 60), f"a{kind + 1}": math.sin(place / 60)})
        for kind in (0, 4)
        for place in range(40)
    ]
    return index_of([track(number) for number in range(1, 81)], arcs)


def _wishes(**changed: Any) -> Wishes:
    return replace(Wishes(Options(k=10), NOW), **changed)


def _numbers(found: Recommendation) -> list[int]:
    return [int(one.track.track_id.removeprefix("deezer:")) for one in found.results]


def _recommend(index: Searcher, listener: Listener, **changed: Any) -> list[int]:
    return _numbers(recommend(index, listener, {}, _wishes(**changed)))


def _kinds(numbers: Iterable[int]) -> set[int]:
    return {0 if number <= 40 else 1 for number in numbers}


def test_two_tastes_are_both_served_and_never_their_mean(index: Searcher) -> None:
    found = recommend(index, Listener(_heard(10, 60, 12, 62)), {}, _wishes())
    numbers = _numbers(found)
    assert (found.basis, found.plays) == (Basis.PLAYS, 4)
    assert _kinds(numbers) == {0, 1}
    assert all(min(abs(number - near) for near in (11, 61)) < 8 for number in numbers)
    assert all((one.similarity or 0) > 0.95 for one in found.results)
    assert {one.sounds_like.track_id for one in found.results if one.sounds_like} == {_id(n) for n in (10, 12, 60, 62)}


def test_what_was_heard_by_the_way_is_no_taste(index: Searcher) -> None:
    listener = Listener(_heard(*range(1, 31), 70))
    assert _kinds(_recommend(index, listener, not_played_for_days=0)) == {0}


def test_a_skip_pushes_away_unless_it_was_heard_since(index: Searcher) -> None:
    skip = [_play(22, 100, skipped=True), *_heard(20, ago_s=200)]
    assert 22 not in _recommend(index, Listener(skip))
    assert np.mean(_recommend(index, Listener(skip))) < np.mean(_recommend(index, Listener(_heard(20)))) - 2
    heard_since = leaning_of(Listener([*_heard(22), *skip]), 15)
    assert heard_since.weights[_id(22)] == 1


def test_what_is_banned_never_comes_and_what_is_loved_counts(index: Searcher) -> None:
    listener = Listener(_heard(20), {_id(21): Opinion.BANNED, _id(60): Opinion.LOVED})
    numbers = _recommend(index, listener)
    assert 21 not in numbers
    assert _kinds(_recommend(index, Listener((), {_id(60): Opinion.LOVED}))) == {1}


def test_the_taste_of_years_speaks_where_plays_are_few(index: Searcher) -> None:
    taste = Taste(((_id(55), 300.0), (_id(57), 100.0)), Timestamp("2026-11-01T00:00:00Z"))
    assert _kinds(_recommend(index, Listener(_heard(5), taste=taste))) == {0, 1}
    assert _kinds(_recommend(index, Listener(taste=taste))) == {1}


def test_what_was_played_too_lately_or_is_known_does_not_come(index: Searcher) -> None:
    listener = Listener([*_heard(20), *_heard(21, ago_s=30 * DAY)], {_id(22): Opinion.LOVED})
    for wish, expected in (
        ({}, {21, 22}),
        ({"not_played_for_days": 40}, {22}),
        ({"new_to_me": True}, set()),
        ({"not_played_for_days": 0}, {20, 21, 22}),
    ):
        assert {20, 21, 22} & set(_recommend(index, listener, freshness=0.0, **wish)) == expected


def test_what_was_heard_long_ago_is_known_and_is_played_within_a_year_or_not(index: Searcher) -> None:
    heard = [(_id(number), (NOW - days * DAY) // DAY) for number, days in ((21, 300), (22, 400))]
    listener = Listener(_heard(20), history=History.of(heard, 11, Timestamp("2026-11-01T00:00:00Z")))
    for wish, expected in (({}, {21, 22}), ({"not_played_for_days": 365}, {22}), ({"new_to_me": True}, set())):
        assert {20, 21, 22} & set(_recommend(index, listener, **wish)) == expected


def test_freshness_lets_what_was_played_before_sink(index: Searcher) -> None:
    listener = Listener(_heard(20, 21, 22, ago_s=20 * DAY))
    before, after = (_recommend(index, listener, freshness=freshness) for freshness in (0.0, 1.0))
    assert set(before[:3]) & {20, 21, 22}
    assert not set(after) & {20, 21, 22}


def test_what_was_shown_in_vain_sinks_and_comes_back_once_it_is_played(index: Searcher) -> None:
    listener = Listener(_heard(20))
    shown: dict[TrackId, Shown] = {}
    answers = []
    for _ in range(4):
        numbers = _numbers(recommend(index, listener, shown, _wishes()))
        answers.append(set(numbers))
        shown |= {_id(n): Shown(shown[_id(n)].times + 1 if _id(n) in shown else 1, NOW) for n in numbers}
    assert len(answers[0] & answers[1]) <= 5
    assert len(set.union(*answers)) >= 25
    often = {_id(21): Shown(5, NOW - 1_000)}
    assert 21 not in _numbers(recommend(index, listener, often, _wishes()))
    played = Listener(_heard(21, 20))
    assert 21 in _numbers(recommend(index, played, often, _wishes(not_played_for_days=0, freshness=0.0)))


def test_listening_brings_what_sounds_otherwise_and_says_why(index: Searcher, table_of: TableOf) -> None:
    table = table_of({"deezer:20": {"deezer:75": (1.0, 9)}, "deezer:7": {"deezer:75": (0.5, 20)}})
    found = recommend(index, Listener(_heard(20, 7)), {}, _wishes(weights=beside_sound(table, 0.7)))
    assert _numbers(found)[0] == 75
    reason = found.results[0].played_with
    assert reason is not None
    assert (reason.track.track_id, reason.listeners) == ("deezer:20", 9)


def test_seeds_stand_in_for_plays(index: Searcher) -> None:
    found = recommend(index, Listener(), {}, _wishes(seeds=[_id(60)]))
    assert (found.basis, found.plays) == (Basis.PLAYS, 0)
    assert _kinds(_numbers(found)) == {1}
    assert 60 not in _numbers(found)


def test_for_whom_nothing_is_known_there_is_something_of_everything(index: Searcher) -> None:
    found = recommend(index, Listener(), {}, _wishes())
    numbers = _numbers(found)
    assert (found.basis, len(set(numbers)), found.seeds) == (Basis.SPREAD, 10, ())
    assert 3 <= sum(number <= 40 for number in numbers) <= 7
    assert numbers == _numbers(recommend(index, Listener(), {}, _wishes()))
    assert numbers != _numbers(recommend(index, Listener(), {}, _wishes(now=NOW + DAY)))
    few = _wishes(options=Options(k=10, exclude=[_id(n) for n in range(1, 78)], filters=Filters(source="deezer")))
    assert sorted(_numbers(recommend(index, Listener(), {}, few))) == [78, 79, 80]


def test_a_radio_goes_on_from_what_plays_now_and_hears_skips(index: Searcher) -> None:
    listener = Listener(_heard(*range(60, 80)))
    assert _kinds(_numbers(radio(index, listener, _wishes(options=Options(k=3))))) == {1}
    assert _kinds(_numbers(radio(index, listener, _wishes(options=Options(k=3), seeds=[_id(5)])))) == {0}
    played = [_play(7, 100, skipped=True), *_heard(5, 4, 3, ago_s=200)]
    numbers = _numbers(radio(index, Listener(played), _wishes(options=Options(k=3))))
    assert not {7, 5, 4, 3} & set(numbers)
    assert np.mean(numbers) < np.mean(_numbers(radio(index, Listener(played[1:]), _wishes(options=Options(k=3)))))


def test_points_are_at_most_six_and_the_greatest_taste_comes_first() -> None:
    def seeds(weights: Sequence[float]) -> list[Seed]:
        return [Seed(None, direction(**{f"a{n}": 1}), weight) for n, weight in enumerate(weights)]  # type: ignore[arg-type]

    points = points_of(seeds([1, 3, 2, 1, 1, 1, 0.9, 0.8, -0.5]))
    assert len(points) == 6
    assert points[0] @ direction(a1=1) > 0.9
    assert all(float(point @ direction(a8=1)) < 0 for point in points)
    assert len(points_of(seeds([1, 0.05]))) == 1
