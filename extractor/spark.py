"""The extractor's door for Spark: audio of any number, read in the workers -> embeddings in Parquet."""

from pyspark.sql import SparkSession


def run(spark: SparkSession, source: str, output: str) -> None:
    """Hear what is at `source` and has not been heard yet; leave embeddings at `output`."""
    raise NotImplementedError
