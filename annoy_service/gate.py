"""Writes bases, each searched by an engine that has passed the promotion gate."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from annoy_service.choice import BY_MEASUREMENT, choose
from earshot.index.engines.engine import Engine
from earshot.index.engines.exact import EXACTLY
from earshot.index.engines.registry import engine_named
from earshot.index.layout import lay_out
from earshot.index.manifest import SegmentEntry
from earshot.index.row_sources import MergedRows
from earshot.index.transform import CatalogueTransform
from earshot.index.write import Lay, sealed, stored, write_map, write_rows, write_shelf, write_vectors

EXACT_UP_TO: Final = 10_000
"""Rows of a base up to which no engine is faster than a matrix product (docs/benchmarks/index.md)."""


def write_base(
    folder: Path,
    rows: MergedRows,
    transform: CatalogueTransform,
    engines: Sequence[Engine] = BY_MEASUREMENT,
    lay: Lay = lay_out,
) -> SegmentEntry:
    """Write `rows` as a base segment into `folder`, searched exactly or by the one of `engines` that measures best.

    Raises:
        RecallTooLow: even with the most effort each of them finds too few of the true neighbours.
    """
    objects = {**write_rows(folder, rows), **write_shelf(folder), **write_vectors(folder, transform)}
    if len(rows) <= EXACT_UP_TO:
        return sealed("base", len(rows), {**objects, **write_map(folder, rows, lay)}, EXACTLY, recall=1.0)
    choice = choose(folder, engines)
    objects |= stored(folder, engine_named(choice.engine.name).files)
    objects |= write_map(folder, rows, lay)
    return sealed("base", len(rows), objects, choice.engine, recall=choice.recall, trials=choice.trials)
