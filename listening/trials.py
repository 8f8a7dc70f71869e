"""Trials: started, ended, and their arms compared by what people did within a day with what they were recommended."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from earshot.clock import epoch, epoch_of
from earshot.colistening.store import ColisteningStore
from earshot.colistening.trial import Arm, Trial
from earshot.errors import InvalidInput
from earshot.ids import TrackId
from earshot.plays import Play
from earshot.stores.listeners_table import ListenersTable
from earshot.stores.shown_tracks import Shown, ShownTracks

_DAY_S = 86_400
_MOST_PLAYS = 1_000
_RESAMPLED = 2_000
FEWEST = 10
"""Listeners of an arm; of fewer nothing is said, which would say too much of each."""

Counts = npt.NDArray[np.int64]
"""(n, 3) of each listener the tracks that were shown, and how many of those were played through, and skipped."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share, with the ends of its 95 % confidence interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Report:
    """Of each arm the listeners, what they were shown, and the shares that were played through and skipped; and the
    challenger's less the champion's. None where an arm has fewer than 10 listeners."""

    listeners: Mapping[Arm, int]
    shown: Mapping[Arm, int]
    played: Mapping[Arm, Rate] | None
    skipped: Mapping[Arm, Rate] | None
    lead_played: Rate | None = None
    lead_skipped: Rate | None = None


def start(store: ColisteningStore, name: str, source: str, share: float) -> Trial:
    """Try the model of the version `source` on a share of the listeners, from when something is learned next.

    Raises:
        InvalidInput: another trial runs, or name, share or version are none.
        IndexRace: somebody else started or ended one meanwhile.
    """
    seen = store.trial()
    if seen and seen.trial.share:
        raise InvalidInput(f"the trial {seen.trial.name} runs", hint="End it first: python -m listening trial end.")
    if not share or store.old_manifest(source) is None:
        raise InvalidInput(
            f"nothing to try: version {source[:80]!r}, share {share}",
            hint="The index bucket has the manifests of 90 days.",
        )
    trial = Trial(name, share, source)
    store.put_trial(trial, seen=seen)
    return trial


def end(store: ColisteningStore, *, adopted: Arm) -> Trial:
    """End the trial that runs: everybody is answered by the table of the `adopted` arm from then on.

    Raises:
        InvalidInput: none runs, or the challenger's table is not there yet.
        IndexRace: somebody else changed something meanwhile.
    """
    seen, head = store.trial(), store.head()
    if seen is None or not seen.trial.share:
        raise InvalidInput("no trial runs", hint="Start one: python -m listening trial start NAME VERSION --share 0.1.")
    if adopted is Arm.CHALLENGER:
        if seen.trial.pointer is None:
            raise InvalidInput("the challenger has no table yet", hint="Let something be learned first.")
        store.move(seen.trial.pointer, seen=head)
    over = replace(seen.trial, share=0.0)
    store.put_trial(over, seen=seen)
    return over


def report(trial: Trial, table: ListenersTable, shown: ShownTracks) -> Report:
    """How the arms of the trial do, by the stage's table of listeners. It reads all of that.

    A recommendation counts once it is a day old; of one that was made again, the last time.
    """
    if not trial.started_at:
        return compared({arm: np.zeros((0, 3), np.int64) for arm in Arm})
    since = epoch_of(trial.started_at)
    found: dict[Arm, list[tuple[int, int, int]]] = {arm: [] for arm in Arm}
    for listener, tracks in shown.everybodys():
        due = {track_id: one for track_id, one in tracks.items() if since <= one.last_at <= epoch() - _DAY_S}
        if due:
            plays = table.since(listener, min(one.last_at for one in due.values()) - 1, _MOST_PLAYS)
            found[trial.arm_of(listener)].append(happened(due, plays))
    return compared({arm: np.array(rows, np.int64).reshape(-1, 3) for arm, rows in found.items()})


def happened(shown: Mapping[TrackId, Shown], plays: Iterable[Play]) -> tuple[int, int, int]:
    """How many tracks were shown, and of how many the first play within a day was one, and of how many a skip."""
    first: dict[TrackId, Play] = {}
    for play in sorted(plays, key=lambda play: play.listened_at):
        one = shown.get(play.track_id) if play.track_id else None
        if one and play.track_id and one.last_at <= play.listened_at <= one.last_at + _DAY_S:
            first.setdefault(play.track_id, play)
    skipped = sum(play.is_skip for play in first.values())
    return len(shown), len(first) - skipped, skipped


def compared(counts: Mapping[Arm, Counts], seed: int = 0) -> Report:
    """The report on counts.

    Intervals are percentiles of 2,000 bootstrap samples of *listeners* (Efron 1979): tracks of one listener are not
    independent of each other, which a binomial interval would take them to be.
    """
    listeners = {arm: len(rows) for arm, rows in counts.items()}
    shown = {arm: int(rows[:, 0].sum()) for arm, rows in counts.items()}
    if min(listeners.values()) < FEWEST:
        return Report(listeners, shown, None, None)
    rng = np.random.default_rng(seed)
    samples = {arm: _resampled(rows, rng) for arm, rows in counts.items()}
    rates = {arm: rows[:, 1:].sum(axis=0) / rows[:, 0].sum() for arm, rows in counts.items()}
    both = [{arm: _rate(rates[arm][column], samples[arm][:, column]) for arm in counts} for column in range(2)]
    leads = [
        _rate(
            rates[Arm.CHALLENGER][column] - rates[Arm.CHAMPION][column],
            samples[Arm.CHALLENGER][:, column] - samples[Arm.CHAMPION][:, column],
        )
        for column in range(2)
    ]
    return Report(listeners, shown, both[0], both[1], leads[0], leads[1])


def text(trial: Trial, found: Report) -> str:
    """The report as people read it."""
    since = trial.started_at or "nothing was learned yet"
    lines = [f"Trial {trial.name}, {trial.share:.0%} of the listeners, since {since}"]
    for arm in Arm:
        shown = f"{found.listeners[arm]} listeners were shown {found.shown[arm]} tracks"
        lines.append(f"{arm}: {shown}{_shares(found, arm)}")
    if found.lead_played and found.lead_skipped:
        played, skipped = _signed(found.lead_played), _signed(found.lead_skipped)
        lines.append(f"challenger less champion: played {played}, skipped {skipped}")
    else:
        lines.append(f"An arm has fewer than {FEWEST} listeners: nothing can be said yet.")
    return "\n".join(lines)


def _shares(found: Report, arm: Arm) -> str:
    if not (found.played and found.skipped):
        return ""
    return f"; within a day they played {_share(found.played[arm])} and skipped {_share(found.skipped[arm])}"


def _share(rate: Rate) -> str:
    return f"{rate.mean:.1%} ({rate.low:.1%} to {rate.high:.1%})"


def _signed(rate: Rate) -> str:
    return f"{rate.mean:+.1%} ({rate.low:+.1%} to {rate.high:+.1%})"


def _resampled(rows: Counts, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """(2000, 2) shares of samples of listeners, drawn with replacement."""
    sums = np.array([rows[rng.integers(len(rows), size=len(rows))].sum(axis=0) for _ in range(_RESAMPLED)])
    shares: npt.NDArray[np.float64] = sums[:, 1:] / np.maximum(sums[:, :1], 1)
    return shares


def _rate(mean: float, samples: Sequence[float] | npt.NDArray[np.float64]) -> Rate:
    low, high = np.percentile(samples, [2.5, 97.5])
    return Rate(float(mean), float(low), float(high))
