"""What is better is told from what is noise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.errors import InvalidJudgement
from lab.bootstrap import difference, differences
from lab.judgement import Judgement


def judgement(subject: str, scores: dict[str, float], corpus: str = "c" * 64) -> Judgement:
    return Judgement(subject, corpus, {"recall_at_1": scores}, {}, {})


def scores(rate: float, seed: int, n: int = 400) -> dict[str, float]:
    draws = np.random.default_rng(seed).random(n)
    return {f"track {number}": float(draw < rate) for number, draw in enumerate(draws)}


def test_a_real_difference_is_significant_and_its_interval_holds_it() -> None:
    found = difference(scores(0.6, seed=1), scores(0.75, seed=1))
    assert found.better
    assert found.low < 0.15 < found.high
    assert found.queries == 400


def test_noise_is_not_significant() -> None:
    found = difference(scores(0.6, seed=1), scores(0.6, seed=2))
    assert not found.better
    assert not found.worse


def test_pairs_tell_more_than_two_means() -> None:
    champion = scores(0.5, seed=3)
    lost = [query for query, score in champion.items() if score == 0][:8]
    assert difference(champion, {**champion, **dict.fromkeys(lost, 1.0)}).better


@given(st.dictionaries(st.text(max_size=5), st.floats(0, 1), min_size=1, max_size=30))
def test_nothing_differs_from_itself(found: dict[str, float]) -> None:
    same = difference(found, found)
    assert (same.mean, same.low, same.high) == (0, 0, 0)


def test_only_judgements_of_one_corpus_are_compared() -> None:
    with pytest.raises(InvalidJudgement, match="judge both on one"):
        differences(judgement("a", scores(0.5, 1)), judgement("b", scores(0.5, 1), corpus="d" * 64))


def test_a_judgement_survives_its_file() -> None:
    found = judgement("a", scores(0.5, 1, n=3))
    assert Judgement.from_json(found.to_json()) == found


def test_a_file_that_is_no_judgement_is_named_so() -> None:
    with pytest.raises(InvalidJudgement, match="lab evaluate"):
        Judgement.from_json('{"subject": 1}')
