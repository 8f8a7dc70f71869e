"""`python -m batch build`: embeddings -> a version of a stage's index; without any, its index built anew."""

import argparse
import os
import sys
from pathlib import Path

from pyspark.sql import SparkSession

from annoy_service import spark as door
from config.index_tracks import RecipeSettings
from config.local import LocalSettings
from earshot.recipes import recipe_named
from earshot.stores.parts import S3
from ops.connection import reach


def declare(parser: argparse.ArgumentParser) -> None:
    """See `Job`."""
    parser.add_argument("--input", default="", help="where `embed` left its output (default: the index's own rows)")
    parser.add_argument("--bucket", help="of the index (default: that of the stage)")
    parser.add_argument("--recipe", help="default: the leading one of EARSHOT_RECIPES")
    parser.add_argument("--rows-per-base", type=int, default=door.ROWS_PER_BASE, help="default: %(default)s")
    parser.add_argument("--work-dir", type=Path, default=Path("/tmp/earshot-build"), help="default: %(default)s")  # noqa: S108


def run(spark: SparkSession, options: argparse.Namespace) -> int:
    """0; a gate that stays shut is an error."""
    bucket = options.bucket or reach(LocalSettings.load()).parameters["index-bucket"]
    # Workers of a Spark on this machine were given its environment before anybody knew where this stage's AWS is.
    spark.sparkContext.environment.update(
        {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    )
    source, settings = options.input, RecipeSettings.load()
    report = door.run(
        spark,
        bucket,
        recipe_named(options.recipe) if options.recipe else settings.kept[0],
        embeddings=source if not source or source.startswith(S3) else str(Path(source).expanduser().absolute()),
        rows_per_base=max(1, options.rows_per_base),
        work_dir=options.work_dir,
        engine=settings.engine,
    )
    sys.stdout.write(
        f"build: version {report.version}: {report.tracks} tracks in {report.bases} bases, recall {report.recall:.4f}\n"
        f"build: {report.built} bases built, {report.there} were there; "
        f"{report.summary_s:.0f} s to agree, {report.bases_s:.0f} s to build\n"
    )
    return 0
