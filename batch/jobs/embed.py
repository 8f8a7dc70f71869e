"""`python -m batch embed`: audio -> embeddings, in Parquet."""

import argparse
import sys
from pathlib import Path

from pyspark.sql import SparkSession

from batch.describing import by_tags
from crawler.formats import SUFFIXES
from earshot.stores.parts import S3
from extractor import spark as door


def declare(parser: argparse.ArgumentParser) -> None:
    """See `Job`."""
    parser.add_argument("--input", required=True, help="a folder, s3://bucket/prefix/, or a manifest (.csv, .jsonl, …)")
    parser.add_argument("--output", required=True, help="a folder or s3://bucket/prefix for the embeddings")
    parser.add_argument("--table", help="also write to this table of tracks, by the conditions of `extract`")
    parser.add_argument("--clips-per-task", type=int, default=door.CLIPS_PER_TASK, help="default: %(default)s")


def run(spark: SparkSession, options: argparse.Namespace) -> int:
    """0 also when some could not be heard: a bad file stops nothing, and is listed with its reason."""
    report = door.run(
        spark,
        _absolute(options.input),
        _absolute(options.output),
        suffixes=SUFFIXES,
        describe=by_tags,
        tracks_table=options.table,
        clips_per_task=max(1, options.clips_per_task),
    )
    lines = [f"{report.heard} heard, {report.settled} done before ({report.model})"]
    lines += [f"{number} not heard: {reason}" for reason, number in report.unheard.items()]
    where = f"{options.output.rstrip('/')}/{report.run}"
    lines += [f"which, and why: {where}/unheard-*.jsonl"] if report.unheard else []
    sys.stdout.write("".join(f"embed: {line}\n" for line in [*lines, f"report: {where}/report.json"]))
    return 0


def _absolute(place: str) -> str:
    """Workers need not stand where the person does."""
    return place if place.startswith(S3) else str(Path(place).expanduser().absolute())
