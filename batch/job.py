"""What a job is: its own words on the command line, and the service's door that it hands a session to."""

import argparse
from typing import Protocol

from pyspark.sql import SparkSession


class Job(Protocol):
    """A module of `batch.jobs`."""

    def declare(self, parser: argparse.ArgumentParser) -> None:
        """Say which options the job has."""

    def run(self, spark: SparkSession, options: argparse.Namespace) -> int:
        """Do the work, say what came of it, and return the exit code."""
