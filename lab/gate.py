"""The gate: which judgement of a candidate lets it take the champion's place, and why another one does not.

A candidate is promoted where it is significantly better in one metric at least (the 95 % interval of the paired
bootstrap lies above zero), and in none may that interval reach below minus the metric's margin: not "no loss was seen",
but "a greater loss is ruled out" (a test of non-inferiority; Wellek 2010). A corpus that is too small to tell is a
reason to refuse. What a candidate costs is bounded by ratios to the champion's figures. The same judgements give the
same verdict.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Final

from earshot.errors import InvalidJudgement
from lab.bootstrap import Difference, differences
from lab.judgement import Judgement


@dataclass(frozen=True, slots=True)
class Margin:
    """How much worse a candidate may be, in the metric's own unit, where `metric` (a shell pattern) matches.

    `sign`: 1 where more is better, -1 where less is.
    """

    metric: str
    margin: float
    why: str
    sign: int = 1


@dataclass(frozen=True, slots=True)
class Bound:
    """How many times the champion's figure a candidate's may be; of a champion below `least`, as if it had that."""

    figure: str
    ratio: float
    why: str
    least: float = 0.0


MARGINS: Final[Sequence[Margin]] = (
    Margin("*own_encoding*", 0.04, "half of what a channel gains: more would be heard as sorting by source", -1),
    Margin("robust*", 0.10, "a distorted query is rare, and a hundred of them tell no less"),
    Margin("*recall*", 0.04, "two queries in fifty; the other half of a track stands for what people call the same"),
    Margin("*artist*", 0.02, "a fifth of a result in ten: what people notice first"),
    Margin("*album*", 0.03, "albums are small, so that a precision at ten moves by chance"),
    Margin("*genre*", 0.02, "a fifth of a result in ten"),
    Margin("*", 0.02, "a fifth of a result in ten, where nothing else is said"),
)
"""The first that matches counts."""

BOUNDS: Final[Sequence[Bound]] = (
    Bound("hub_skewness", 1.25, "tracks that come with everything make all answers alike", least=0.1),
    Bound("cpu_ms_per_clip", 1.4, "what a million tracks cost follows from it (docs/cost.md)"),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """On a candidate that wants the place of a champion.

    Attributes:
        champion: its name.
        candidate: likewise.
        corpus: SHA-256 of what both were judged on.
        promoted: whether the candidate may take the champion's place.
        differences: by metric, candidate minus champion, as measured.
        ratios: by figure that is bounded, candidate to champion.
        reasons: in sentences: what is better, and all that speaks against it.
    """

    champion: str
    candidate: str
    corpus: str
    promoted: bool
    differences: Mapping[str, Difference]
    ratios: Mapping[str, float]
    reasons: tuple[str, ...]

    def to_json(self) -> str:
        """For a file; see `from_json`."""
        return json.dumps(asdict(self), sort_keys=True, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> "Verdict":
        """What `to_json` wrote.

        Raises:
            InvalidJudgement: it is none.
        """
        try:
            said = json.loads(text)
            found = {metric: Difference(**difference) for metric, difference in said.pop("differences").items()}
            return cls(**said | {"differences": found, "reasons": tuple(said["reasons"])})
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise InvalidJudgement(
                f"this is no verdict: {error}", hint="Judge again: python -m lab promote."
            ) from error

    def __str__(self) -> str:
        what = "may take the place of" if self.promoted else "may not take the place of"
        return "\n".join([f"{self.candidate} {what} {self.champion}:", *(f"  - {reason}" for reason in self.reasons)])


def verdict(
    champion: Judgement,
    candidate: Judgement,
    margins: Sequence[Margin] = MARGINS,
    bounds: Sequence[Bound] = BOUNDS,
) -> Verdict:
    """Whether `candidate` may take the place of `champion`; the module says by which rule.

    Raises:
        InvalidJudgement: they were judged on different corpora or by different metrics, or no margin is stated.
    """
    if unshared := champion.scores.keys() ^ candidate.scores.keys():
        raise InvalidJudgement(
            f"only one of {champion.subject} and {candidate.subject} was judged by {', '.join(sorted(unshared))}",
            hint="Judge both by one version of the laboratory: python -m lab evaluate.",
        )
    found = differences(champion, candidate)
    better, against = [], []
    for metric, difference in found.items():
        margin = _margin_of(metric, margins)
        gained, at_worst = _towards_better(difference, margin.sign)
        said = f"{metric} {difference.mean:+.3f} ({difference.low:+.3f} to {difference.high:+.3f})"
        if gained:
            better.append(f"{said}: better")
        elif at_worst < -margin.margin:
            worse = "worse" if _towards_better(difference, -margin.sign)[0] else "perhaps worse"
            against.append(f"{said}: {worse} by more than {margin.margin} ({margin.why})")
    ratios = {bound.figure: _ratio(champion, candidate, bound) for bound in bounds if _is_known(bound, champion)}
    against += [
        f"{bound.figure} is {ratios[bound.figure]:.2f} times the champion's, {bound.ratio} is the most ({bound.why})"
        for bound in bounds
        if ratios.get(bound.figure, 0.0) > bound.ratio
    ]
    if not better:
        against.insert(0, "it is significantly better in nothing")
    return Verdict(
        champion=champion.subject,
        candidate=candidate.subject,
        corpus=champion.corpus,
        promoted=not against,
        differences=found,
        ratios=ratios,
        reasons=(*better, *against),
    )


def _margin_of(metric: str, margins: Sequence[Margin]) -> Margin:
    for margin in margins:
        if fnmatchcase(metric, margin.metric):
            return margin
    raise InvalidJudgement(f"how much worse {metric} may get is not said", hint="Add it to MARGINS in lab/gate.py.")


def _towards_better(difference: Difference, sign: int) -> tuple[bool, float]:
    """Whether it is significantly better, and how good the candidate is at worst, where `sign` says what better is."""
    return (difference.better, difference.low) if sign > 0 else (difference.worse, -difference.high)


def _is_known(bound: Bound, champion: Judgement) -> bool:
    """Listening models and baselines have fewer figures than recipes."""
    return bound.figure in champion.figures


def _ratio(champion: Judgement, candidate: Judgement, bound: Bound) -> float:
    if bound.figure not in candidate.figures:
        raise InvalidJudgement(
            f"{candidate.subject} was judged without {bound.figure}", hint="Judge it again: python -m lab evaluate."
        )
    return candidate.figures[bound.figure] / max(champion.figures[bound.figure], bound.least)
