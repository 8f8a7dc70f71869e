"""`python -m bench.quality` (`make bench-quality`): how good the answers are, by recipe and encoding; 1 on a miss.

The catalogue is cut from folders of music (the demo's by default; what sits in one folder is by one artist). It is
judged as it is, and with half of its clips encoded otherwise: of every piece with two clips, the second. A recipe is
fitted to the catalogue that it is judged on, as the index does.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np

from bench.quality.encodings import LOSSLESS
from bench.quality.hearing import Raw, audible, hear_all
from bench.quality.judged import Figures, fitted, judged, recall_when_small
from bench.quality.music import ROOT, Clip, clips_of, encode_all, every_other
from config.extract import ModelSettings
from demo.music import debian_music
from earshot.networks import MUSICNN
from earshot.recipes import RECIPES, Recipe, default_recipe, first_recipe

RESULTS = ROOT / "bench" / "results" / "quality.json"
MIXED: Final = ("mp3 64", "opus 48", "aac 64")
"""What half of the clips are encoded as, each of these in turn; and all of them in all."""
SMALL: Final = (10, 30)
MOST_OWN_ENCODING, MOST_HUBNESS = 0.58, 1.25
Catalogue = Mapping[str, Sequence[str]]
"""By its name: the encoding of each clip."""


def main() -> int:
    """Measure, print, and keep the figures in bench/results/quality.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.quality")
    parser.add_argument("folders", nargs="*", type=Path, help="folders of music, one folder an artist")
    folders = parser.parse_args().folders or [debian_music(ROOT / ".cache" / "demo-music").folder]
    clips = clips_of(folders)
    encode_all(clips, [LOSSLESS])
    clips = audible(clips, MUSICNN.name)
    encode_all([clips[number] for number in every_other(clips)], MIXED)
    catalogues = _catalogues(clips)
    outcome = {recipe.name: measured(recipe, clips, catalogues) for recipe in _recipes()}
    kept = {"clips": len(clips), "artists": len({clip.artist for clip in clips}), "recipes": outcome}
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    print(report(len(clips), outcome))
    return 1 if _missed(outcome) else 0


def measured(recipe: Recipe, clips: Sequence[Clip], catalogues: Catalogue) -> dict[str, dict[str, float]]:
    """The figures of a recipe on each catalogue, and its recall on small ones."""
    found: dict[str, dict[str, float]] = {}
    for name, encodings in catalogues.items():
        raw = _heard(recipe, clips, encodings)
        vectors = fitted(recipe, raw)(raw[:, 0])
        found[name] = asdict(judged(clips, vectors, encodings))
    raw = _heard(recipe, clips, catalogues[LOSSLESS])
    found["small"] = {
        f"recall_at_1 of {size}": recall_when_small(clips, raw, size, lambda some: fitted(recipe, some))
        for size in SMALL
    }
    return found


def report(clips: int, outcome: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    """The tables, in Markdown."""
    columns = ("recall@1", "artist@10", "own encoding of 10", "hub skewness", "never recommended")
    lines = [f"{clips} clips", "", "| recipe | half encoded as | " + " | ".join(columns) + " |", "|---" * 7 + "|"]
    for recipe, catalogues in outcome.items():
        lines += [
            f"| {recipe} | {name} | {Figures(**figures).row()} |"
            for name, figures in catalogues.items()
            if name != "small"
        ]
    lines += ["", "| recipe | " + " | ".join(f"fitted to {size}" for size in SMALL) + " |", "|---" * 3 + "|"]
    lines += [
        f"| {recipe} | " + " | ".join(f"{figure:.3f}" for figure in catalogues["small"].values()) + " |"
        for recipe, catalogues in outcome.items()
    ]
    return "\n".join([*lines, "", *(f"**missed**: {miss}" for miss in _missed(outcome))])


def _missed(outcome: Mapping[str, Mapping[str, Mapping[str, float]]]) -> list[str]:
    """What the default recipe does not keep, beside the one that was first."""
    first, default = (outcome[find(MUSICNN).name] for find in (first_recipe, default_recipe))
    bounds = {
        f"own encoding, half as {name}": figures["own_encoding"] <= MOST_OWN_ENCODING
        for name, figures in default.items()
        if name in MIXED
    }
    bounds["hub skewness"] = default[LOSSLESS]["hub_skewness"] <= MOST_HUBNESS * max(
        first[LOSSLESS]["hub_skewness"], 0.1
    )
    return [what for what, kept in bounds.items() if not kept]


def _recipes() -> list[Recipe]:
    """Those of the networks whose files are built."""
    built = ModelSettings.load().model_dir
    return [recipe for recipe in RECIPES.values() if (built / f"{recipe.network.name}.json").exists()]


def _catalogues(clips: Sequence[Clip]) -> Catalogue:
    half = every_other(clips)
    found: dict[str, Sequence[str]] = {LOSSLESS: [LOSSLESS] * len(clips)}
    for name in (*MIXED, "all of them"):
        encodings = [LOSSLESS] * len(clips)
        for turn, number in enumerate(half):
            encodings[number] = name if name in MIXED else MIXED[turn % len(MIXED)]
        found[name] = encodings
    return found


def _heard(recipe: Recipe, clips: Sequence[Clip], encodings: Sequence[str]) -> Raw:
    files = [clip.file(encoding) for clip, encoding in zip(clips, encodings, strict=True)]
    return hear_all(files, recipe.network.name).astype(np.float16)


if __name__ == "__main__":
    sys.exit(main())
