"""`python -m simulator` (`make simulate LISTENERS= DAYS= RATE= URL=`): people play, then others are recommended music.

Of everybody a share is held out: nobody learns from them, and answers for them are judged. Who they are and what they
like is written to a file first. With `--judge` nothing is played: the people of that file are judged again, say after
the night in which listening was learned.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from earshot.errors import EarshotError
from simulator.asking import Players, catalogue_at
from simulator.catalogue import Catalogue
from simulator.judging import AGES, LENGTHS, POPULAR, WAYS, Figures, held_out, judged
from simulator.people import Person, affinity, invented
from simulator.sessions import sessions

_HELD_OUT = 0.2
_SCENES, _NEW_SHARE = 8, 0.1
_BEST_SHOWN = 20
_POLL_S = 5.0


def main(arguments: Sequence[str]) -> int:
    """Play and judge; 1 when the API does not do what it is asked."""
    try:
        simulate(arguments)
    except EarshotError as error:
        sys.stderr.write(f"\n{error.message}\n{error.hint}\n")
        return 1
    return 0


def simulate(arguments: Sequence[str]) -> Figures | None:
    """Do what the words of the command line say; the figures, once something has been learned of plays.

    Raises:
        EarshotError: the API does not do what it is asked.
    """
    options = _parser().parse_args(arguments)
    rng, choices, futures = np.random.default_rng([options.seed, 0]).spawn(3)
    catalogue = catalogue_at(options.url, regions=options.regions, scenes=_SCENES, new_share=_NEW_SHARE, rng=rng)
    people = invented(options.listeners, catalogue, options.seed)
    others = max(2, round(_HELD_OUT * len(people)))
    kept, unknown = people[others:], people[:others]
    players = Players(options.url, catalogue)
    ends_at = int(time.time()) // 3_600 * 3_600
    if not options.judge:
        _write_truth(options.truth, catalogue, people, others)
        played = sessions(kept, catalogue, options.days, ends_at, choices)
        count = players.play_all(kept, played, options.rate, _show_progress)
        print(f"{len(kept)} people played {count} tracks in {options.days} days; {others} others were held out")
    if not _has_learned(players, kept[0].key, options.wait):
        print("Nothing has been learned from plays yet. Judge once it has: the same again with --judge.")
        return None
    figures = judged(held_out(unknown, catalogue, ends_at, futures), catalogue, players.asker)
    print(report(figures))
    return figures


def _show_progress(sent: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{sent} plays sent ")


def _has_learned(players: Players, key: str, wait_s: float) -> bool:
    """Whether answers rest on what is played together, within so many seconds."""
    deadline = time.monotonic() + wait_s
    while "listening" not in players.recommended(key, 1.0)[1]:
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_S)
    return True


def report(figures: Figures) -> str:
    """The figures as a table."""
    ways = (POPULAR, *WAYS)
    lines = [f"{'plays':>5}  {'tracks':<6}" + "".join(f"{way:>11}" for way in ways) + "   hybrid over the better one"]
    for length in LENGTHS:
        for age in AGES:
            means = "".join(f"{figures.mean(way, length, age):>11.3f}" for way in ways)
            lead, error = figures.lead(length, age)
            lines.append(f"{length:>5}  {age:<6}{means}   {lead:+.3f} ± {error:.3f}")
    return "\n".join(lines)


def _write_truth(path: Path, catalogue: Catalogue, people: Sequence[Person], others: int) -> None:
    """Who there is, what they like, and the best tracks for those who are held out; only for its owner's eyes."""
    told = [
        {
            "name": person.name,
            "key": person.key,
            "held_out": number < others,
            "regions": person.regions.round(4).tolist(),
            "favourites": sorted({catalogue.artists[i] for i in _rows_of(person, catalogue)}),
            "best": [catalogue.track_ids[i] for i in np.argsort(-affinity(person, catalogue))[:_BEST_SHOWN].tolist()],
        }
        for number, person in enumerate(people)
    ]
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        regions = dict(zip(catalogue.track_ids, catalogue.region_of.tolist(), strict=True))
        json.dump({"regions": regions, "people": told}, file)


def _rows_of(person: Person, catalogue: Catalogue) -> list[int]:
    rows: list[int] = np.flatnonzero(np.isin(catalogue.artist_of, person.favourites)).tolist()
    return rows


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulator", description="People with a known taste, who play.")
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="of the API (%(default)s)")
    parser.add_argument("--listeners", type=int, default=100, help="how many people (%(default)s)")
    parser.add_argument("--days", type=int, default=14, help="that they listen (%(default)s)")
    parser.add_argument("--rate", type=float, default=50, help="plays a second (%(default)s)")
    parser.add_argument("--regions", type=int, default=8, help="of the map (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same people (%(default)s)")
    parser.add_argument(
        "--truth", type=Path, default=Path("simulated.json"), metavar="FILE", help="where it is written"
    )
    parser.add_argument("--wait", type=float, default=0, metavar="S", help="seconds for plays to be learned from")
    parser.add_argument("--judge", action="store_true", help="play nothing, only judge")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
