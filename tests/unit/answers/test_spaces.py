"""Several spaces make one order, and similarity stays what it is: the cosine of sound."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from api.answers.filters import Filters
from api.answers.options import Options
from api.answers.query import Query, Seed
from api.answers.ranking import Ranking, rank
from api.answers.spaces import SOUND_ALONE, Candidate, Part, Sound, Together, Weights
from earshot.ids import TrackId
from earshot.index.searcher import Searcher
from tests.unit.answers.conftest import IndexOf
from tests.unit.api.world import direction, track

Listed = Mapping[str, Mapping[str, float]]


class Listening:
    """A toy space: who is on lists together. Tracks are its axes."""

    name = "listening"
    version = "2026-11"

    def __init__(self, together: Listed) -> None:
        self._axes = sorted({*together, *(other for row in together.values() for other in row)})
        self._together = together

    def question(self, tracks: Sequence[tuple[str, float]]) -> "Asked | None":
        known = [(track_id, weight) for track_id, weight in tracks if track_id in self._axes]
        return Asked(self._axes, self._together, known) if known else None


@dataclass
class Asked:
    axes: list[str]
    rows: Listed
    tracks: Sequence[tuple[str, float]]

    def candidates(self, k: int, *, exclude: Collection[str]) -> list[Candidate]:
        scored = zip(self.axes, self.scores(self.axes), strict=True)
        best = sorted((-score, track_id) for track_id, score in scored if score > 0 and track_id not in exclude)
        return [Candidate(track_id, -minus) for minus, track_id in best[:k]]

    def scores(self, track_ids: Sequence[str]) -> list[float]:
        return [
            sum(weight * self.rows.get(seed, {}).get(track_id, 0.0) for seed, weight in self.tracks)
            for track_id in track_ids
        ]

    def together(self, track_ids: Sequence[str]) -> dict[str, Together]:
        return {}


def _arc(index_of: IndexOf, n: int) -> Searcher:
    """Tracks 1 to `n`, each a hundredth of a radian further from the first."""
    angles = [number / 100 for number in range(n)]
    vectors = [direction(a0=math.cos(angle), a1=math.sin(angle)) for angle in angles]
    return index_of([track(number, tags={"odd" if number % 2 else "even": 0.5}) for number in range(1, n + 1)], vectors)


def _seed(index: Searcher, number: int = 1) -> Seed:
    found, vector = index.row(f"deezer:{number}"), index.vector(f"deezer:{number}")
    assert found is not None
    assert vector is not None
    return Seed(found, vector)


def _ids(ranking: Ranking) -> list[str]:
    return [found.track.track_id for found in ranking.results]


def test_a_track_that_only_another_space_names_is_ordered_by_score_and_shows_its_true_cosine(index_of: IndexOf) -> None:
    index = _arc(index_of, 200)
    together = Listening({"deezer:1": {"deezer:190": 0.9, "deezer:3": 0.1}})
    ranking = rank(index, Query.of([_seed(index)], Weights(others=((together, 3.0),))), Options(k=3))
    assert _ids(ranking) == ["deezer:190", "deezer:3", "deezer:2"]
    first = ranking.results[0]
    assert first.similarity == pytest.approx(math.cos(1.89), abs=2e-3)
    assert first.score == pytest.approx((math.cos(1.89) + 3 * 0.9) / 4, abs=2e-3)
    scores = [found.score or 0 for found in ranking.results]
    assert scores == sorted(scores, reverse=True)
    assert [found.similarity or 0 for found in ranking.results] != sorted(
        (found.similarity or 0 for found in ranking.results), reverse=True
    )


@pytest.mark.parametrize(("weight", "place"), [(0.0, None), (0.1, None), (3.0, 0)])
def test_the_weight_says_how_much_another_space_counts(index_of: IndexOf, weight: float, place: int | None) -> None:
    index = _arc(index_of, 200)
    query = Query.of([_seed(index)], Weights(others=((Listening({"deezer:1": {"deezer:190": 0.9}}), weight),)))
    found = _ids(rank(index, query, Options(k=3)))
    assert (found.index("deezer:190") if "deezer:190" in found else None) == place


def test_a_space_that_knows_none_of_the_seeds_changes_nothing(index_of: IndexOf) -> None:
    index = _arc(index_of, 50)
    stranger = Listening({"deezer:7": {"deezer:9": 1.0}})
    alone, beside = (
        rank(index, Query.of([_seed(index)], weights), Options()).results
        for weights in (SOUND_ALONE, Weights(others=((stranger, 1.0),)))
    )
    assert beside == alone


def test_tracks_that_the_index_does_not_hold_are_not_found_by_other_spaces(index_of: IndexOf) -> None:
    index = _arc(index_of, 20)
    query = Query.of(
        [_seed(index)], Weights(others=((Listening({"deezer:1": {"deezer:999": 1.0, "deezer:5": 0.5}}), 1.0),))
    )
    assert _ids(rank(index, query, Options(k=2))) == ["deezer:5", "deezer:2"]


def test_filters_and_thresholds_hold_for_what_other_spaces_name(index_of: IndexOf) -> None:
    index = _arc(index_of, 200)
    query = Query.of(
        [_seed(index)],
        Weights(others=((Listening({"deezer:1": {"deezer:190": 1.0, "deezer:5": 0.9, "deezer:6": 0.8}}), 1.0),)),
    )
    assert _ids(rank(index, query, Options(k=2, filters=Filters(tags=["odd"])))) == ["deezer:5", "deezer:3"]
    assert _ids(rank(index, query, Options(k=2, min_similarity=0.9))) == ["deezer:5", "deezer:6"]
    assert _ids(rank(index, query, Options(k=2, filters=Filters(source="spotify")))) == []


def test_seeds_and_excluded_tracks_stay_out_whoever_names_them(index_of: IndexOf) -> None:
    index = _arc(index_of, 30)
    together = Listening({"deezer:1": {"deezer:2": 0.9, "deezer:9": 0.8, "deezer:8": 0.7}})
    ranking = rank(
        index,
        Query.of([_seed(index), _seed(index, 2)], Weights(others=((together, 5.0),))),
        Options(k=1, exclude=[TrackId("deezer:9")]),
    )
    assert _ids(ranking) == ["deezer:8"]


def test_pages_fit_together_where_two_spaces_disagree(index_of: IndexOf) -> None:
    index = _arc(index_of, 300)
    dice = np.random.default_rng(3)
    strengths = {f"deezer:{number}": float(value) for number, value in enumerate(dice.random(299), start=2)}
    query = Query.of([_seed(index)], Weights(others=((Listening({"deezer:1": strengths}), 0.7),)))
    whole = _ids(rank(index, query, Options(k=60)))
    pages = [_ids(rank(index, query, Options(k=7, offset=offset))) for offset in range(0, 60, 7)]
    assert [track_id for page in pages for track_id in page][:60] == whole
    sound = Sound(index)
    expected = sorted(
        strengths,
        key=lambda track_id: (
            -(sound.cosines(query.points, [track_id])[track_id] + 0.7 * strengths[track_id]),
            track_id,
        ),
    )
    assert whole == expected[:60]


def test_a_query_may_leave_sound_without_a_say(index_of: IndexOf) -> None:
    index = _arc(index_of, 200)
    space = Listening({"deezer:1": {"deezer:150": 0.9, "deezer:120": 0.5}})
    question = space.question([("deezer:1", 1.0)])
    assert question is not None
    seed = _seed(index)
    query = Query((seed.vector,), (seed,), others=(Part(question),), sound_weight=0.0)
    ranking = rank(index, query, Options(k=2))
    assert _ids(ranking) == ["deezer:150", "deezer:120"]
    assert [found.score for found in ranking.results] == pytest.approx([0.9, 0.5])
