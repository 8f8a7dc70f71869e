"""The space `listening` beside sound: who counts how much, and what results say of it."""

import math
from collections.abc import Sequence

import pytest

from api.answers.journey import journey
from api.answers.listening import Listening, beside_sound, stand_ins
from api.answers.options import Options
from api.answers.query import Query, Seed
from api.answers.ranking import Ranking, rank
from api.answers.search import search
from earshot.colistening.table import ColisteningTable
from earshot.index.searcher import Searcher
from tests.unit.answers.conftest import IndexOf, TableOf
from tests.unit.api.world import direction, track


def _arc(index_of: IndexOf, n: int) -> Searcher:
    """Tracks 1 to `n`, each a hundredth of a radian further from the first."""
    angles = [number / 100 for number in range(n)]
    return index_of(
        [track(number) for number in range(1, n + 1)],
        [direction(a0=math.cos(angle), a1=math.sin(angle)) for angle in angles],
    )


def _seed(index: Searcher, number: int = 1, weight: float = 1.0) -> Seed:
    found, vector = index.row(f"deezer:{number}"), index.vector(f"deezer:{number}")
    assert found is not None
    assert vector is not None
    return Seed(found, vector, weight)


def _rank(index: Searcher, table: ColisteningTable | None, listening: float, *seeds: Seed, k: int = 3) -> Ranking:
    return rank(index, Query.of(seeds or [_seed(index)], beside_sound(table, listening)), Options(k=k))


def _ids(ranking: Ranking) -> list[str]:
    return [found.track.track_id for found in ranking.results]


@pytest.fixture
def table(table_of: TableOf) -> ColisteningTable:
    return table_of({"deezer:1": {"deezer:90": (0.8, 12), "deezer:4": (0.2, 2)}})


def test_the_best_of_what_is_played_together_counts_as_much_as_the_same_sound(
    index_of: IndexOf, table: ColisteningTable
) -> None:
    ranking = _rank(_arc(index_of, 100), table, 0.5, k=100)
    found = {str(one.track.track_id): one for one in ranking.results}
    assert found["deezer:90"].score == pytest.approx((math.cos(0.89) + 1) / 2, abs=2e-3)
    assert found["deezer:4"].score == pytest.approx((math.cos(0.03) + math.sqrt(0.25)) / 2, abs=2e-3)
    assert found["deezer:2"].score == pytest.approx(math.cos(0.01) / 2, abs=2e-3)


def test_among_small_shares_the_greater_one_counts_for_more_than_a_little_more_of_the_same_sound(
    index_of: IndexOf, table_of: TableOf
) -> None:
    table = table_of({"deezer:1": {"deezer:90": (1.0, 12), "deezer:70": (0.1, 3), "deezer:50": (0.025, 3)}})
    ranking = _rank(_arc(index_of, 100), table, 0.5, k=100)
    assert math.cos(0.49) - math.cos(0.69) > 0.1 - 0.025
    assert [one for one in _ids(ranking) if one in ("deezer:50", "deezer:70")] == ["deezer:70", "deezer:50"]


def test_without_weight_or_without_a_table_answers_are_those_of_sound(
    index_of: IndexOf, table_of: TableOf, table: ColisteningTable
) -> None:
    index = _arc(index_of, 100)
    by_sound = rank(index, Query.of([_seed(index)]), Options(k=50)).results
    assert _rank(index, table, 0.0, k=50).results == by_sound
    assert _rank(index, None, 1.0, k=50).results == by_sound
    assert _rank(index, table_of({"deezer:7": {"deezer:9": (1.0, 9)}}), 1.0, k=50).results == by_sound


def test_where_listening_has_all_the_say_sound_orders_the_rest(index_of: IndexOf, table: ColisteningTable) -> None:
    ranking = _rank(_arc(index_of, 100), table, 1.0, k=5)
    assert _ids(ranking) == ["deezer:90", "deezer:4", "deezer:2", "deezer:3", "deezer:5"]


def test_results_say_what_they_are_played_with_and_never_of_fewer_than_three(
    index_of: IndexOf, table: ColisteningTable
) -> None:
    first, second, third = _rank(_arc(index_of, 100), table, 1.0).results
    assert first.played_with is not None
    assert (first.played_with.track.track_id, first.played_with.listeners) == ("deezer:1", 12)
    assert (second.played_with, third.played_with) == (None, None)


def test_of_several_seeds_results_say_which_they_sound_like(index_of: IndexOf) -> None:
    index = _arc(index_of, 100)
    ranking = _rank(index, None, 0.0, _seed(index, 1), _seed(index, 50), _seed(index, 70, -0.2), k=99)
    named = {str(one.track.track_id): one.sounds_like.track_id for one in ranking.results if one.sounds_like}
    assert (named["deezer:3"], named["deezer:45"], named["deezer:99"]) == ("deezer:1", "deezer:50", "deezer:50")
    assert _rank(index, None, 0.0).results[0].sounds_like is None


def test_a_seed_that_pushes_away_takes_from_what_it_is_played_with(table_of: TableOf) -> None:
    table = table_of({"a": {"x": (1.0, 5), "y": (0.8, 5)}, "b": {"x": (0.9, 5)}})
    question = Listening(table).question([("a", 1.0), ("b", -1.0)])
    assert question is not None
    assert [one.track_id for one in question.candidates(2, exclude=())] == ["y", "x"]
    assert Listening(table).question([("b", -1.0)]) is None
    assert Listening(table).question([("unknown", 1.0)]) is None


@pytest.mark.parametrize("exclude", [(), ("x",), ("x", "a", "z")])
def test_candidates_go_on_after_those_that_are_excluded(exclude: Sequence[str], table_of: TableOf) -> None:
    table = table_of({"a": {"x": (4.0, 5), "y": (2.0, 5), "z": (1.0, 5)}})
    question = Listening(table).question([("a", 1.0)])
    assert question is not None
    left = [track_id for track_id in ("x", "y", "z") if track_id not in exclude]
    found = question.candidates(len(left), exclude=exclude)
    assert [one.track_id for one in found] == left
    assert [one.score for one in found] == question.scores(left)


def test_a_journey_prefers_steps_that_are_played_together(index_of: IndexOf, table_of: TableOf) -> None:
    aside = [direction(a0=1, a1=1, a2=0.5), direction(a0=1, a1=1, a3=0.6)]
    index = index_of([track(n) for n in range(1, 5)], [direction(a0=1), direction(a1=1), *aside])
    ends = _seed(index, 1), _seed(index, 2)
    (by_sound, _) = journey(index, *ends, 1)
    table = table_of({"deezer:1": {"deezer:4": (1.0, 7)}, "deezer:4": {"deezer:2": (1.0, 2)}})
    (step, end) = journey(index, *ends, 1, weights=beside_sound(table, 0.5))
    assert (by_sound.track.track_id, step.track.track_id) == ("deezer:3", "deezer:4")
    assert step.played_with is not None
    assert (step.played_with.track.track_id, step.played_with.listeners) == ("deezer:1", 7)
    assert (end.track.track_id, end.played_with) == ("deezer:2", None)


def test_a_search_puts_what_more_people_play_first_among_what_fits_the_words_equally_well(
    index_of: IndexOf, table_of: TableOf
) -> None:
    titles = ["Song", "Song one", "Song two", "A song"]
    index = index_of(
        [track(n, title=title) for n, title in enumerate(titles)], [direction(**{f"a{n}": 1}) for n in range(4)]
    )
    table = table_of({}, {"deezer:2": 50, "deezer:1": 4, "deezer:3": 900})
    plain, heard = (
        [one.track.track_id for one in search(index, text="song", limit=4, offset=0, table=table, listening=weight)[1]]
        for weight in (0.0, 0.5)
    )
    assert plain == ["deezer:0", "deezer:1", "deezer:2", "deezer:3"]
    assert heard == ["deezer:0", "deezer:2", "deezer:1", "deezer:3"]


def test_tracks_that_sound_like_a_clip_stand_for_it(index_of: IndexOf) -> None:
    index = _arc(index_of, 30)
    vector = index.vector("deezer:1")
    assert vector is not None
    assert [track_id for track_id, _ in stand_ins(index, vector)] == [f"deezer:{n}" for n in range(1, 6)]
