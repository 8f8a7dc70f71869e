"""`python -m bench.windows` (`make bench-windows`): same-track recall of clips that different rules choose.

Of every piece of 100 s or more that is given (folders of music; the demo's by default) each rule chooses one clip. The
catalogue of these clips is asked with all other windows of the pieces that overlap none of them, five seconds apart and
not silent: how often is the nearest clip that of the same piece? Pieces count the same, however long they are.
"""

import argparse
import json
import platform
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from annoy_service.fit import Statistics, fit, offset_of
from bench.extract.__main__ import cpu_name
from bench.figures import Figures
from config.extract import ModelSettings
from demo.music import debian_music
from earshot.audio import window
from earshot.networks import MUSICNN
from earshot.recipes import default_recipe
from extractor.networks.musicnn import MusicnnMsd

_ROOT = Path(__file__).resolve().parents[2]
_RESULTS = _ROOT / "bench" / "results" / "windows.json"
_SHORTEST_S, _MOST_S = 100, 600
_STEP_S = 5.0
_PART_S = 0.25
_SILENT_DB = -60.0
_PROBES = 16
Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece: `starts` of its windows (s), their features (n, 2, dim), `levels` of its quarter seconds (dB)."""

    seconds: float
    starts: Array
    features: Array
    levels: Array

    def level(self, start: float) -> float:
        """Mean level of the window that begins at `start`."""
        return float(self.levels[int(start / _PART_S) : int((start + window.CLIP_S) / _PART_S)].mean())


Rule = Callable[[Piece], float]


def main() -> int:
    """Measure, print, and keep the figures in bench/results/windows.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.windows")
    parser.add_argument("folders", nargs="*", type=Path, help="folders of music")
    folders = parser.parse_args().folders or [debian_music(_ROOT / ".cache" / "demo-music").folder]
    pieces = list(heard(sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())))
    rows = {name: recall(pieces, rule) for name, rule in rules().items()}
    outcome = {"machine": f"{cpu_name()}, Python {platform.python_version()}", "pieces": len(pieces), "rules": rows}
    _RESULTS.write_text(json.dumps(outcome, indent=1) + "\n")
    print(f"{len(pieces)} pieces\n\n| the clip | same-track recall@1 | clips that are the middle |\n|---|---|---|")
    for name, row in rows.items():
        print(f"| {name} | {row['recall_at_1']:.3f} | {row['is_middle']:.2f} |")
    return 0


def rules() -> Mapping[str, Rule]:
    """By what is said of the clip: where it begins, in seconds."""
    found: dict[str, Rule] = {
        "the first 30 s": lambda piece: float(piece.starts[0]),
        "the middle": lambda piece: (piece.seconds - window.CLIP_S) / 2,
        "the loudest by its power": _of_most_power,
    }
    for tolerance in (0.0, 3.0, window.TOLERANCE_DB, 12.0):
        found[f"nearest the middle within {tolerance:g} dB of the loudest"] = _within(tolerance)
    return found


def _of_most_power(piece: Piece) -> float:
    power = np.concatenate([[0], np.cumsum(10 ** (piece.levels / 10))])
    length = int(window.CLIP_S / _PART_S)
    return float(np.argmax(power[length:] - power[:-length]) * _PART_S)


def _within(tolerance_db: float) -> Rule:
    def start(piece: Piece) -> float:
        length = Fraction(piece.seconds)
        levels = {
            place: max(window.FLOOR_DB, float(piece.levels[min(len(piece.levels) - 1, int(place / Fraction(_PART_S)))]))
            for place in window.spread(length, _PROBES)
        }
        return float(window.best_first(levels, length, tolerance_db)[0])

    return start


def recall(pieces: list[Piece], rule: Rule) -> Figures:
    """The share of windows whose nearest clip is that of their piece, and of clips that are the middle of theirs."""
    starts = [rule(piece) for piece in pieces]
    chosen = [int(np.argmin(np.abs(piece.starts - start))) for piece, start in zip(pieces, starts, strict=True)]
    raw = np.stack([piece.features[index] for piece, index in zip(pieces, chosen, strict=True)])
    recipe = default_recipe(MUSICNN)
    statistics = Statistics(offset_of(recipe))
    statistics.add(raw)
    transform = fit(recipe, statistics)
    catalogue = transform(raw[:, 0])
    shares, middles = [], []
    for number, (piece, index) in enumerate(zip(pieces, chosen, strict=True)):
        apart = np.abs(piece.starts - piece.starts[index]) >= window.CLIP_S
        asked = apart & np.array([piece.level(start) > _SILENT_DB for start in piece.starts])
        middles.append(abs(piece.starts[index] - (piece.seconds - window.CLIP_S) / 2) < _STEP_S)
        if asked.any():
            nearest = (transform(piece.features[asked, 0]) @ catalogue.T).argmax(axis=1)
            shares.append(float((nearest == number).mean()))
    return {"recall_at_1": float(np.mean(shares)), "is_middle": float(np.mean(middles))}


def heard(paths: list[Path]) -> Iterator[Piece]:
    """The pieces that are long enough; each once, though it may lie there twice."""
    network, lengths = MusicnnMsd(ModelSettings.load().model_dir), set()
    for path in paths:
        try:
            samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:
            continue
        seconds = len(samples) / rate
        if seconds < _SHORTEST_S or round(seconds, 2) in lengths:
            continue
        lengths.add(round(seconds, 2))
        mono = soxr.resample(samples[: _MOST_S * rate].mean(axis=1), rate, network.rate)
        starts = np.arange(0, len(mono) / network.rate - window.CLIP_S + 1e-9, _STEP_S)
        clips = [mono[int(start * network.rate) :][: window.CLIP_S * network.rate] for start in starts]
        embeddings = [network.features(clip).embedding for clip in clips]
        part = int(_PART_S * network.rate)
        levels = 10 * np.log10((mono[: len(mono) // part * part].reshape(-1, part) ** 2).mean(axis=1) + 1e-12)
        features = np.stack([[found.embedding, found.drift] for found in embeddings]).astype(np.float64)
        yield Piece(len(mono) / network.rate, starts, features, levels.astype(np.float64))


if __name__ == "__main__":
    sys.exit(main())
