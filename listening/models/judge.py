"""Judges a model on listeners it has never seen: most of what each one heard is given, the rest is to be found."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from listening.models.interactions import Floats, Interactions, Numbers
from listening.models.strongest import blocks, stacked, strongest, strongest_of_dense

SHARE_GIVEN = 0.8
MOST_JUDGED = 5_000
"""Listeners that suffice: the standard error of NDCG@10 is below .005 then."""
_AT, _DEPTH, _SHOWN = 10, 20, 10
_BLOCK = 512

Ranked = npt.NDArray[np.int32]
"""(listeners, 20): items, best first, -1 where there are no more."""
Ranker = Callable[[Interactions], Ranked]
"""Ranks what listeners do not have, from what they are given."""


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """How a model did: NDCG@10, recall@20 and the reciprocal rank (of the first 20) of every listener, (n,) each, and
    the share of all items that the first ten of anybody's hold."""

    ndcg: Floats
    recall: Floats
    reciprocal: Floats
    coverage: float

    def figures(self) -> dict[str, float]:
        """Means, and their standard errors over listeners."""
        named = {"ndcg10": self.ndcg, "recall20": self.recall, "mrr": self.reciprocal}
        means = {name: _rounded(_mean(values)) for name, values in named.items()}
        errors = {f"{name}_se": _rounded(standard_error(values)) for name, values in named.items()}
        return {**means, **errors, "coverage10": _rounded(self.coverage), "listeners": float(len(self.ndcg))}


@dataclass(frozen=True, slots=True)
class Split:
    """Listeners to learn from, to choose parameters on, and to decide on; none is in two of them."""

    train: Interactions
    validation: Interactions
    test: Interactions


def split(interactions: Interactions, seed: int = 0) -> Split:
    """A fifth of the listeners to choose on, a fifth (each at most 5,000) to decide on, the others to learn from."""
    order = np.random.default_rng(seed).permutation(interactions.n_listeners)
    count = min(interactions.n_listeners // 5, MOST_JUDGED)
    test, validation, train = order[:count], order[count : 2 * count], order[2 * count :]
    return Split(*(interactions.of(np.sort(part)) for part in (train, validation, test)))


def judge(ranker: Ranker, listeners: Interactions, *, among: npt.NDArray[np.bool_] | None = None) -> Judgement:
    """Judge on `listeners` whose items are in temporal order; such as have nothing to be found do not count.

    Args:
        ranker: the model.
        listeners: people it has not seen.
        among: (n_items,) the items that count; by default all. What else is ranked is passed over.
    """
    given, rest = listeners.divided(SHARE_GIVEN)
    wanted = rest if among is None else rest.only(among)
    return judge_on(ranker, given, wanted)


def judge_on(ranker: Ranker, given: Interactions, wanted: Interactions) -> Judgement:
    """Judge on what is to be found (`wanted`) from what is `given`, of the same listeners in the same order."""
    judged = np.flatnonzero((wanted.sizes > 0) & (given.sizes > 0))
    given, wanted = given.of(judged), wanted.of(judged)
    ranked = ranker(given)
    hits = _hits(ranked, wanted)
    gains = (1 / np.log2(np.arange(2, _AT + 2))).astype(np.float32)
    ideal = np.concatenate([[0], np.cumsum(gains)])[np.minimum(wanted.sizes, _AT)]
    first = np.where(hits.any(axis=1), hits.argmax(axis=1) + 1.0, np.inf)
    shown = np.unique(ranked[:, :_SHOWN])
    return Judgement(
        ndcg=((hits[:, :_AT] @ gains) / ideal).astype(np.float32),
        recall=(hits.sum(axis=1) / wanted.sizes).astype(np.float32),
        reciprocal=(1 / first).astype(np.float32),
        coverage=float((shown >= 0).sum() / max(wanted.n_items, 1)),
    )


def standard_error(values: Floats) -> float:
    """Of the mean."""
    return float(values.std() / np.sqrt(len(values))) if len(values) else 0.0


def of_table(rows: sparse.csr_array, *, among: npt.NDArray[np.bool_] | None = None) -> Ranker:
    """Ranks as a co-listening table serves: the sum of the rows of what is given.

    Args:
        rows: items × items.
        among: (n_items,) the items that may be ranked; by default all.
    """
    if among is not None:
        rows = sparse.csr_array(rows @ sparse.diags_array(among.astype(np.float32)))

    def ranker(given: Interactions) -> Ranked:
        played = given.binary()
        best = []
        for start in range(0, played.shape[0], _BLOCK):
            part = played[start : start + _BLOCK]
            scores = sparse.csr_array(part @ rows)
            best.append(strongest(sparse.csr_array(scores - scores.multiply(part)), _DEPTH))
        return _ranked(stacked(best, given.n_items))

    return ranker


def of_scores(scores: Callable[[sparse.csr_array], Floats]) -> Ranker:
    """Ranks by a model in full: `scores` gives those of all items (b, n_items), above 0 where it says anything, for
    what some listeners are given (b, n_items), 1 each."""

    def ranker(given: Interactions) -> Ranked:
        played = given.binary()
        best = []
        for part in blocks(played.shape[0], played.shape[1]):
            found = np.array(scores(played[part]), np.float32)
            rows, columns = played[part].nonzero()
            found[rows, columns] = 0.0
            best.append(strongest_of_dense(found, _DEPTH))
        return _ranked(stacked(best, given.n_items))

    return ranker


def of_popularity(listeners: npt.NDArray[np.int64]) -> Ranker:
    """Ranks everybody's items by how many have heard them (n_items,)."""

    def ranker(given: Interactions) -> Ranked:
        longest = int(given.sizes.max(initial=0))
        first = np.argsort(-listeners, kind="stable")[: longest + _DEPTH]
        value = np.zeros(given.n_items, np.float32)
        value[first] = np.arange(len(first), 0, -1)
        return of_scores(lambda played: np.tile(value, (played.shape[0], 1)))(given)

    return ranker


def _ranked(best: sparse.csr_array) -> Ranked:
    """The items of each row by their values, best first; of equal ones the first."""
    rows = np.repeat(np.arange(best.shape[0]), np.diff(best.indptr))
    order = np.lexsort((best.indices, -best.data, rows))
    ranked: Ranked = np.full((best.shape[0], _DEPTH), -1, np.int32)
    ranked[rows, np.arange(best.nnz) - best.indptr[rows]] = best.indices[order]
    return ranked


def _hits(ranked: Ranked, wanted: Interactions) -> npt.NDArray[np.bool_]:
    """Which of what is ranked is wanted, (listeners, 20)."""
    rows = np.arange(len(ranked))[:, None]
    keys: Numbers = np.repeat(np.arange(wanted.n_listeners), wanted.sizes) * wanted.n_items + wanted.items
    hits: npt.NDArray[np.bool_] = np.isin(rows * wanted.n_items + ranked.astype(np.intp), keys) & (ranked >= 0)
    return hits


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else 0.0


def _rounded(value: float) -> float:
    return round(value, 5)
