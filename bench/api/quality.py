"""How good the answers are on freely licensed game music: `python -m bench.api.quality CORPUS` (it holds clips.csv).

For every network and transform that Earshot offers, and for the recipe of its 2019 ancestor, on the same clips: how
often the other clip of the same track comes first (or among five), how many of the ten nearest come from the same game
(own track left out), and hubness: the skewness of how often a clip is among others' ten nearest, and the share of clips
that never are. Fifty clips are few: differences below about 0.05 mean nothing.
"""

import csv
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from annoy_service.fit import Statistics, fit, offset_of
from config.extract import ExtractSettings
from earshot.index.transform import unit
from earshot.networks import NETWORKS, network_named
from earshot.recipes import default_recipe
from extractor.audio.decode import decode
from extractor.extract import extract_audio
from extractor.networks.loading import load_network

Matrix = npt.NDArray[np.float32]
_PENULTIMATE = 200
_K = 10
_KEPT_VARIANCE = 0.95


@dataclass(frozen=True, slots=True)
class Corpus:
    """Per clip: its file, its track and its package."""

    files: Sequence[Path]
    tracks: npt.NDArray[np.str_]
    packages: npt.NDArray[np.str_]


def read_corpus(folder: Path) -> Corpus:
    """The clips that `folder`/clips.csv lists."""
    with (folder / "clips.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return Corpus(
        [folder / row["path"] for row in rows],
        np.array([row["track_id"] for row in rows]),
        np.array([row["package"] for row in rows]),
    )


def features(corpus: Corpus, network_name: str) -> Matrix:
    """(clips, 2, raw_dim): embedding and drift, as the extractor stores them."""
    network = load_network(network_name, ExtractSettings.model_fields["model_dir"].default)
    audio = (decode(path.read_bytes(), network.rate, network.min_seconds) for path in corpus.files)
    heard = [extract_audio(clip, network).embedding for clip in audio]
    return np.stack([np.stack([clip.embedding, clip.drift]) for clip in heard]).astype(np.float16).astype(np.float32)


def catalogue_transform(raw: Matrix, network_name: str) -> Matrix:
    """What the index does with them."""
    recipe = default_recipe(network_named(network_name))
    statistics = Statistics(offset_of(recipe))
    statistics.add(raw)
    return fit(recipe, statistics)(raw[:, 0])


def mean_subtracted(raw: Matrix) -> Matrix:
    """The penultimate layer alone, centred: the usual way to compare such features."""
    penultimate = raw[:, 0, :_PENULTIMATE]
    return unit(penultimate - penultimate.mean(axis=0))


def ancestors(raw: Matrix) -> Matrix:
    """Z-scores, principal components that keep 95 % of the variance, angular distance."""
    x = raw[:, 0]
    scores = (x - x.mean(axis=0)) / np.maximum(x.std(axis=0), 1e-9)
    left, values, _ = np.linalg.svd(scores, full_matrices=False)
    kept = int(np.searchsorted(np.cumsum(values**2) / np.sum(values**2), _KEPT_VARIANCE)) + 1
    return unit((left * values)[:, :kept])


def score(corpus: Corpus, vectors: Matrix) -> dict[str, float]:
    """The figures of one recipe."""
    similarities = vectors @ vectors.T
    np.fill_diagonal(similarities, -np.inf)
    order = np.argsort(-similarities, axis=1, kind="stable")
    same_track = corpus.tracks[:, None] == corpus.tracks[None]
    np.fill_diagonal(same_track, val=False)
    paired = np.flatnonzero(same_track.any(axis=1))
    hits = np.take_along_axis(same_track, order, axis=1)
    precision = []
    for row in range(len(vectors)):
        others = [i for i in order[row] if corpus.tracks[i] != corpus.tracks[row]][:_K]
        precision.append(np.mean(corpus.packages[others] == corpus.packages[row]))
    occurrences = np.bincount(order[:, :_K].ravel(), minlength=len(vectors)).astype(np.float64)
    spread = occurrences.std()
    return {
        "recall@1": float(hits[paired, :1].any(axis=1).mean()),
        "recall@5": float(hits[paired, :5].any(axis=1).mean()),
        "package precision@10": float(np.mean(precision)),
        "hub skewness": float(((occurrences - occurrences.mean()) ** 3).mean() / spread**3),
        "never recommended": float((occurrences == 0).mean()),
    }


def main() -> None:
    """Print the table; write bench/results/quality.json."""
    corpus = read_corpus(Path(sys.argv[1]))
    raw = {name: features(corpus, name) for name in NETWORKS}
    musicnn, choi = NETWORKS
    recipes: Mapping[str, Callable[[], Matrix]] = {
        f"{musicnn}, catalogue transform (default)": lambda: catalogue_transform(raw[musicnn], musicnn),
        f"{musicnn}, penultimate, mean subtracted": lambda: mean_subtracted(raw[musicnn]),
        f"{choi}, catalogue transform": lambda: catalogue_transform(raw[choi], choi),
        "the 2019 ancestor: Choi, z-score, PCA 95 %": lambda: ancestors(raw[choi]),
    }
    results = {name: score(corpus, recipe()) for name, recipe in recipes.items()}
    columns = list(next(iter(results.values())))
    print(f"{len(corpus.files)} clips, {len(set(corpus.tracks.tolist()))} tracks")
    print("| recipe | " + " | ".join(columns) + " |\n|---|" + "---|" * len(columns))
    for name, figures in results.items():
        print(f"| {name} | " + " | ".join(f"{figures[column]:.3f}" for column in columns) + " |")
    target = Path(__file__).resolve().parents[1] / "results" / "quality.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
