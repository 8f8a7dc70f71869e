"""What a day costs on which a model is chosen, and one on which the chosen one is only fitted to all plays again.

`python -m bench.listening.rhythm [PLAYS]` prints CPU seconds, of invented plays (`bench.listening.fitting`).
"""

import json
import sys
import time

import numpy as np

from bench.figures import Figures
from bench.listening.fitting import RECIPE, invented
from listening.models.fit import fit
from listening.models.knn import co_counts
from listening.models.learn import choose

PLAYS = 1_000_000


def measure(plays: int = PLAYS) -> Figures:
    """CPU seconds of choosing, of fitting, and of counting pairs, with how many there are."""
    interactions, counts, features = invented(plays)
    ids = np.array([f"track:{number:09d}".encode() for number in range(interactions.n_items)])
    began = time.process_time()
    pairs = sum(block.together.nnz for block in co_counts(interactions))
    counted = time.process_time()
    fit(interactions, RECIPE, ids=ids, plays=counts, features=features)
    fitted = time.process_time()
    choose(interactions, features, RECIPE)
    chosen = time.process_time()
    return {
        "plays": plays,
        "pairs": pairs,
        "count_cpu_s": counted - began,
        "fit_cpu_s": fitted - counted,
        "choose_cpu_s": chosen - fitted,
    }


if __name__ == "__main__":
    print(json.dumps(measure(*map(int, sys.argv[1:]))))
