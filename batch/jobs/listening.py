"""`python -m batch listening`: plays -> a co-listening table, by the verdict and pointer of `learn_listening`."""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from pyspark.sql import SparkSession

from earshot.errors import InvalidInput
from earshot.stores.parts import S3, split_s3
from listening import spark as door


def declare(parser: argparse.ArgumentParser) -> None:
    """See `Job`."""
    parser.add_argument("--input", required=True, help="Parquet: s3://plays-bucket/plays, or any in a folder or prefix")
    parser.add_argument("--output", required=True, help="s3://index-bucket: where the index is, and the table goes")


def run(spark: SparkSession, options: argparse.Namespace) -> int:
    """0 also when the verdict keeps the version out of service: it is there, and says why."""
    bucket, key = split_s3(options.output)
    if not options.output.startswith(S3) or key.strip("/"):
        raise InvalidInput(f"{options.output!r} is no bucket", hint="The table goes to an index bucket: s3://name.")
    with TemporaryDirectory(prefix="earshot-listening-") as folder:
        manifest = door.train_from(spark, _absolute(options.input), bucket, Path(folder))
    if manifest is None:
        said = "too few have played anything to learn from"
    else:
        training = manifest.training
        said = f"{manifest.version} by {training.model} from {training.data.plays} plays: {training.verdict.reason}"
    sys.stdout.write(f"listening: {said}\n")
    return 0


def _absolute(place: str) -> str:
    """Workers need not stand where the person does."""
    return place if place.startswith(S3) else str(Path(place).expanduser().absolute())
