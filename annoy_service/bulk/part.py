"""What a worker does: counts rows, summarises them, and makes bases of them. Whatever it needs to know is `Work`."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from annoy_service.attempts import RECALL_AT
from annoy_service.bulk.clients import s3
from annoy_service.bulk.plan import Plan, Slice
from annoy_service.bulk.progress import Progress, unnamed
from annoy_service.bulk.sources import newest_of_both, sliced, spilled
from annoy_service.choice import engines_to_try
from annoy_service.parts import Common, Summary, write_part
from annoy_service.recall import Survey
from earshot.errors import DamagedIndex
from earshot.index.manifest import Manifest
from earshot.index.row_sources import FreshRow, MergedRows
from earshot.index.store import IndexStore
from earshot.recipes import Recipe, recipe_named

ROWS_AT_ONCE = 100_000
"""Of a segment, when its rows are summarised: 250 MB on disk."""


@dataclass(frozen=True, slots=True)
class Work:
    """A build, for those who work on it."""

    bucket: str
    build: str
    recipe_name: str
    work_dir: str
    engine: str = ""
    """The one that bases are to be searched by; nothing: whichever measures best."""

    @property
    def recipe(self) -> Recipe:
        """How vectors are made."""
        return recipe_named(self.recipe_name)


def summary_of_files(rows: Iterator[FreshRow], work: Work, total: int) -> Summary:
    """Of rows in any order, of a catalogue of `total`."""
    network = work.recipe.network
    with tempfile.TemporaryDirectory(dir=work.work_dir) as folder:
        sources = spilled(rows, network, Path(folder))
        return _summed([MergedRows([source], network.dimensions) for source in sources], work.recipe, total)


def summary_of_slice(stretch: Slice, work: Work, total: int) -> Summary:
    """Of rows that the index has."""
    recipe = work.recipe
    with tempfile.TemporaryDirectory(dir=work.work_dir) as folder:
        sources = sliced(_store(work.bucket), _before(work), [stretch], Path(folder))
        return _summed([MergedRows(sources, recipe.network.dimensions)], recipe, total)


def write_base_of(number: int, rows: Iterator[FreshRow], work: Work) -> int:
    """Make the base of this number of the `rows` that were heard, ascending by track and time, and those that the index
    has; store it, and note that. Returns how many rows it has.

    Raises:
        DamagedIndex: what the index has cannot be read.
        RecallTooLow: the base's own gate stayed shut.
    """
    plan, common, store = _plan(work), _common(work), _store(work.bucket)
    recipe = work.recipe
    with tempfile.TemporaryDirectory(dir=work.work_dir) as folder:
        heard = spilled(rows, recipe.network, Path(folder))
        stretches = plan.slices[number]
        indexed = sliced(store, _before(work), stretches, Path(folder)) if stretches else []
        merged = MergedRows(newest_of_both(heard, indexed), recipe.network.dimensions)
        base, survey = None, _nothing(common)
        if len(merged):
            place = Path(tempfile.mkdtemp(dir=folder))
            base, survey = write_part(place, merged, common, engines_to_try(work.engine))
            for name in base.objects:
                store.upload(base.key(name), place / name)
        Progress(store, work.build).note_base(number, base, survey, unnamed(recipe.name, recipe.network.name, common))
        return len(merged)


def _summed(parts: Sequence[MergedRows], recipe: Recipe, total: int) -> Summary:
    whole = Summary.of(MergedRows([], recipe.network.dimensions), recipe, total=1)
    for part in parts:
        whole = whole + Summary.of(part, recipe, total=total)
    return whole


def _nothing(common: Common) -> Survey:
    none = np.full((len(common.queries.ids), RECALL_AT), -np.inf, np.float32)
    return Survey(none, none[None])


@cache
def _store(bucket: str) -> IndexStore:
    return IndexStore(s3(), bucket)


@cache
def _plan(work: Work) -> Plan:
    plan = Progress(_store(work.bucket), work.build).plan()
    if plan is None:
        raise DamagedIndex(f"the plan of build {work.build} is gone", hint="Run the build again.")
    return plan


@cache
def _common(work: Work) -> Common:
    common = Progress(_store(work.bucket), work.build).common()
    if common is None:
        raise DamagedIndex(f"what build {work.build} agreed on is gone", hint="Run the build again.")
    return common


@cache
def _before(work: Work) -> Manifest:
    version = _plan(work).before
    manifest = _store(work.bucket).old_manifest(version)
    if manifest is None:
        raise DamagedIndex(f"version {version}, of which a base is made, is gone", hint="Run the build again.")
    return manifest
