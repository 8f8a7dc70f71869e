"""The extractor's door for Spark: audio of any number, read in the workers -> embeddings in Parquet.

Below `output` lie ``embeddings/<network>/*.parquet`` (`earshot.embedding_files`) and, for every run,
``runs/<when>/`` with the keys it found, those that could not be heard and why, and a report.
"""

import json
import math
import secrets
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from itertools import chain

from pyspark.sql import DataFrame, SparkSession, functions

from config.extract import ModelSettings
from earshot.clock import stamp
from earshot.embedding_files import folder_of
from earshot.errors import InvalidInput
from earshot.reasons import Reason
from earshot.stores.parts import Parts, parts_at
from extractor.audio.decoder import MAX_BYTES
from extractor.bulk import arrow
from extractor.bulk.clients import s3
from extractor.bulk.hearing import Work
from extractor.bulk.reading import Describe, by_name
from extractor.bulk.wanted import Wanted, pages_of, wanted_at

CLIPS_PER_TASK = 500
"""Half a minute of a core: what a kill costs at most."""
_ROWS_OF_A_PAGE = 20_000
_MOST_SHOWN = 10_000
_SLACK = 1.2
"""Tasks are of about the same size: one that is a little larger is still one part."""
_DECODE_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did. `settled`: keys with nothing left to do; `unheard`: how many were not heard, by reason."""

    run: str
    model: str
    settled: int
    heard: int
    unheard: Mapping[str, int]


def run(
    spark: SparkSession,
    source: str,
    output: str,
    *,
    suffixes: Collection[str],
    describe: Describe = by_name,
    tracks_table: str | None = None,
    clips_per_task: int = CLIPS_PER_TASK,
) -> Report:
    """Hear what is at `source` and has not been heard yet; leave embeddings at `output`.

    May die at any line, and be run again: what has been heard is not heard again.

    Args:
        spark: a session.
        source: a folder, ``s3://bucket/prefix/`` or a manifest (`extractor.bulk.wanted`).
        output: a folder or ``s3://bucket/prefix``.
        suffixes: of what is taken for audio, in a folder or below a prefix.
        describe: what a file says of its track, where no manifest does.
        tracks_table: also write to this table of DynamoDB, by the function's own conditions.
        clips_per_task: which are one part, and lost together when a task dies.

    Raises:
        InvalidInput: there is nothing to be heard.
        InvalidSettings: there is no such network.
    """
    settings = ModelSettings.load()
    work = Work(
        output=output,
        model=settings.model,
        model_dir=settings.model_dir,
        describe=describe,
        clips_per_part=math.ceil(_SLACK * clips_per_task),
        max_bytes=MAX_BYTES,
        decode_timeout_s=_DECODE_TIMEOUT_S,
        tracks_table=tracks_table,
    )
    parts = parts_at(output, s3)
    name = f"runs/{stamp()}-{secrets.token_hex(2)}"
    listing = _Listing(wanted_at(source, suffixes))
    pages = _written(parts, f"{name}/keys", listing)
    if not pages and not listing.refused:
        raise InvalidInput(f"no audio at {source!r}", hint="Audio is known by its name: .mp3, .flac and others.")
    wanted = _named(spark, pages).mapInArrow(partial(arrow.listed_in, place=output), arrow.LISTED)
    done = _named(spark, _there(parts, work.model)).mapInArrow(partial(arrow.settled_in, place=output), "key string")
    todo = wanted.dropDuplicates(["key"]).join(done, "key", "left_anti").persist()
    remaining = todo.count()
    heard, unheard = _hear(todo, remaining, clips_per_task, work)
    todo.unpersist()
    if listing.refused:
        unheard[Reason.BAD_ROW] += listing.refused
    report = Report(name, work.model, listing.count - remaining, heard, dict(unheard.most_common()))
    _written(parts, f"{name}/unheard", chain(listing.shown, _unheard(spark, parts, work)))
    parts.write(f"{name}/report.json", json.dumps(asdict(report), indent=1).encode())
    return report


class _Listing:
    """What is wanted, as lines of pages. What cannot be wanted is counted, and the first of it kept."""

    def __init__(self, wanted: Iterable[Wanted]) -> None:
        self._wanted = wanted
        self.count = 0
        self.refused = 0
        self.shown: list[dict[str, str]] = []

    def __iter__(self) -> Iterator[Mapping[str, object]]:
        for one in self._wanted:
            if one.why_not:
                self.refused += 1
                if len(self.shown) < _MOST_SHOWN:
                    self.shown.append({"key": one.key, "reason": Reason.BAD_ROW, "message": one.why_not})
            else:
                self.count += 1
                yield {"key": one.key, "said": json.dumps(one.said, ensure_ascii=False) if one.said else None}


def _written(parts: Parts, folder: str, lines: Iterable[Mapping[str, object]]) -> list[str]:
    """Names of the pages that hold the lines."""
    names = []

    def write(number: int, page: bytes) -> None:
        names.append(f"{folder}-{number:05}.jsonl")
        parts.write(names[-1], page)

    pages_of(lines, write, _ROWS_OF_A_PAGE)
    return names


def _there(parts: Parts, model: str) -> list[str]:
    folder = f"{folder_of(model)}/"
    return [name for name in parts.names(".parquet") if name.startswith(folder)]


def _named(spark: SparkSession, names: list[str]) -> DataFrame:
    return spark.createDataFrame([(name,) for name in names], "name string")


def _hear(todo: DataFrame, count: int, clips_per_task: int, work: Work) -> tuple[int, Counter[str]]:
    """How many were heard, and how many were not, by reason."""
    heard, unheard = 0, Counter[str]()
    if count:
        tasks = todo.repartition(-(-count // clips_per_task)).sortWithinPartitions("key")
        for receipt in tasks.mapInArrow(partial(arrow.heard_in, work=work), arrow.RECEIPTS).collect():
            heard += receipt.heard
            unheard.update(json.loads(receipt.unheard))
    return heard, unheard


def _unheard(spark: SparkSession, parts: Parts, work: Work) -> Iterator[Mapping[str, object]]:
    """Whatever has not been heard, in this run or before."""
    standing = _named(spark, _there(parts, work.model)).mapInArrow(
        partial(arrow.standing_in, place=work.output), arrow.STANDING
    )
    how = standing.selectExpr("key", "struct(reason IS NOT NULL AS is_unheard, reason, message) AS how")
    best = how.groupBy("key").agg(functions.min("how").alias("how")).where("how.is_unheard")
    return (row.asDict() for row in best.select("key", "how.reason", "how.message").toLocalIterator())
