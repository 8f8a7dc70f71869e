"""`python -m bench.batch.built_plainly EMBEDDINGS BUCKET FOLDER`: one base, by a process that knows no Spark."""

import sys
import tempfile
import time
from pathlib import Path

import boto3

from annoy_service.bases import rebuilt
from annoy_service.builder import make_builder
from annoy_service.bulk.arrow import tracks_in
from annoy_service.bulk.sources import heard_rows, spilled
from annoy_service.pointers import position, publish
from annoy_service.policy import Policy
from bench.index.catalogue import RECIPE
from earshot.stores.parts import FolderParts

_ANY = 1 << 30


def main(heard: str, bucket: str, folder: Path) -> None:
    """Spill the files' rows, build, publish."""
    builder = make_builder(boto3.client("s3"), bucket, RECIPE, folder, policy=Policy(at_once=_ANY))
    with tempfile.TemporaryDirectory(dir=builder.work_dir) as spill:
        sources = []
        for name in FolderParts(Path(heard)).names(".parquet"):
            rows = sorted(heard_rows(tracks_in(heard, name), RECIPE.network), key=lambda row: row.track_id)
            sources += spilled(iter(rows), RECIPE.network, Path(spill))
        publish(builder, rebuilt(builder, sources, time.perf_counter()), position(builder))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
