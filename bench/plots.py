"""`python -m bench.plots` (`make bench-plots`): draws docs/benchmarks/*.svg from what is in bench/results."""

import json
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from bench.figures import Figures

_ROOT = Path(__file__).resolve().parents[1]
_RESULTS = _ROOT / "bench" / "results"
_OUT = _ROOT / "docs" / "benchmarks"


def main() -> None:
    """Draw every plot."""
    mpl.use("svg")
    mpl.rcParams.update(
        {"svg.hashsalt": "earshot", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
    )
    _OUT.mkdir(parents=True, exist_ok=True)
    index = json.loads((_RESULTS / "index.json").read_text())
    save(recall_against_time(index), "index-queries.svg")
    save(cost_of_an_update(index), "index-updates.svg")


def save(figure: Figure, name: str) -> None:
    """Write the figure without a date, so that equal results give equal files."""
    figure.savefig(_OUT / name, format="svg", metadata={"Date": None}, bbox_inches="tight")
    plt.close(figure)


def recall_against_time(index: Figures) -> Figure:
    """Recall@10 against the median time of a query, one panel per catalogue size."""
    figure, panels = plt.subplots(1, len(index), figsize=(9, 3), sharey=True)
    for panel, (tracks, measured) in zip(panels, index.items(), strict=True):
        for way, figures in measured["queries"]["clean"].items():
            panel.plot(figures["p50_ms"], figures["recall"], "o", label=way)
        panel.set(xscale="log", xlabel="median query, ms", title=f"{int(tracks):,} tracks", ylim=(0.95, 1.004))
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("recall@10")
    panels[0].legend(fontsize=7)
    return figure


def cost_of_an_update(index: Figures) -> Figure:
    """What adding 100 tracks costs beside building and downloading everything."""
    figure, (builder, reader) = plt.subplots(1, 2, figsize=(9, 2.6))
    sizes = [f"{int(tracks):,}" for tracks in index]
    pairs = (
        (
            builder,
            "builder's CPU, s",
            [m["compact"]["cpu_s"] for m in index.values()],
            [m["cold_fold"]["cpu_s"] for m in index.values()],
        ),
        (
            reader,
            "reader's download, MB",
            [m["load"]["cold_bytes"] / 1e6 for m in index.values()],
            [m["load"]["warm_bytes"] / 1e6 for m in index.values()],
        ),
    )
    for panel, title, everything, update in pairs:
        places = range(len(sizes))
        panel.barh([place + 0.2 for place in places], everything, 0.4, label="everything")
        panel.barh([place - 0.2 for place in places], update, 0.4, label="100 more tracks")
        panel.set(xscale="log", title=title, yticks=list(places), yticklabels=sizes)
        panel.legend(fontsize=7)
    builder.set_ylabel("tracks")
    figure.subplots_adjust(wspace=0.35)
    return figure


if __name__ == "__main__":
    main()
