"""`python -m bench.extract` (`make bench-extract`): the extractor against its targets; non-zero exit on a miss."""

import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.extract import cold_start
from bench.figures import Figures
from tests.corpus import clips

_ROOT = Path(__file__).resolve().parents[2]
_RESULTS = _ROOT / "bench" / "results" / "extract.json"
_WORKER_S = 6.0
_STRAIGHTFORWARD_CLIPS = 3


@dataclass(frozen=True, slots=True)
class Target:
    """A figure and the bound it must keep."""

    what: str
    figure: float
    bound: float
    at_most: bool = True

    @property
    def met(self) -> bool:
        """Whether the figure keeps its bound."""
        return self.figure <= self.bound if self.at_most else self.figure >= self.bound

    def row(self) -> str:
        """A line of the table."""
        sign = "≤" if self.at_most else "≥"
        return f"| {self.what} | {sign} {self.bound:g} | {self.figure:.3g} | {'met' if self.met else '**missed**'} |"


def main() -> int:
    """Measure, print, and keep the figures in bench/results/extract.json."""
    part("pipeline")  # warms the disk's cache; TensorFlow's later imports profit as much
    pipeline, describing, graphs, hostile = (part(name) for name in ("pipeline", "describing", "graphs", "hostile"))
    paths = [str(clip.path) for clip in clips()[:_STRAIGHTFORWARD_CLIPS]]
    plain = part_of("bench.extract.straightforward", "1", *paths)
    one, two = throughput(1), throughput(2)
    plain_two = part_of("bench.extract.straightforward", "2", *paths)
    init, client = cold_start.import_and_session_s(), cold_start.lambda_client_s()
    targets = [
        Target(
            "whole pipeline, in units of decoding alone", pipeline["pipeline_ms"] / pipeline["decode_alone_ms"], 2.5
        ),
        Target(
            "published graph, in units of the pruned one", graphs["plain_ms"] / graphs["pruned_ms"], 8, at_most=False
        ),
        Target("largest difference of penultimate and means", graphs["max_delta_penultimate_and_means"], 2e-5),
        Target("largest difference of maxima, of their size", graphs["max_delta_maxima_of_their_size"], 2e-5),
        Target("clips with the same ordered top 10, of 50", graphs["same_top_10"], graphs["clips"], at_most=False),
        Target("two processes, in units of one", two / one, 1.7, at_most=False),
        Target(
            "clips per second of two cores, in units of the straightforward version's",
            two / plain_two["clips_per_s"],
            20,
            at_most=False,
        ),
        Target("tempo, key and loudness, in units of all the rest", describing["of_the_rest"], 0.25),
        Target("peak memory, MiB", max(pipeline["peak_mib"], hostile["peak_mib"]), 250),
        Target("peak memory of the decoding child, MiB", max(row[5] for row in hostile["rows"]), 250),
        Target("cold init: import and session, s", init, 1.5),
        Target("cold init, in units of TensorFlow's", init / plain["ready_s"], 0.2),
    ]
    outcome = {
        "machine": f"{cpu_name()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "targets": [{"what": t.what, "figure": t.figure, "bound": t.bound, "met": t.met} for t in targets],
        "pipeline": pipeline,
        "describing": describing,
        "graphs": graphs,
        "straightforward": {"one core": plain, "two cores": plain_two},
        "clips_per_s": {"one process": one, "two processes": two},
        "lambda_runtime_client": client,
        "hostile": hostile["rows"],
    }
    _RESULTS.parent.mkdir(parents=True, exist_ok=True)
    _RESULTS.write_text(json.dumps(outcome, indent=1) + "\n")
    print(report(outcome, targets))
    return 0 if all(target.met for target in targets) else 1


def report(outcome: Figures, targets: list[Target]) -> str:
    """The tables, in Markdown."""
    stages = outcome["pipeline"]
    lines = [outcome["machine"], "", "| what | target | measured | |", "|---|---|---|---|"]
    lines += [target.row() for target in targets]
    lines += ["", "| CPU per clip | ms |", "|---|---|"]
    lines += [
        f"| {name.removesuffix('_ms').replace('_', ' ')} | {stages[name]:.1f} |" for name in stages if "_ms" in name
    ]
    lines += [f"| of it {name} | {outcome['describing'][f'{name}_ms']:.1f} |" for name in ("loudness", "tempo", "key")]
    lines += [f"| published graph | {outcome['graphs']['plain_ms']:.1f} |"]
    lines += [f"| straightforward version | {outcome['straightforward']['one core']['clip_ms']:.0f} |"]
    client = outcome["lambda_runtime_client"]
    lines += [
        "",
        f"Under awslambdaric: {client['init_s']:.2f} s to the first event, {client['first_answer_s']:.2f} s answered.",
    ]
    lines += ["", "| hostile input | bytes | must get | got | ms, with starting a decoder | decoder's peak MiB |"]
    lines += ["|---|---|---|---|---|---|"]
    lines += [
        f"| {file} | {size} | {expected} | {got} | {took:.0f} | {peak:.0f} |"
        for file, size, expected, got, took, peak in outcome["hostile"]
    ]
    return "\n".join(lines)


def throughput(processes: int) -> float:
    """Clips per second of so many processes, each with its decoder on a core of its own."""
    commands = [
        [sys.executable, "-m", "bench.extract.parts", "worker", str(core), str(_WORKER_S)] for core in range(processes)
    ]
    running = [
        subprocess.Popen(command, cwd=_ROOT, env=_environment(), stdout=subprocess.PIPE, text=True)
        for command in commands
    ]
    return sum(float(json.loads(process.communicate()[0])["clips_per_s"]) for process in running)


def part(name: str) -> Figures:
    """One of `bench.extract.parts`, in a process of its own."""
    return part_of("bench.extract.parts", name)


def part_of(module: str, *arguments: str) -> Figures:
    """The JSON that a module prints."""
    command = [sys.executable, "-m", module, *arguments]
    outcome = subprocess.run(command, cwd=_ROOT, env=_environment(), capture_output=True, text=True, check=False)
    if outcome.returncode:
        raise RuntimeError(f"{' '.join(command)}: {outcome.stderr.strip()[-500:]}")
    measured: Figures = json.loads(outcome.stdout.splitlines()[-1])
    return measured


def _environment() -> dict[str, str]:
    """One thread of BLAS per process, as the extractor's own entry points have it."""
    return {**os.environ, "OPENBLAS_NUM_THREADS": "1"}


def cpu_name() -> str:
    """As the kernel calls it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown CPU")


if __name__ == "__main__":
    sys.exit(main())
