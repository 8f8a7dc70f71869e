"""Learns a co-listening table from what is played, and lets it serve if its verdict says so."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from earshot.clock import epoch_of, now_iso
from earshot.colistening.garbage import collect_garbage
from earshot.colistening.manifest import Manifest, Snapshot, Training
from earshot.colistening.publish import keep, publish
from earshot.colistening.rows import TableRows
from earshot.colistening.store import ColisteningStore, Head
from earshot.index.arrays import Ids
from listening.catalogue import Catalogue
from listening.models.fit import fit
from listening.models.interactions import Evidence, Interactions
from listening.models.learn import choose
from listening.models.newest import newest
from listening.models.recipe import Recipe
from listening.rhythm import again, challenging, chosen, is_to_be_chosen
from listening.watch import watch

LEAST_LISTENERS = 10
"""With fewer than so many, of whom a fifth judges, there is nothing to decide by."""


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """What is learned from: who showed liking for what, items being places in `track_ids` (in any order); and which
    plays those are."""

    evidence: Evidence
    track_ids: Sequence[str]
    snapshot: Snapshot


class Liked(NamedTuple):
    """What a model is fitted to and judged on: the `tracks` that get a row, in whose order items are numbered, who did
    what with them, and what of it was liked."""

    tracks: Catalogue
    evidence: Evidence
    interactions: Interactions


def liked(played: Played, catalogue: Catalogue) -> Liked:
    """Of what was `played`, among all tracks of `catalogue` and those that are played without being in it."""
    names: Ids = np.array([track_id.encode() for track_id in played.track_ids], np.bytes_)
    tracks = catalogue.with_tracks(names)
    evidence = played.evidence._replace(items=np.searchsorted(tracks.ids, names)[played.evidence.items])
    n_listeners = int(evidence.listeners.max(initial=-1)) + 1
    interactions = Interactions.of_evidence(evidence, n_listeners=n_listeners, n_items=len(tracks.ids))
    return Liked(tracks, evidence, interactions)


def train(
    played: Played, catalogue: Catalogue, store: ColisteningStore, work_dir: Path, choose_days: int = 7
) -> Manifest | None:
    """Watch what serves; choose and judge a model where it is time to; fit it to all plays and publish it; remove what
    nobody needs any more.

    Args:
        played: what to learn from.
        catalogue: all tracks that get a row, also such as nobody has played.
        store: where tables are.
        work_dir: room for files.
        choose_days: how long a choice holds.

    Returns:
        The version, of two the one that serves; None where so few people have played anything that nothing can be
        judged.

    Raises:
        IndexRace: another version was published meanwhile.
        DamagedIndex: what serves cannot be read.
    """
    began = time.perf_counter()
    seen = store.head()
    tracks, evidence, interactions = liked(played, catalogue)
    if int((interactions.sizes > 1).sum()) < LEAST_LISTENERS:
        return None
    serving, drift = store.manifest(seen.pointer) if seen else None, None
    if serving:
        people = newest(interactions, evidence, epoch_of(serving.built_at))
        drift = watch(store, serving, people, tracks.ids, work_dir)
    tried = store.trial()
    runs = tried if tried and tried.trial.share else None
    if serving and (runs or not is_to_be_chosen(serving, played.snapshot, drift, choose_days)):
        trainings = [again(serving.training, played.snapshot)]
    else:
        recipe = Recipe.from_parameters(serving.training.parameters) if serving else None
        trainings = chosen(choose(interactions, tracks.features, recipe), serving, played.snapshot)
    plays = np.bincount(evidence.items, evidence.plays, minlength=len(tracks.ids)).astype(np.int64)

    def fitted(recipe: Recipe) -> TableRows:
        return fit(interactions, recipe, ids=tracks.ids, plays=plays, features=tracks.features)

    manifest = published(trainings, fitted, store=store, seen=seen, work_dir=work_dir, began=began)
    if runs and (source := store.old_manifest(runs.trial.source)):
        rows = fitted(Recipe.from_parameters(source.training.parameters))
        training = challenging(source.training, played.snapshot, runs.trial.name)
        _, pointer = keep(store, rows, training, previous=source.version, work_dir=work_dir)
        started_at = runs.trial.started_at or now_iso()
        store.put_trial(replace(runs.trial, pointer=pointer, started_at=started_at), seen=runs)
    collect_garbage(store)
    return manifest


def published(
    trainings: Sequence[Training],
    fitted: Callable[[Recipe], TableRows],
    *,
    store: ColisteningStore,
    seen: Head | None,
    work_dir: Path,
    began: float,
) -> Manifest:
    """Fit each of `trainings` to all plays and publish it.

    Returns:
        The last: of two, the one that serves.

    Raises:
        IndexRace: the pointer has moved since it was `seen`.
    """
    for training in trainings:
        rows = fitted(Recipe.from_parameters(training.parameters))
        timed = replace(training, fit_s=round(time.perf_counter() - began, 3))
        manifest = publish(store, rows, timed, seen=seen, work_dir=work_dir)
    return manifest
