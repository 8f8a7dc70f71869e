"""`python -m batch embed`: audio -> embeddings, in Parquet."""

import argparse

from pyspark.sql import SparkSession

from extractor import spark as door


def declare(parser: argparse.ArgumentParser) -> None:
    """See `Job`."""
    parser.add_argument("--input", required=True, help="a folder, s3://bucket/prefix, or a manifest of keys")
    parser.add_argument("--output", required=True, help="a folder or s3://bucket/prefix for the embeddings")


def run(spark: SparkSession, options: argparse.Namespace) -> int:
    """See `Job`."""
    door.run(spark, options.input, options.output)
    return 0
