"""Targets and tables of `make bench-index`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from bench.index.engines import RESULTS as ENGINE_RESULTS
from bench.index.engines import table
from bench.index.queries import BARE, DEAD_SHARE, DELTA_ROWS, EARSHOT, FULL, K
from bench.index.results import First, Result
from bench.index.updates import BATCH
from earshot.index.shelf import SHELF

_GIB = 1 << 30
_BYTES_BEFORE, _SHARE = 1_350, 0.45
"""Of a million tracks searched by Annoy, and how much of that is allowed."""
_READERS = ("annoy.ann", "ivf_rabitq.faiss", "hnsw.faiss", "vectors.npy", "ids.npy", "tracks.bin", "offsets.npy", SHELF)
_MAX_FIRST_S = 0.5
_MAX_FIRST_MB = 256


@dataclass(frozen=True, slots=True)
class Target:
    """A measured value and its limit."""

    what: str
    value: float
    limit: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the value is on the right side."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def line(self) -> str:
        """For a terminal."""
        sign = "≥" if self.at_least else "≤"
        return f"{'ok  ' if self.met else 'MISS'} {self.what}: {self.value:.4g} (target {sign} {self.limit:.4g})"


def targets_of(tracks: int, results: Result) -> list[Target]:
    """What issue and design promise at this size."""
    clean, worn = results["queries"]["clean"], results["queries"]["worn"]
    full = results["compact"]["cpu_s"]
    least_recall = 0.98 if tracks >= 1_000_000 else 0.97
    load = results["load"]
    return [
        Target(f"{tracks:,}: builder CPU of {BATCH} more tracks / full rebuild, cold builder",
               results["cold_fold"]["cpu_s"] / full, 1 / 50),
        # Of 100,000 tracks 100 are a thousandth: what may be asked there is that a new one costs about what others do.
        Target(f"{tracks:,}: bytes a warm reader downloads for one of them / for one of all",
               load["warm_bytes"] / BATCH * tracks / load["cold_bytes"], 1.5),
        *([Target(f"{tracks:,}: bytes a warm reader downloads for them / index",
                  load["warm_bytes"] / load["cold_bytes"], 1 / 1000)] if tracks >= 1_000_000 else ()),
        Target(f"{tracks:,}: recall@{K}", clean[EARSHOT]["recall"], least_recall, at_least=True),
        Target(f"{tracks:,}: p50 / bare Annoy", clean[EARSHOT]["p50_ms"] / clean[BARE]["p50_ms"],
               1 / 3 if tracks >= 1_000_000 else 1.3),
        *([Target(f"{tracks:,}: bytes a track of a reader's cold download", load["cold_bytes"] / tracks,
                  _SHARE * _BYTES_BEFORE)] if tracks >= 1_000_000 else ()),
        Target(f"{tracks:,}: the same with {DELTA_ROWS:,} delta rows and {DEAD_SHARE:.0%} deleted",
               worn[EARSHOT]["p50_ms"] / worn[BARE]["p50_ms"], 2.0),
        Target(f"{tracks:,}: recall@{K} then", worn[EARSHOT]["recall"], 0.97, at_least=True),
        Target(f"{tracks:,}: peak memory of the builder, GiB",
               max(results[step]["peak_bytes"] for step in ("prepare", "compact", "cold_fold")) / _GIB, 4.0),
        *first_targets(tracks, results["first"]),
    ]  # fmt: skip


def first_targets(tracks: int, first: Mapping[str, First]) -> list[Target]:
    """What is promised of the first answers of a container."""
    return [
        *(Target(f"{tracks:,}: first {name}, s", spent["wall_s"], _MAX_FIRST_S) for name, spent in first.items()),
        Target(f"{tracks:,}: most memory that one of them keeps, MB",
               max(spent["bytes"] for spent in first.values()) / 1e6, _MAX_FIRST_MB),
    ]  # fmt: skip


def markdown(results: Mapping[str, Result], targets: list[Target]) -> str:
    """The page docs/benchmarks/index.md."""
    lines = [
        "# The index: measurements",
        "",
        "Written by `make bench-index`. Synthetic catalogues with the local structure of real music"
        " (bench/index/catalogue.py), 128-d, one thread, on a shared machine: use the ratios.",
        "",
        "| | measured | target | |",
        "|---|---|---|---|",
    ]
    for target in targets:
        sign = "≥" if target.at_least else "≤"
        lines.append(
            f"| {target.what} | {target.value:.4g} | {sign} {target.limit:.4g} | {'✓' if target.met else '✗'} |"
        )
    lines += ["", "## Queries", "", f"| tracks | way | recall@{K} | p50 ms | p95 ms |", "|---|---|---|---|---|"]
    for tracks, result in results.items():
        worn_name = f" ({DELTA_ROWS:,} delta rows, {DEAD_SHARE:.0%} deleted)"
        answers = result["queries"]
        for ways, name in ((answers["clean"], ""), (answers["worn"], worn_name)):
            for way, figures in ways.items():
                known = " (knows of neither)" if name and way == BARE else name
                row = f"{figures['recall']:.3f} | {figures['p50_ms']:.2f} | {figures['p95_ms']:.2f}"
                lines.append(f"| {int(tracks):,} | {way}{known} | {row} |")
    if ENGINE_RESULTS.exists():
        lines += [
            "",
            "## Engines (`python -m bench.index.engines`)",
            "",
            *table(json.loads(ENGINE_RESULTS.read_text())),
        ]
    lines += [
        "",
        f"`{EARSHOT}` merges, drops the dead and re-scores; `{FULL}` also reads what a page shows of each track.",
        "",
        "## Building",
        "",
        "| tracks | full rebuild (compaction): CPU s, wall s, peak GiB | 100 more: cold ms CPU, warm ms CPU |"
        " a reader's start: MB, s | its update: KB |",
        "|---|---|---|---|---|",
    ]
    for tracks, result in results.items():
        compact, load = result["compact"], result["load"]
        lines.append(
            f"| {int(tracks):,} | {compact['cpu_s']:.0f}, {compact['wall_s']:.0f},"
            f" {compact['peak_bytes'] / _GIB:.2f} | {result['cold_fold']['cpu_s'] * 1e3:.0f},"
            f" {result['warm_fold']['cpu_s'] * 1e3:.0f} | {load['cold_bytes'] / 1e6:.0f}, {load['cold_s']:.1f} |"
            f" {load['warm_bytes'] / 1e3:.0f} |"
        )
    lines += ["", "| tracks | file | MB |", "|---|---|---|"]
    for tracks, result in results.items():
        for name, size in sorted(result["compact"]["bytes"].items(), key=lambda pair: -pair[1]):
            whose = "reader" if name in _READERS else "builder"
            lines.append(f"| {int(tracks):,} | {name} ({whose}) | {size / 1e6:.1f} |")
    for tracks, result in results.items():
        for name, built in result["queries"]["built"].items():
            cost = f"{built['build_cpu_s']:.0f} s CPU" + (f", {built['mb']:.0f} MB" if "mb" in built else "")
            lines += ["", f"Built for comparison at {int(tracks):,}: {name}, {cost}."]
    return "\n".join(lines) + "\n"
