"""What was found when something was judged on a corpus: a score for each query, and figures of the whole."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from earshot.errors import InvalidJudgement

Scores = Mapping[str, float]
"""By the query (a clip, a track, a listener): how well it was answered."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Of one subject on one corpus.

    Attributes:
        subject: what was judged: the name of a recipe, of a model of listening, of a baseline.
        corpus: SHA-256 of the corpus: of its rows and its files' contents. Only judgements of one corpus are compared.
        scores: by the name of a metric: the score of every query that it can be asked of.
        figures: of the whole: hubness, CPU milliseconds per clip, sizes.
        parameters: how it was judged: seeds, numbers of clips, versions of data and libraries.
    """

    subject: str
    corpus: str
    scores: Mapping[str, Scores]
    figures: Mapping[str, float]
    parameters: Mapping[str, str | int | float]

    def mean(self, metric: str) -> float:
        """The mean score of a metric's queries."""
        scores = self.scores[metric]
        return sum(scores.values()) / len(scores)

    def to_json(self) -> str:
        """For a file; see `from_json`."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Judgement":
        """What `to_json` wrote.

        Raises:
            InvalidJudgement: it is none.
        """
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError) as error:
            raise InvalidJudgement(f"this is no judgement: {error}; judge again: python -m lab evaluate") from error
