"""The one place that makes a Spark session.

Workers are the environment's own Python and import the same modules as the driver: what they run must be a function of
an importable module, which travels by its name. One that is defined in `__main__` travels by value, and its globals (a
network, a decoding process) are made anew for every task. Objects are read and written by boto3 in the workers, so that
no jar is needed.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark.sql import SparkSession

from earshot.errors import InvalidSettings

ROOT = Path(__file__).resolve().parents[1]
_LOGGING = Path(__file__).with_name("log4j2.properties")
_ROWS_AT_ONCE = 64
"""Rows are keys whose work is long, so that many at once would only wait for each other."""
_TASK_TRIES = 4
_LEAST_MEMORY_MB = 512


@contextmanager
def local_session(name: str, *, cores: int | None = None, memory_mb: int = 1024) -> Iterator[SparkSession]:
    """A Spark on this machine, which ends with the block.

    Args:
        name: what the job is called.
        cores: how many tasks run at a time; None: one a core.
        memory_mb: of the Java process, which holds no audio and no network.

    Raises:
        InvalidSettings: too little memory.
    """
    if memory_mb < _LEAST_MEMORY_MB:
        raise InvalidSettings(f"{memory_mb} MB are too little for Spark", hint=f"Give it {_LEAST_MEMORY_MB} or more.")
    os.environ |= {"PYSPARK_PYTHON": sys.executable, "OPENBLAS_NUM_THREADS": "1"}
    os.environ["PYTHONPATH"] = os.pathsep.join(
        dict.fromkeys([str(ROOT), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))])
    )
    with tempfile.TemporaryDirectory(prefix="earshot-spark-") as scratch:
        builder = _common(SparkSession.builder, name)
        for option, value in {
            "spark.master": f"local[{cores or '*'},{_TASK_TRIES}]",
            "spark.driver.memory": f"{memory_mb}m",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={_LOGGING.as_uri()} -Duser.timezone=UTC",
            "spark.local.dir": scratch,
            "spark.sql.warehouse.dir": f"{scratch}/warehouse",
            "spark.sql.shuffle.partitions": "8",  # of 200, each would cost a task and hold a handful of rows
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
        }.items():
            builder = builder.config(option, value)
        session = builder.getOrCreate()
        try:
            yield session
        finally:
            session.stop()


@contextmanager
def cluster_session(name: str) -> Iterator[SparkSession]:
    """The Spark that whoever submitted this job has set up: EMR Serverless says how many machines, and which Python."""
    session = _common(SparkSession.builder, name).getOrCreate()
    try:
        yield session
    finally:
        session.stop()


def _common(builder: SparkSession.Builder, name: str) -> SparkSession.Builder:
    for option, value in {
        "spark.app.name": f"earshot-{name}",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.execution.arrow.maxRecordsPerBatch": str(_ROWS_AT_ONCE),
        "spark.python.worker.reuse": "true",  # a worker's network and decoder serve all of its tasks
    }.items():
        builder = builder.config(option, value)
    return builder
