"""The gate lets in what is better and safe, says why it refuses anything else, and says the same again."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.errors import InvalidJudgement
from lab.gate import MARGINS, Margin, Verdict, verdict
from lab.judgement import Judgement

_QUERIES = 400


def judgement(subject: str, rates: Mapping[str, float], figures: Mapping[str, float] | None = None) -> Judgement:
    """Of queries that are the harder the later they come: whoever answers more answers those that others do, too."""
    ease = np.random.default_rng(1).random(_QUERIES)
    scores = {
        metric: {f"clip {number}": float(each < rate) for number, each in enumerate(ease)}
        for metric, rate in rates.items()
    }
    return Judgement(subject, "c" * 64, scores, figures or {"hub_skewness": 1.0, "cpu_ratio": 1.0}, {})


_CHAMPION = judgement("champion", {"clean/recall@1": 0.6, "clean/artist@10": 0.3, "clean/genre@10": 0.6})


def _candidate(**rates: float) -> Judgement:
    named = {f"clean/{name.replace('_at_', '@')}": rate for name, rate in rates.items()}
    return judgement("candidate", {"clean/recall@1": 0.6, "clean/artist@10": 0.3, "clean/genre@10": 0.6} | named)


def test_what_is_better_in_one_metric_and_loses_nothing_is_promoted() -> None:
    given_ = verdict(_CHAMPION, _candidate(recall_at_1=0.7))
    assert given_.promoted
    assert (given_.champion, given_.candidate, given_.corpus) == ("champion", "candidate", "c" * 64)
    assert given_.differences.keys() == {"clean/recall@1", "clean/artist@10", "clean/genre@10"}
    (reason,) = given_.reasons
    assert reason.startswith("clean/recall@1 +0.")
    assert reason.endswith("better")


def test_what_is_as_good_is_not_promoted() -> None:
    given_ = verdict(_CHAMPION, replace(_CHAMPION, subject="twin"))
    assert not given_.promoted
    assert given_.reasons == ("it is significantly better in nothing that counts",)


def test_a_gain_does_not_pay_for_a_loss_beyond_its_margin() -> None:
    given_ = verdict(_CHAMPION, _candidate(recall_at_1=0.8, genre_at_10=0.5))
    assert not given_.promoted
    assert any(
        reason.startswith("clean/genre@10 -0.") and "worse by more than 0.02" in reason for reason in given_.reasons
    )


def test_a_loss_that_too_few_queries_rule_out_is_a_reason_to_refuse() -> None:
    """Nothing was lost on average; but what twenty queries say may hide a loss of more than the margin."""
    few = {f"clip {number}": float(number % 2) for number in range(20)}
    swapped = {**few, "clip 0": 1.0, "clip 1": 0.0}
    champion = replace(_CHAMPION, scores={**_CHAMPION.scores, "clean/genre@10": few})
    candidate = replace(
        _candidate(recall_at_1=0.8), scores={**_candidate(recall_at_1=0.8).scores, "clean/genre@10": swapped}
    )
    given_ = verdict(champion, candidate)
    assert given_.differences["clean/genre@10"].mean == 0
    assert not given_.promoted
    assert any("perhaps worse" in reason for reason in given_.reasons)


@pytest.mark.parametrize(("figure", "value"), [("hub_skewness", 1.26), ("cpu_ratio", 1.41)])
def test_what_costs_more_than_its_bound_is_refused_however_good_it_is(figure: str, value: float) -> None:
    candidate = _candidate(recall_at_1=0.8)
    given_ = verdict(_CHAMPION, replace(candidate, figures={**candidate.figures, figure: value}))
    assert not given_.promoted
    assert any(reason.startswith(f"{figure} is 1.") for reason in given_.reasons)


def test_what_does_not_count_is_told_and_decides_nothing() -> None:
    champion = judgement("champion", {"clean/recall@1": 0.6, "half mp3 64/tags@10": 0.6})
    better = verdict(champion, judgement("candidate", {"clean/recall@1": 0.7, "half mp3 64/tags@10": 0.3}))
    assert better.promoted
    assert better.differences["half mp3 64/tags@10"].worse
    assert not verdict(champion, judgement("candidate", {"clean/recall@1": 0.6, "half mp3 64/tags@10": 0.9})).promoted


def test_of_models_of_listening_more_at_the_top_does_not_pay_for_less_below_and_no_figure_bounds_them() -> None:
    def model(subject: str, **rates: float) -> Judgement:
        named = {f"{name}@{at}": rate for (name, rate), at in zip(rates.items(), (10, 20), strict=True)}
        return replace(judgement(subject, named), figures={"coverage@10": 0.2})

    knn = model("item-kNN", ndcg=0.2, recall=0.3)
    assert verdict(knn, model("EASE", ndcg=0.3, recall=0.3)).promoted
    refused = verdict(knn, model("ALS", ndcg=0.3, recall=0.25))
    assert not refused.promoted
    assert not refused.ratios
    assert refused.reasons[-1].startswith("recall@20 -0.0")


def test_what_was_judged_by_other_metrics_or_elsewhere_is_not_compared() -> None:
    with pytest.raises(InvalidJudgement, match=r"both judged by clean/artist@10"):
        verdict(_CHAMPION, judgement("candidate", {"clean/recall@1": 0.8}))
    with pytest.raises(InvalidJudgement, match="corpus"):
        verdict(_CHAMPION, replace(_candidate(), corpus="d" * 64))
    with pytest.raises(InvalidJudgement, match="without hub_skewness"):
        verdict(_CHAMPION, replace(_candidate(), figures={"cpu_ratio": 1.0}))
    with pytest.raises(InvalidJudgement, match="what counts"):
        verdict(_CHAMPION, _candidate(), margins=[Margin("other*", 0.04, "only these")])


def test_every_margin_says_why() -> None:
    assert all(each.why and each.margin > 0 for each in MARGINS)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=40))
def test_of_two_at_most_one_may_take_the_others_place_and_what_was_said_is_said_again(
    pairs: list[tuple[float, float]],
) -> None:
    first, second = (
        Judgement(name, "c" * 64, {"clean/recall@1": {f"{n}": pair[side] for n, pair in enumerate(pairs)}}, {}, {})
        for side, name in enumerate(("first", "second"))
    )
    there, back = verdict(first, second), verdict(second, first)
    assert not (there.promoted and back.promoted)
    assert verdict(first, second) == there
    assert Verdict.from_json(there.to_json()) == there
    assert there.promoted == (there.differences["clean/recall@1"].low > 0)


def test_a_file_that_is_no_verdict_is_named_so() -> None:
    for text in ("{}", "[]", '{"differences": {"a": {"low": 1}}}'):
        with pytest.raises(InvalidJudgement, match="no verdict"):
            Verdict.from_json(text)
