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
    """How much worse a candidate may be, in the metric's own unit, where `metric` (a shell pattern) matches."""

    metric: str
    margin: float
    why: str


@dataclass(frozen=True, slots=True)
class Bound:
    """How many times the champion's figure a candidate's may be; of a champion below `least`, as if it had that."""

    figure: str
    ratio: float
    why: str
    least: float = 0.0


MARGINS: Final[Sequence[Margin]] = (
    Margin("clean/recall@*", 0.05, "the other half of a track stands for what people call the same"),
    Margin("clean/artist@10", 0.02, "a fifth of a result in ten"),
    Margin("clean/album@10", 0.03, "albums are small: what is found of them wavers more"),
    Margin("clean/genre@10", 0.02, "a fifth of a result in ten"),
    Margin("clean/tags@10", 0.02, "a fifth of a result in ten"),
    Margin("half */recall@1", 0.05, "as of a catalogue of one encoding"),
    Margin("half */artist@10", 0.02, "as of a catalogue of one encoding"),
    Margin("half */other_encoding@10", 0.03, "a third of a result in ten: else a catalogue falls apart by its sources"),
    Margin("query */recall@1", 0.10, "a clip that is distorted so is rare"),
    Margin("fitted to */recall@1", 0.05, "everybody begins with a small catalogue"),
    Margin("ndcg@10", 0.01, "models of listening differ by so much"),
    Margin("recall@20", 0.02, "who goes on past the first ten shall find no less: one in fifty of what they will play"),
)
"""What counts, by the first that matches; what matches none is told and decides nothing: of a hundred metrics that say
the same some would always be worse by chance."""

BOUNDS: Final[Sequence[Bound]] = (
    Bound("hub_skewness", 1.25, "tracks that come with everything make all answers alike", least=0.1),
    Bound("cpu_ratio", 1.4, "what a million tracks cost follows from it: docs/cost.md"),
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
        InvalidJudgement: they were judged on different corpora or by different metrics, or by none that counts.
    """
    found = differences(champion, candidate)
    counted = {
        metric: margin
        for metric in sorted(champion.scores.keys() | candidate.scores.keys())
        if (margin := _margin_of(metric, margins))
    }
    unshared = [metric for metric in counted if metric not in found]
    if unshared or not counted:
        raise InvalidJudgement(
            f"{champion.subject} and {candidate.subject} were not both judged by {(*unshared, 'what counts')[0]}",
            hint="Judge both by one version of the laboratory: python -m lab evaluate.",
        )
    better = [f"{_said(metric, found[metric])}: better" for metric in counted if found[metric].better]
    against = [] if better else ["it is significantly better in nothing that counts"]
    for metric, margin in counted.items():
        if found[metric].low < -margin.margin:
            worse = "worse" if found[metric].worse else "perhaps worse"
            against.append(f"{_said(metric, found[metric])}: {worse} by more than {margin.margin} ({margin.why})")
    ratios = {bound.figure: _ratio(champion, candidate, bound) for bound in bounds if bound.figure in champion.figures}
    against += [
        f"{bound.figure} is {ratios[bound.figure]:.2f} times the champion's, {bound.ratio} is the most ({bound.why})"
        for bound in bounds
        if ratios.get(bound.figure, 0.0) > bound.ratio
    ]
    return Verdict(
        champion=champion.subject,
        candidate=candidate.subject,
        corpus=champion.corpus,
        promoted=not against,
        differences=found,
        ratios=ratios,
        reasons=(*better, *against),
    )


def _margin_of(metric: str, margins: Sequence[Margin]) -> Margin | None:
    return next((margin for margin in margins if fnmatchcase(metric, margin.metric)), None)


def _said(metric: str, difference: Difference) -> str:
    return f"{metric} {difference.mean:+.3f} ({difference.low:+.3f} to {difference.high:+.3f})"


def _ratio(champion: Judgement, candidate: Judgement, bound: Bound) -> float:
    if bound.figure not in candidate.figures:
        raise InvalidJudgement(
            f"{candidate.subject} was judged without {bound.figure}", hint="Judge it again: python -m lab evaluate."
        )
    return candidate.figures[bound.figure] / max(champion.figures[bound.figure], bound.least)
