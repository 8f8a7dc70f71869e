"""Learns a co-listening table from what is played, and lets it serve if its verdict says so."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from earshot.colistening.garbage import collect_garbage
from earshot.colistening.manifest import Manifest, Snapshot, Training
from earshot.colistening.publish import publish
from earshot.colistening.rows import TableRows
from earshot.colistening.store import ColisteningStore, Head
from earshot.index.arrays import Ids
from listening.catalogue import Catalogue
from listening.models.fit import fit
from listening.models.interactions import Evidence, Interactions
from listening.models.learn import Outcome, choose
from listening.models.recipe import Recipe

LEAST_LISTENERS = 10
"""With fewer than so many, of whom a fifth judges, there is nothing to decide by."""


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """What is learned from: who showed liking for what, items being places in `track_ids` (in any order); and which
    plays those are."""

    evidence: Evidence
    track_ids: Sequence[str]
    snapshot: Snapshot


def train(played: Played, catalogue: Catalogue, store: ColisteningStore, work_dir: Path) -> Manifest | None:
    """Choose a model, judge it, fit it to all plays and publish it; remove what nobody needs any more.

    Args:
        played: what to learn from.
        catalogue: all tracks that get a row, also such as nobody has played.
        store: where tables are.
        work_dir: room for files.

    Returns:
        The version; None where so few people have played anything that nothing can be judged.

    Raises:
        IndexRace: another version was published meanwhile.
        DamagedIndex: what serves cannot be read.
    """
    began = time.perf_counter()
    seen = store.head()
    evidence = played.evidence
    names: Ids = np.array([track_id.encode() for track_id in played.track_ids], np.bytes_)
    tracks = catalogue.with_tracks(names)
    items = np.searchsorted(tracks.ids, names)[evidence.items]
    interactions = Interactions.of_evidence(
        evidence._replace(items=items),
        n_listeners=int(evidence.listeners.max(initial=-1)) + 1,
        n_items=len(tracks.ids),
    )
    if int((interactions.sizes > 1).sum()) < LEAST_LISTENERS:
        return None
    outcome = choose(interactions, tracks.features, recipe_that_serves(store, seen))
    champion = outcome.champion
    rows = fit(
        interactions,
        champion.recipe,
        ids=tracks.ids,
        plays=_plays(evidence, items, len(tracks.ids)),
        features=tracks.features,
    )
    return published(outcome, rows, played.snapshot, store=store, seen=seen, work_dir=work_dir, began=began)


def published(
    outcome: Outcome,
    rows: TableRows,
    snapshot: Snapshot,
    *,
    store: ColisteningStore,
    seen: Head | None,
    work_dir: Path,
    began: float,
) -> Manifest:
    """Publish the champion's table; remove what nobody needs any more.

    Raises:
        IndexRace: the pointer has moved since it was `seen`.
    """
    champion = outcome.champion
    training = Training(
        model=champion.recipe.name,
        parameters=champion.recipe.to_parameters(),
        data=snapshot,
        figures=champion.judgement.figures(),
        candidates=outcome.candidates,
        baselines=outcome.baselines,
        verdict=outcome.verdict,
        fit_s=round(time.perf_counter() - began, 3),
    )
    manifest = publish(store, rows, training, seen=seen, work_dir=work_dir)
    collect_garbage(store)
    return manifest


def recipe_that_serves(store: ColisteningStore, seen: Head | None) -> Recipe | None:
    """That of the table which was `seen`; None: none serves."""
    return Recipe.from_parameters(store.manifest(seen.pointer).training.parameters) if seen else None


def _plays(evidence: Evidence, items: npt.NDArray[np.intp], n_items: int) -> npt.NDArray[np.int64]:
    return np.bincount(items, evidence.plays, minlength=n_items).astype(np.int64)
