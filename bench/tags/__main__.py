"""`python -m bench.tags` (`make bench-tags`): how right are the tags that are said, how telling reasons; 1 on a miss.

Precision is that of thresholds learned from one half of the pieces and tried on the other, so that it is none that they
were fitted to. Reasons and counts are those of the whole as a catalogue, with the thresholds that are shipped: every
clip is a query, and its ten nearest are its rows.
"""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np

from api.answers.commonness import UNKNOWN, Commonness
from api.answers.reasons import reasons
from bench.tags.fit import halved, thresholds
from bench.tags.judged import Figures, judged
from bench.tags.music import Heard, all_heard
from earshot.descriptors import Descriptors
from earshot.index.described import MOST_BPM, STEPS_OF_LOUDNESS, step_of_loudness
from earshot.index.rows import IndexedTrack
from earshot.index.shelf import STEPS, step_of
from earshot.keys import KEYS
from earshot.networks import MUSICNN
from earshot.recipes import default_recipe
from earshot.tags import MEASURED, said
from earshot.titles import plain
from lab.fitting import fitted

ROOT: Final = Path(__file__).resolve().parents[2]
RESULTS: Final = ROOT / "bench" / "results" / "tags.json"
LEAST_PRECISION, MOST_LOST = 0.8, 0.6
"""Of the tags that are said; of the true ones among the ten likeliest, that are not said any more."""
_ROWS: Final = 10
_SHOWN: Final = 10
_DRAWS: Final = 200
_DICE: Final = np.random.default_rng(11)


def main() -> int:
    """Measure, print, and keep the figures in bench/results/tags.json."""
    heard = all_heard()
    kept = json.loads(MEASURED.read_text(encoding="utf-8"))
    halves = halved(heard)
    held_out = [
        judged(test, thresholds(learn, heard, factor=kept["factor"], least=kept["least"]))
        for learn, test in (halves, halves[::-1])
    ]
    known = [*halves[0], *halves[1]]
    before, after = judged(known, {}), _mean(held_out)
    said_before, said_after = _counts(heard, everything=True), _counts(heard, everything=False)
    reasons_before, reasons_after = _reasons(heard)
    outcome: dict[str, Any] = {
        "clips": len(heard), "clips_of_known_style": len(known),
        "before": asdict(before), "after": asdict(after), "held_out": [asdict(one) for one in held_out],
        "tracks_with_tag": {name: [said_before[name], said_after[name]] for name, _ in said_before.most_common(_SHOWN)},
        "reasons_before": reasons_before, "reasons_after": reasons_after,
    }  # fmt: skip
    misses = _missed(outcome)
    RESULTS.write_text(json.dumps(outcome, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(_report(outcome), *(f"**missed**: {miss}" for miss in misses), sep="\n")
    return 1 if misses else 0


def _mean(figures: Sequence[Figures]) -> Figures:
    each = [asdict(one) for one in figures]
    return Figures(**{name: float(np.mean([one[name] for one in each])) for name in each[0]})


def _counts(heard: Sequence[Heard], *, everything: bool) -> Counter[str]:
    """Of how many clips each tag is said."""
    return Counter(tag.name for one in heard for tag in (one.kept if everything else said(one.kept)))


def _reasons(heard: Sequence[Heard]) -> tuple[dict[str, float], dict[str, float]]:
    """What rows of results gave as their reason before (the three strongest shared tags), and what they give."""
    raw = np.array([[one.features.embedding.embedding, one.features.embedding.drift] for one in heard], np.float16)
    vectors = fitted(default_recipe(MUSICNN), raw)(raw[:, 0])
    tracks = [
        IndexedTrack(str(n), "file", tags=one.kept, descriptors=one.descriptors)  # type: ignore[arg-type]
        for n, one in enumerate(heard)
    ]
    common = sum(map(_common, tracks), UNKNOWN)
    similarities = vectors @ vectors.T
    pieces = np.array([one.piece for one in heard])
    similarities[pieces[:, None] == pieces] = -np.inf
    old: list[tuple[str, ...]] = []
    new: list[tuple[str, ...]] = []
    for number, track in enumerate(tracks):
        tags = dict(track.tags)
        for row in np.argsort(-similarities[number])[:_ROWS].tolist():
            both = {tag.name: min(tag.probability, tags[tag.name]) for tag in tracks[row].tags if tag.name in tags}
            old.append(tuple(sorted(both, key=lambda name: -both[name])[:3]))
            new.append(tuple(f"{why.kind} {why.what}" for why in reasons(tags, track, tracks[row], common)))
    return _told(old), _told(new)


def _common(track: IndexedTrack) -> Commonness:
    """Of a catalogue of one track."""
    tags = {
        plain(tag.name): [int(step == step_of(tag.probability)) for step in range(STEPS)] for tag in said(track.tags)
    }
    words = track.descriptors or Descriptors()
    bpm = min(round(words.bpm), MOST_BPM) if words.bpm else None
    return Commonness(
        1,
        tags,
        [int(one == bpm) for one in range(MOST_BPM + 1)],
        [int(key == words.key) for key in KEYS],
        [
            int(words.loudness is not None and step == step_of_loudness(words.loudness))
            for step in range(STEPS_OF_LOUDNESS)
        ],
    )


def _told(rows: Sequence[tuple[str, ...]]) -> dict[str, float]:
    """Of rows of results, in the order of their queries, by what they give as their reason.

    distinct: reasons in a hundred rows, the mean over draws of ten queries. distinct_of_given: in the first hundred
    that give one, of queries drawn. of_four: share of rows with one of the four commonest. with_any: that give one.
    """
    queries = np.arange(len(rows)).reshape(-1, _ROWS)
    drawn = [[rows[row] for row in queries[_DICE.permutation(len(queries))].ravel().tolist()] for _ in range(_DRAWS)]
    given = [[row for row in draw if row] for draw in drawn]
    commonest = sum(count for _, count in Counter(row for row in rows if row).most_common(4))
    return {
        "distinct": float(np.mean([len(_reasons_in(draw[:100])) for draw in drawn])),
        "distinct_of_given": float(np.mean([len(_reasons_in(draw[:100])) for draw in given])),
        "of_four": commonest / len(rows),
        "with_any": sum(map(bool, rows)) / len(rows),
    }


def _reasons_in(rows: Sequence[tuple[str, ...]]) -> set[frozenset[str]]:
    return {frozenset(row) for row in rows if row}


def _missed(outcome: dict[str, Any]) -> list[str]:
    bounds = {
        f"precision at least {LEAST_PRECISION}": outcome["after"]["precision"] >= LEAST_PRECISION,
        f"no more than {MOST_LOST:.0%} of what is true is lost": outcome["after"]["kept"] >= 1 - MOST_LOST,
    }
    return [what for what, is_kept in bounds.items() if not is_kept]


def _report(outcome: dict[str, Any]) -> str:
    """The tables, in Markdown."""
    before, after, told = outcome["before"], outcome["after"], (outcome["reasons_before"], outcome["reasons_after"])
    lines = [f"{outcome['clips']} clips, {outcome['clips_of_known_style']} of a style that is stated", ""]
    lines += ["| | before | after | target |", "|---|---|---|---|"]
    targets = {"precision": f"≥ {LEAST_PRECISION}", "kept": f"≥ {1 - MOST_LOST:.1f}", "said": ""}
    texts = {
        "precision": "precision of said tags, held out",
        "kept": "true tags that are said",
        "said": "tags of a clip",
    }
    lines += [
        f"| {texts[name]} | {before[name]:.3f} | {after[name]:.3f} | {target} |" for name, target in targets.items()
    ]
    texts = {"distinct": "distinct reasons per 100 rows", "of_four": "rows with one of the four commonest reasons"}
    texts |= {"with_any": "rows with a reason", "distinct_of_given": "distinct reasons per 100 rows that give one"}
    lines += [f"| {text} | {told[0][name]:.2f} | {told[1][name]:.2f} | |" for name, text in texts.items()]
    tagged = outcome["tracks_with_tag"]
    lines += [f"| clips tagged {name} | {counts[0]} | {counts[1]} | |" for name, counts in tagged.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
