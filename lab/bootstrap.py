"""How sure a difference is: the paired bootstrap over queries (Efron & Tibshirani 1993, chapter 13)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from earshot.errors import InvalidJudgement
from lab.judgement import Judgement, Scores

DRAWS = 2000
_LOW, _HIGH = 2.5, 97.5


@dataclass(frozen=True, slots=True)
class Difference:
    """Candidate minus champion: the mean over `queries` both were asked, and its 95 % interval."""

    mean: float
    low: float
    high: float
    queries: int

    @property
    def better(self) -> bool:
        """Significantly more."""
        return self.low > 0

    @property
    def worse(self) -> bool:
        """Significantly less."""
        return self.high < 0


def differences(champion: Judgement, candidate: Judgement, seed: int = 0) -> Mapping[str, Difference]:
    """By metric, of those that both were judged by, on the queries that both were asked.

    Raises:
        InvalidJudgement: they were judged on different corpora.
    """
    if champion.corpus != candidate.corpus:
        raise InvalidJudgement(
            f"{champion.subject} was judged on corpus {champion.corpus[:12]} and {candidate.subject} on "
            f"{candidate.corpus[:12]}: judge both on one"
        )
    shared = sorted(champion.scores.keys() & candidate.scores.keys())
    return {metric: difference(champion.scores[metric], candidate.scores[metric], seed) for metric in shared}


def difference(champion: Scores, candidate: Scores, seed: int = 0) -> Difference:
    """Of one metric; queries are drawn with replacement, each with both of its scores.

    Raises:
        InvalidJudgement: no query was asked of both.
    """
    queries = sorted(champion.keys() & candidate.keys())
    if not queries:
        raise InvalidJudgement("the two have no query in common: judge both on one corpus")
    deltas = np.array([candidate[query] - champion[query] for query in queries])
    draws = np.random.default_rng(seed).integers(len(deltas), size=(DRAWS, len(deltas)))
    low, high = np.percentile(deltas[draws].mean(axis=1), [_LOW, _HIGH])
    return Difference(float(deltas.mean()), float(low), float(high), len(deltas))
