"""Targets of `make bench-listening`."""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.figures import Figures
from lab.listening import NDCG, SERVING

NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Target:
    """A measured value and its limit; None: it was not measured."""

    what: str
    value: float | None
    limit: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the value is on the right side, or there is none."""
        if self.value is None:
            return True
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def line(self) -> str:
        """For a terminal."""
        sign = "≥" if self.at_least else "≤"
        if self.value is None:
            return f"--   {self.what}: {NOT_MEASURED} (target {sign} {self.limit:.4g})"
        return f"{'ok  ' if self.met else 'MISS'} {self.what}: {self.value:.4g} (target {sign} {self.limit:.4g})"


def quality_targets(name: str, measured: Figures | None) -> Iterator[Target]:
    """Of the champion on one set of real plays."""
    champion = best = popular = least = None
    if measured is not None:
        least = measured["compared"][SERVING]["against_knn"][NDCG][1]
        champion = measured["figures"]["recall20"]
        best = champion / max(full["recall20"] for full in measured["in_full"].values())
        popular = champion / measured["baselines"]["popularity"]["recall20"]
    yield Target(f"{name}: champion's recall@20 / the best of kNN, EASE, ALS in full", best, 1.0, at_least=True)
    yield Target(f"{name}: champion's recall@20 / popularity's", popular, 2.0, at_least=True)
    yield Target(f"{name}: champion's NDCG@10 less item-kNN's, low end of 95 %", least, 0.0, at_least=True)


def cold_target(measured: Figures | None) -> Target:
    """Of tracks that nobody has played."""
    value = measured["table"]["recall20"] if measured else None
    return Target("playlists: recall@20 among cold tracks", value, 0.24, at_least=True)


def serving_targets(measured: Figures) -> Iterator[Target]:
    """Of the table at a million tracks."""
    yield Target(f"{measured['tracks']:,} tracks: bytes a track", measured["bytes_per_track"], 2000)
    yield Target(f"{measured['tracks']:,} tracks: 50 recent plays, p50 ms", measured["plays"]["50"]["p50_ms"], 1.0)


def tastes_targets(measured: Figures) -> Iterator[Target]:
    """Of both kinds of evidence against the better of them, in standard errors: never worse by more than noise."""
    for asked, figures in measured["ndcg"].items():
        lead = figures["lead"] / figures["error"] if figures["error"] else 0.0
        yield Target(f"{asked}: hybrid's lead over the better of both, standard errors", lead, -2.0, at_least=True)


def judged_targets(measured: Figures) -> Iterator[Target]:
    """Of people who play through a local stack: tastes that nobody told are found, by both kinds of evidence."""
    for asked in ("3 plays", "30 plays"):
        figures = measured["ndcg"][asked]
        yield Target(
            f"stack, {asked}: hybrid's nDCG@10 / popularity's",
            figures["hybrid"] / figures["popular"],
            2.0,
            at_least=True,
        )
        lead = figures["lead"] / figures["error"] if figures["error"] else 0.0
        yield Target(
            f"stack, {asked}: hybrid's lead over the better of both, standard errors", lead, -2.0, at_least=True
        )


def fit_target(measured: Figures) -> Target:
    """Of a full fit: it has to fit one machine."""
    return Target(f"a fit of {measured['plays']:,} plays, GiB", measured["peak_gib"], 16.0)


def rate_targets(measured: Figures) -> Iterator[Target]:
    """Of plays at a rate. Of what was never seen to count the patience of whoever asked is the time."""
    what = f"{measured['per_second']} plays a second"
    counts = measured["counts_s"]["p95"] if measured["counts_s"] and not measured["never_counted"] else float("inf")
    yield Target(f"{what}: until one counts, p95 s", counts, 5.0)
    yield Target(
        f"{what}: refused, missing or too many", measured["refused"] + measured["missing"] + measured["too_many"], 0
    )
