"""annoy_service's door for Spark: embeddings in Parquet -> a version of the index, of any size.

What is heard goes on top of what the index has, and of a track that is in both the newer preview wins; without
embeddings the index is built anew from its own rows. One base per task, one manifest, one move of the pointer, with
what the table's stream has changed meanwhile on top (docs/adr/0033). May die at any line, and be run again: bases that
are in the bucket are not built again.
"""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import col

from annoy_service.bases import composed
from annoy_service.builder import Builder, make_builder
from annoy_service.bulk import arrow
from annoy_service.bulk.clients import s3
from annoy_service.bulk.part import ROWS_AT_ONCE, Work
from annoy_service.bulk.plan import Count, Inputs, Plan, Slice
from annoy_service.bulk.progress import Progress
from annoy_service.compact import put_in_place
from annoy_service.parts import Common, Summary
from annoy_service.pointers import manifest_at, position
from annoy_service.recall import Survey
from earshot.embedding_files import folder_of
from earshot.errors import IndexRace, InvalidInput
from earshot.index.manifest import Manifest, SegmentEntry
from earshot.recipes import Recipe
from earshot.stores.parts import parts_at
from earshot.telemetry import logger

ROWS_PER_BASE = 1_000_000
"""1.3 GB of memory and 8 GB of disk for a worker; a function can still compact a base of this size."""

_log = logger()


@dataclass(frozen=True, slots=True)
class Report:
    """What a build came to. `built`: bases that this run has built; `there`: those that an earlier run had.

    `summary_s`, `bases_s`: wall time until the transform was known, and of the bases after that.
    """

    version: str
    tracks: int
    bases: int
    built: int
    there: int
    recall: float
    summary_s: float
    bases_s: float


def run(
    spark: SparkSession,
    bucket: str,
    recipe: Recipe,
    *,
    embeddings: str = "",
    rows_per_base: int = ROWS_PER_BASE,
    work_dir: Path,
    engine: str = "",
) -> Report:
    """Build a version of `recipe` from what is in `bucket` and at `embeddings`, and let it serve in its place.

    Args:
        spark: a session.
        bucket: of the index.
        recipe: how vectors are made.
        embeddings: a folder or ``s3://bucket/prefix`` that `extractor.spark` wrote to; nothing: the index alone.
        rows_per_base: how many a base has, about.
        work_dir: for the driver's and the workers' files.
        engine: that bases are to be searched by; nothing: whichever measures best.

    Raises:
        InvalidInput: there is nothing to build from, or the bucket holds a shard.
        RecallTooLow: the promotion gate stayed shut.
        DamagedIndex: the version that the index has cannot be read.
        IndexRace: other builders kept moving the pointer.
    """
    started = time.perf_counter()
    work_dir.mkdir(parents=True, exist_ok=True)
    builder = make_builder(s3(), bucket, recipe, work_dir)
    inputs = Inputs(recipe.name, rows_per_base, embeddings, _files(embeddings, recipe))
    newest = manifest_at(builder, position(builder))
    if newest and newest.shard:
        raise InvalidInput(
            f"the bucket {bucket} holds shard {newest.shard.number} of {newest.shard.of}",
            hint="Build the undivided index, and divide it again: python -m annoy_service divide.",
        )
    build = inputs.build_id(newest.version if newest else "")
    progress = Progress(builder.store, build)
    progress.begin()
    if (version := progress.published()) and (known := builder.store.old_manifest(version)):
        return Report(version, known.tracks, len(known.bases), 0, len(known.bases), known.recall, 0, 0)
    plan = progress.plan() or _planned(spark, builder, inputs, newest)
    if not plan.total:
        raise InvalidInput("neither the index nor the files have a track", hint="Give a folder of embeddings.")
    progress.note_plan(plan)
    work = Work(bucket, build, recipe.name, str(work_dir), engine)
    common = progress.common()
    if common is None:
        common = Common.of(_summary(spark, plan, builder.store.old_manifest(plan.before), work), recipe)
        progress.note_common(common)
    summarised = time.perf_counter()
    there = set(progress.done())
    _build(spark, plan, [number for number in range(plan.bases) if number not in there], work)
    built = time.perf_counter()
    manifest = _composed(builder, progress, plan, common, started)
    before = builder.store.old_manifest(plan.before) if plan.before else None
    outcome = put_in_place(builder, manifest, before, unless=_never)
    if outcome.manifest is None:
        raise IndexRace("the index was taken away while it was built")
    progress.note_published(outcome.manifest.version)
    _log.info("built in bulk", build=build, bases=plan.bases, there=len(there), extra=outcome.in_short())
    version, tracks, recall = outcome.manifest.version, outcome.manifest.tracks, outcome.manifest.recall
    new = plan.bases - len(there)
    return Report(version, tracks, plan.bases, new, len(there), recall, summarised - started, built - summarised)


def _files(embeddings: str, recipe: Recipe) -> tuple[str, ...]:
    if not embeddings:
        return ()
    folder = f"{folder_of(recipe.network.name)}/"
    files = tuple(name for name in parts_at(embeddings, s3).names(".parquet") if name.startswith(folder))
    if not files:
        raise InvalidInput(f"no embeddings below {embeddings}/{folder}", hint="make batch JOB=embed writes them.")
    return files


def _planned(spark: SparkSession, builder: Builder, inputs: Inputs, before: Manifest | None) -> Plan:
    counts: list[Count] = []
    if inputs.files:
        count = partial(arrow.counted_in, place=inputs.place, network=builder.recipe.network)
        counted = _spread(spark, inputs.files).mapInArrow(count, arrow.COUNTS).collect()
        counts = [Count(row.rows, tuple(row.ids)) for row in counted if row.rows]
    return Plan.of(inputs, counts, before, builder.cache)


def _summary(spark: SparkSession, plan: Plan, before: Manifest | None, work: Work) -> Summary:
    stretches = [
        Slice(number, start, min(start + ROWS_AT_ONCE, entry.rows))
        for number, entry in enumerate(before.segments if before else ())
        for start in range(0, entry.rows, ROWS_AT_ONCE)
    ]
    sources = [json.dumps(source) for source in (*plan.inputs.files, *stretches)]
    summarise = partial(arrow.summarised_in, work=work, plan=plan)
    summaries = _spread(spark, sources).mapInArrow(summarise, arrow.SUMMARIES).toLocalIterator()
    whole = Summary.from_bytes(bytes(next(summaries).body))
    for row in summaries:
        whole = whole + Summary.from_bytes(bytes(row.body))
    return whole


def _build(spark: SparkSession, plan: Plan, numbers: Sequence[int], work: Work) -> None:
    if not numbers:
        return
    turns = [(number, arrow.NO_TRACK, "", b"", b"") for number in numbers]
    rows = spark.createDataFrame(turns, arrow.ROWS)
    if plan.inputs.files:
        read = partial(arrow.rows_in, plan=plan, network=work.recipe.network)
        heard = _spread(spark, plan.inputs.files).mapInArrow(read, arrow.ROWS)
        rows = rows.unionByName(heard.where(col("base").isin(list(numbers))))
    by_base = _a_task_for_each(spark, rows, numbers).sortWithinPartitions("base", "track_id", "heard_at")
    by_base.mapInArrow(partial(arrow.built_in, work=work), arrow.RECEIPTS).collect()


def _composed(builder: Builder, progress: Progress, plan: Plan, common: Common, started: float) -> Manifest:
    """Raises IndexRace where a base is not there any more: the build took longer than the garbage collector waits."""
    keys = progress.done()
    if missing := plan.bases - len(keys):
        raise IndexRace(f"{missing} of {plan.bases} bases are gone", hint="Run the build again.")

    def parts() -> Iterator[tuple[SegmentEntry, Survey]]:
        for key in keys.values():
            base, survey = progress.base(key)
            if base is not None:
                yield base, survey

    return composed(builder, common.transform, parts(), started)


def _spread(spark: SparkSession, sources: Sequence[str]) -> DataFrame:
    """A few to each task: what a task makes of several is one row."""
    tasks = min(len(sources), 2 * spark.sparkContext.defaultParallelism)
    return spark.createDataFrame([(source,) for source in sources], "source string").repartition(tasks)


def _a_task_for_each(spark: SparkSession, rows: DataFrame, numbers: Sequence[int]) -> DataFrame:
    """So partitioned that the rows of each base are those of one task, and no task has two while another has none.

    Spark partitions by a hash; so each base is given a number whose hash is its own partition.
    """
    tasks = len(numbers)
    salts: dict[int, int] = {}
    hashed = spark.range(64 * tasks).selectExpr("id", f"pmod(hash(id), {tasks}) AS task")
    for row in hashed.toLocalIterator():
        salts.setdefault(row.task, row.id)
    chosen = dict(zip(numbers, (salts.get(task, task) for task in range(tasks)), strict=True))
    cases = " ".join(f"WHEN {number} THEN {salt}" for number, salt in chosen.items())
    salted = rows.selectExpr("*", f"CAST(CASE base {cases} END AS BIGINT) AS salt")
    return salted.repartition(tasks, "salt").drop("salt")


def _never(_: Manifest) -> bool:
    return False
