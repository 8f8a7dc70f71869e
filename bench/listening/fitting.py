"""A full fit of 10 million plays on one machine: how long, and how much memory.

`python -m bench.listening.fitting [PLAYS]` prints JSON. Plays are invented: 200,000 listeners with a few genres each,
200,000 tracks that are heard by Zipf's law within theirs.
"""

import json
import resource
import sys
import time

import numpy as np

from bench.figures import Figures
from listening.models.cold import Features
from listening.models.fit import fit
from listening.models.interactions import Evidence, Interactions
from listening.models.recipe import Recipe

PLAYS = 10_000_000
_PER_LISTENER, _PER_TRACK, _GENRES = 50, 50, 400
_ARTIST = 10
RECIPE = Recipe(knn=1, als=2, ease=1, foretold=0.6)


def measure(plays: int = PLAYS) -> Figures:
    """Seconds by the wall and by the processor, and the most memory that was in use."""
    interactions, counts, features = invented(plays)
    n = interactions.n_items
    ids = np.array([f"track:{number:09d}".encode() for number in range(n)])
    before, cpu = time.perf_counter(), time.process_time()
    rows = fit(interactions, RECIPE, ids=ids, plays=counts, features=features)
    return {
        "plays": plays,
        "pairs": len(interactions.items),
        "listeners": interactions.n_listeners,
        "tracks": n,
        "fit_s": time.perf_counter() - before,
        "fit_cpu_s": time.process_time() - cpu,
        "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20),
        "neighbours": int((rows.weights > 0).sum()) / n,
    }


def invented(plays: int, seed: int = 0) -> tuple[Interactions, np.ndarray[tuple[int], np.dtype[np.int64]], Features]:
    """Evidence, plays by track, and artists of ten tracks each."""
    dice = np.random.default_rng(seed)
    n_listeners, n_items = plays // _PER_LISTENER, plays // _PER_TRACK
    tastes = dice.integers(0, _GENRES, (n_listeners, 3))
    activity = dice.lognormal(0, 1, n_listeners)
    listeners = np.sort(dice.choice(n_listeners, plays, p=activity / activity.sum()))
    genres = tastes[listeners, dice.integers(0, 3, plays)]
    per_genre = n_items // _GENRES
    place = np.floor(per_genre ** dice.random(plays)).astype(np.intp) - 1  # density 1 / rank: Zipf's law
    pairs, counts = np.unique(listeners * n_items + genres * per_genre + place, return_counts=True)
    who, what = np.divmod(pairs, n_items)
    zeros = np.zeros(len(pairs), np.int64)
    evidence = Evidence(who, what, counts, zeros, dice.integers(0, 1 << 30, len(pairs)), zeros)
    made = Interactions.of_evidence(evidence, n_listeners=n_listeners, n_items=n_items)
    heard = np.bincount(what, counts, minlength=n_items).astype(np.int64)
    artists = np.arange(n_items) // _ARTIST
    return made, heard, Features(artists, np.full(n_items, -1))


if __name__ == "__main__":
    print(json.dumps(measure(*map(int, sys.argv[1:]))))
