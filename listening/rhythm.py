"""When a model is chosen anew, and when the one that serves is only fitted to all plays again.

Choosing tries models and parameters, and judges them on listeners; what it finds stays right for weeks. Fitting is what
lets new plays count, and what lets go of who was forgotten: it begins from nothing each time (docs/adr/0040).
"""

from dataclasses import replace
from datetime import timedelta

from earshot.clock import age_of, now_iso
from earshot.colistening.manifest import Figures, Manifest, Snapshot, Training, Verdict
from listening.models.learn import Outcome
from listening.watch import Drift

_GROWN = 1.5
"""With so many times the plays that it was chosen on, another model may be better."""
_EARLY = timedelta(hours=12)
"""The clock's days are not exact."""


def is_to_be_chosen(serving: Manifest | None, data: Snapshot, drift: Drift | None, choose_days: int) -> bool:
    """Whether it is time to choose: nothing serves yet, what serves has drifted, was chosen so long ago, or on much
    less.

    Args:
        serving: the version that serves.
        data: what can be learned from now.
        drift: how what serves does on the newest plays, where that is known.
        choose_days: how long a choice holds; 0: not at all.
    """
    if serving is None or not serving.training.chosen_at or (drift and drift.has_drifted):
        return True
    chosen = serving.training
    is_old = age_of(chosen.chosen_at) >= timedelta(days=choose_days) - _EARLY
    return is_old or data.plays >= _GROWN * chosen.chosen_on


def chosen(outcome: Outcome, serving: Manifest | None, data: Snapshot) -> list[Training]:
    """What is to be fitted after a choice: the champion; where it is not let in, what serves as well, to the same
    plays."""
    champion = outcome.champion
    made = Training(
        model=champion.recipe.name,
        parameters=champion.recipe.to_parameters(),
        data=data,
        figures=champion.judgement.figures(),
        candidates=outcome.candidates,
        baselines=outcome.baselines,
        verdict=outcome.verdict,
        chosen_at=now_iso(),
        chosen_on=data.plays,
    )
    if outcome.verdict.enters or serving is None:
        return [made]
    judged = replace(serving.training, chosen_at=made.chosen_at, chosen_on=data.plays)
    return [made, again(judged, data, outcome.baselines["serving"])]


def again(before: Training, data: Snapshot, figures: Figures | None = None) -> Training:
    """The same model fitted again. `figures`: where it was judged meanwhile."""
    verdict = Verdict(True, f"{before.model}, chosen {before.chosen_at}, is fitted to all plays again")
    return replace(before, data=data, figures=figures or before.figures, verdict=verdict)


def challenging(before: Training, data: Snapshot, trial: str) -> Training:
    """The same, for the listeners of a trial alone."""
    return replace(again(before, data), verdict=Verdict(False, f"{before.model} is tried in the trial {trial}"))
