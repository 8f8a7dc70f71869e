"""Which engine searches a base: of those that pass the gate the one with which a reader has its answers soonest.

What counts is the time until a reader that starts with nothing has had a thousand answers: its download, the engine's
library, opening the files, the queries. All but the rate of the download is measured, on this base, when it is built.
An engine whose files alone would take longer than another one needs for everything is not built at all.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from aws_lambda_powertools.metrics import MetricUnit

from annoy_service.attempts import MIN_RECALL, RECALL_AT, Attempt, Gate
from earshot.errors import RecallTooLow
from earshot.index.engines.annoy import ANNOY
from earshot.index.engines.engine import Engine, EngineEntry
from earshot.index.engines.ivf_rabitq import IVF_RABITQ
from earshot.index.engines.registry import engine_named
from earshot.index.manifest import Trial, Verdict
from earshot.telemetry import emit

BY_MEASUREMENT: Final[tuple[Engine, ...]] = (IVF_RABITQ, ANNOY)
"""Tried in this order, the smallest files first. `hnsw` takes ten times as long to build: only where asked for."""
ANSWERS: Final = 1_000
BYTES_PER_S: Final = 75e6
"""What a function reads of a bucket in a second (docs/scaling.md)."""


@dataclass(frozen=True, slots=True)
class Choice:
    """How a base is searched, and why."""

    engine: EngineEntry
    recall: float
    trials: tuple[Trial, ...]


def engines_to_try(pinned: str) -> tuple[Engine, ...]:
    """Those that a base is to be searched by: the one of the name `pinned`, or whichever measures best ("")."""
    return (engine_named(pinned),) if pinned else BY_MEASUREMENT


def choose(folder: Path, engines: Sequence[Engine] = BY_MEASUREMENT) -> Choice:
    """Try `engines` on the vectors in `folder`, where the files of the chosen one then are, and no other's.

    Raises:
        RecallTooLow: none finds enough of the true neighbours, whatever its effort.
    """
    gate, attempts, trials = Gate(folder), dict[str, Attempt](), dict[str, Trial]()
    for engine in engines:
        least = engine.least_bytes(*gate.vectors.shape)
        at_least = least / BYTES_PER_S + engine.import_s
        if at_least >= min((trial.seconds for trial in _passed(trials)), default=math.inf):
            trials[engine.name] = Trial(engine.name, "cannot be faster", round(at_least, 3), least)
        else:
            attempts[engine.name] = attempt = gate.attempt(engine)
            trials[engine.name] = _trial(engine, folder, attempt)
    if not _passed(trials):
        raise _too_low(attempts.values())
    chosen = min(reversed(_passed(trials)), key=lambda trial: trial.seconds)
    trials[chosen.engine] = replace(chosen, verdict="chosen")
    for engine in engines:
        for name in engine.files if engine.name != chosen.engine else ():
            (folder / name).unlink(missing_ok=True)
    attempt = attempts[chosen.engine]
    emit("IndexRecall", attempt.recall, MetricUnit.NoUnit)
    return Choice(attempt.entry, attempt.recall, tuple(trials.values()))


def _trial(engine: Engine, folder: Path, attempt: Attempt) -> Trial:
    size = sum((folder / name).stat().st_size for name in engine.files)
    seconds = size / BYTES_PER_S + engine.import_s + attempt.load_s + ANSWERS * attempt.query_s
    verdict: Verdict = "slower" if attempt.passes else "finds too little"
    return Trial(
        engine.name, verdict, round(seconds, 3), size, round(attempt.recall, 4), round(attempt.query_s * 1e3, 3)
    )


def _passed(trials: Mapping[str, Trial]) -> list[Trial]:
    return [trial for trial in trials.values() if trial.verdict == "slower"]


def _too_low(attempts: Collection[Attempt]) -> RecallTooLow:
    best = max(attempt.recall for attempt in attempts)
    emit("IndexRecall", best, MetricUnit.NoUnit)
    emit("IndexNotPublished", 1)
    found = "; ".join(
        f"recall@{RECALL_AT} of {attempt.entry.name} is {attempt.recall:.3f} with {dict(attempt.entry.params)}"
        for attempt in attempts
    )
    return RecallTooLow(
        f"{found}, {MIN_RECALL} is needed",
        hint="The version was not published and the one before it stays. Look at the embeddings: many equal "
        "vectors, or a recipe with few dimensions, can cause this.",
    )
