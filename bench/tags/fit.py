"""`python -m bench.tags.fit`: measures which tags are said, and writes earshot/data/tags-1.json.

The threshold of a tag is the greatest of three, at most `MOST`:

- a factor times its base rate: the greater of its mean probability over the music at hand (every album counts alike)
  and of its share of the tagged tracks that the network learned from, where that is published (`PUBLISHED`);
- the probability that one in twenty of the clips exceeds of which, by their style, it is false. That makes "jazz" mean
  jazz: orchestras look like it to the network;
- a least one.

The factor and the least are those with which precision and the share of true tags that stay, precision counting twice
(F½; van Rijsbergen 1979), are best among a few while thresholds fitted to one half of the clips are tried on the other.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from bench.tags.judged import judged
from bench.tags.music import JUDGED, TRUE_OF, Heard, all_heard
from earshot.tags import MEASURED

FACTORS: Final = (1.25, 1.5, 2.0)
LEASTS: Final = (0.08, 0.1, 0.12, 0.15)
MOST: Final = 0.5
_FALSE: Final = 0.95
_FEW: Final = 20
"""So many false clips tell a quantile."""
_DIGITS: Final = 4
_TAGGED: Final = 505_216
PUBLISHED: Final[Mapping[str, int]] = {
    "rock": 101_071, "pop": 69_159, "alternative": 55_777, "indie": 48_175, "electronic": 46_270,
    "female vocalists": 42_565, "dance": 33_618, "00s": 31_432,
}  # fmt: skip
"""Tracks with the tag among `_TAGGED` of the Last.fm dataset, from which MSD_musicnn learned
(http://millionsongdataset.com/lastfm names these)."""

Thresholds = Mapping[str, float]


def main() -> int:
    """Measure, say how good it is, and write the file."""
    heard = all_heard()
    halves = halved(heard)
    tried = {
        (factor, least): [
            judged(test, thresholds(learn, heard, factor=factor, least=least)) for learn, test in (halves, halves[::-1])
        ]
        for factor in FACTORS
        for least in LEASTS
    }
    factor, least = max(tried, key=lambda choice: sum(figures.f_half for figures in tried[choice]))
    for choice, figures in tried.items():
        print(*choice, *(one.row() for one in figures), "<- chosen" if choice == (factor, least) else "", sep=" | ")
    found = thresholds([one for one in heard if one.style], heard, factor=factor, least=least)
    rates = base_rates(heard)
    tags = {
        name: {"base_rate": round(rates[name], _DIGITS), "threshold": round(found[name], _DIGITS)}
        for name in sorted(rates, key=str.casefold)
    }
    kept = {"head": "MSD_musicnn", "factor": factor, "least": least, "most": MOST, "clips": len(heard), "tags": tags}
    MEASURED.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def halved(heard: Sequence[Heard]) -> tuple[list[Heard], list[Heard]]:
    """The clips whose style is known, in two halves that share no piece and in which every style is."""
    pieces = sorted({(one.style or "", one.piece) for one in heard if one.style})
    first = {piece for number, (_, piece) in enumerate(pieces) if number % 2}
    known = [one for one in heard if one.style]
    return [one for one in known if one.piece in first], [one for one in known if one.piece not in first]


def thresholds(labelled: Sequence[Heard], heard: Sequence[Heard], *, factor: float, least: float) -> dict[str, float]:
    """By tag, learned from clips whose style is known and from how probable tags are in all that was `heard`."""
    rates = base_rates(heard)
    return {
        name: min(MOST, max(factor * rate, _exceeded_when_false(name, labelled), least)) for name, rate in rates.items()
    }


def base_rates(heard: Sequence[Heard]) -> dict[str, float]:
    """By tag, see the module; a tag that is not kept of a clip counts as none."""
    albums: dict[str, list[Heard]] = {}
    for one in heard:
        albums.setdefault(one.album, []).append(one)
    rates: dict[str, float] = {}
    for name in sorted(tag.name for tag in heard[0].features.tags):
        means = [np.mean([dict(one.kept).get(name, 0.0) for one in album]) for album in albums.values()]
        rates[name] = max(float(np.mean(means)), PUBLISHED.get(name, 0) / _TAGGED)
    return rates


def _exceeded_when_false(name: str, labelled: Sequence[Heard]) -> float:
    if name not in JUDGED:
        return 0.0
    found = [dict(one.features.tags)[name] for one in labelled if one.style and name not in TRUE_OF[one.style]]
    return float(np.quantile(found, _FALSE)) if len(found) >= _FEW else 0.0


if __name__ == "__main__":
    sys.exit(main())
