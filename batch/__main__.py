"""`python -m batch JOB …`: a job on Spark, on this machine (`make batch JOB=… INPUT=… OUTPUT=…`)."""

import argparse
import importlib
import sys
from collections.abc import Mapping, Sequence
from typing import cast

from pyspark.errors import PySparkException

from batch.job import Job
from batch.progress import told
from batch.session import cluster_session, local_session
from earshot.errors import EarshotError
from earshot.terminal import spare_the_terminal

JOBS: Mapping[str, str] = {
    "embed": "audio to embeddings: a folder, a bucket prefix or a manifest of keys",
    "listening": "plays to what is played together: the lake, or any Parquet of listener, track, time, weight",
    "plays": "a topic of Apache Kafka to lake and table, until it is told to end",
}
"""Modules of `batch.jobs` with what they are for."""


def main(arguments: Sequence[str]) -> int:
    """Run a job; its exit code, or 2 when it cannot be done as asked."""
    spare_the_terminal()
    parser = _parser()
    options = parser.parse_args(arguments)
    job = _job(options.job)
    try:
        session = (
            cluster_session(options.job)
            if options.on_cluster
            else local_session(options.job, cores=options.cores, memory_mb=options.memory_mb)
        )
        with session as spark, told(spark, options.job):
            return job.run(spark, options)
    except EarshotError as error:
        sys.stderr.write(f"batch: {error.message}. {error.hint}".rstrip() + "\n")
        return 2
    except PySparkException as error:
        said = [line for line in str(error).splitlines() if line.strip()]
        sys.stderr.write(f"batch: {options.job} failed: {said[-1] if said else type(error).__name__}\n")
        sys.stderr.write("batch: once that is mended, run it again: what is done is not done again.\n")
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    every = argparse.ArgumentParser(add_help=False)
    every.add_argument("--cores", type=int, help="tasks at a time (default: one per core)")
    every.add_argument("--memory-mb", type=int, default=1024, help="of Spark's own process (default: %(default)s)")
    every.add_argument("--on-cluster", action="store_true", help=argparse.SUPPRESS)  # what EMR Serverless runs
    parser = argparse.ArgumentParser(prog="python -m batch", description="Earshot's work on Apache Spark.")
    jobs = parser.add_subparsers(dest="job", required=True, metavar="JOB")
    for name, purpose in JOBS.items():
        _job(name).declare(jobs.add_parser(name, help=purpose, parents=[every]))
    return parser


def _job(name: str) -> Job:
    return cast("Job", importlib.import_module(f"batch.jobs.{name}"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
