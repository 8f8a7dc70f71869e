"""Who shows what has changed since a table was learned: listeners whose latest fifth of items all came since.

So a table is judged as it was for its verdict, from most of what each one heard on the rest, and has seen nothing of
what is to be found. They are those who have come, and those who have found much that is new.
"""

import numpy as np

from listening.models.interactions import Evidence, Interactions, only
from listening.models.judge import MOST_JUDGED, SHARE_GIVEN


def newest(interactions: Interactions, evidence: Evidence, since: float) -> Interactions:
    """Those of the listeners, 5,000 at most.

    Args:
        interactions: of all listeners.
        evidence: what they were made of.
        since: when the table was learned, in Unix seconds.
    """
    later = only(evidence, evidence.at >= since)
    fresh = Interactions.of_evidence(later, n_listeners=interactions.n_listeners, n_items=interactions.n_items)
    _, rest = interactions.divided(SHARE_GIVEN)
    chosen = np.flatnonzero((rest.sizes > 0) & (fresh.sizes >= rest.sizes))
    if len(chosen) > MOST_JUDGED:
        chosen = np.sort(np.random.default_rng(0).permutation(chosen)[:MOST_JUDGED])
    return interactions.of(chosen)
