"""Who judges models, how, and what becomes of the verdict."""

from dataclasses import replace

import numpy as np
import pytest

from listening.models import learn
from listening.models.cold import Features
from listening.models.judge import Judgement, Ranked, judge, judge_on, of_popularity, of_scores, of_table, split
from listening.models.learn import choose, verdict
from listening.models.ratings import rating_figures
from listening.models.recipe import Fits, Recipe
from tests.unit.listening.people import ALBUM, ITEMS, of, people

SMALL = 120


def ranker_of(ranked: list[list[int]]) -> Ranked:
    padded = [[*row, *[-1] * (20 - len(row))] for row in ranked]
    return np.array(padded, np.int32)


def test_figures_are_those_of_the_textbook() -> None:
    given = of([(listener, 0, 1, 0, 0, 0) for listener in range(3)], 3, 9)
    wanted = of([(0, 3, 1, 0, 0, 0), (0, 4, 1, 0, 0, 0), (1, 5, 1, 0, 0, 0)], 3, 9)
    found = judge_on(lambda _: ranker_of([[7, 3, 8, 4], [1, 2]]), given, wanted)
    gain = 1 / np.log2([2, 3, 4, 5])
    assert found.ndcg.tolist() == pytest.approx([(gain[1] + gain[3]) / (gain[0] + gain[1]), 0])
    assert found.recall.tolist() == [1.0, 0.0]
    assert found.reciprocal.tolist() == [0.5, 0.0]
    assert found.coverage == pytest.approx(6 / 9)
    figures = found.figures()
    assert figures["listeners"] == 2
    assert figures["recall20"] == 0.5
    assert figures["recall20_se"] == pytest.approx(0.5 / np.sqrt(2), abs=1e-4)


def test_who_has_nothing_to_be_found_is_not_judged() -> None:
    lonely = of([(0, 1, 1, 0, 0, 0)], 2)
    assert judge(of_popularity(np.arange(6)), lonely).figures()["listeners"] == 0


def test_nothing_that_was_given_is_ranked() -> None:
    listeners = people(40, seed=4)
    given, _ = listeners.divided(0.8)
    rows = Fits(people()).table(Recipe(knn=1))
    for ranker in (of_table(rows), of_popularity(np.arange(ITEMS)), of_scores(lambda played: played @ rows.toarray())):
        for listener, ranked in enumerate(ranker(given).tolist()):
            own = given.items[given.starts[listener] : given.starts[listener + 1]].tolist()
            assert not set(ranked) & set(own)
            assert len(set(ranked)) == 20


def test_a_table_ranks_as_its_scores_do() -> None:
    given, _ = people(40, seed=4).divided(0.8)
    rows = Fits(people()).table(Recipe(knn=1))
    assert (of_table(rows)(given) == of_scores(lambda played: played @ rows.toarray())(given)).all()


def test_nobody_is_learned_from_and_judged() -> None:
    everybody = people(100)
    marked = replace(everybody, confidence=np.repeat(np.arange(100), everybody.sizes).astype(np.float32))
    parts = split(marked, seed=3)
    seen = [set(part.confidence.tolist()) for part in (parts.train, parts.validation, parts.test)]
    assert [len(part) for part in seen] == [60, 20, 20]
    assert len(set.union(*seen)) == 100


def test_the_champion_is_better_than_popularity_and_enters() -> None:
    outcome = choose(people(SMALL), None, None)
    figures = outcome.champion.judgement.figures()
    assert outcome.verdict.enters
    assert figures["ndcg10"] > 2 * outcome.baselines["popularity"]["ndcg10"]
    assert {"knn", "als", "ease"} <= set(outcome.candidates)
    assert "serving" not in outcome.baselines


def test_what_serves_is_fitted_and_judged_on_the_same_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learn, "SEARCH_LISTENERS", 50)
    serving = Recipe(knn=1, shrinkage=1e6)
    features = Features(np.arange(ITEMS) // ALBUM, np.full(ITEMS, -1))
    outcome = choose(people(SMALL), features, serving)
    assert any("foretold" in name for name in outcome.candidates)
    assert outcome.baselines["serving"]["ndcg10"] > 0
    assert f"what serves has {outcome.baselines['serving']['ndcg10']:.4f}" in outcome.verdict.reason


def judged(value: float, spread: float = 0.1) -> Judgement:
    values = np.array([value - spread, value + spread] * 50, np.float32)
    return Judgement(values, values, values, 0.1)


@pytest.mark.parametrize(
    ("champion", "popularity", "serving", "enters"),
    [
        (0.30, 0.1, None, True),
        (0.10, 0.1, None, False),
        (0.30, 0.1, 0.305, True),
        (0.30, 0.1, 0.32, False),
        (0.15, 0.2, 0.1, False),
    ],
)
def test_a_table_enters_unless_it_is_clearly_worse_or_no_better_than_popularity(
    champion: float, popularity: float, serving: float | None, *, enters: bool
) -> None:
    found = verdict(judged(champion), judged(popularity), judged(serving) if serving else None)
    assert found.enters is enters
    assert f"{champion:.4f}" in found.reason


def test_nothing_enters_where_nobody_can_be_judged() -> None:
    nobody = judge(of_popularity(np.arange(6)), of([], 2))
    assert not verdict(nobody, nobody, None).enters


def test_ratings_are_reported_beside_means() -> None:
    some = people(80)
    louder = replace(some, confidence=1 + (some.items % 7).astype(np.float32))
    found = rating_figures(louder)
    assert set(found) == {"mean", "item_bias", "explicit_als"}
    assert found["item_bias"]["rmse"] < found["mean"]["rmse"]
    assert found["mean"]["mae"] <= found["mean"]["rmse"]
    assert rating_figures(some) == {}


def test_a_recipe_survives_a_manifest() -> None:
    recipe = Recipe(knn=2, als=1, ease_regularisation=30, foretold=0.3)
    assert recipe.name == "knn+als+foretold"
    assert Recipe.from_parameters({**recipe.to_parameters(), "of_some_later_day": 1}) == recipe
