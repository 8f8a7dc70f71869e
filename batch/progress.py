"""Says on a terminal how far a job has come."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession

_EVERY_S = 2.0


@contextmanager
def told(spark: SparkSession, job: str, every_s: float = _EVERY_S) -> Iterator[None]:
    """Write a line to stderr whenever tasks were done, until the block ends: ``embed: 12 of 40 tasks after 0:32``."""
    over = threading.Event()
    began = time.monotonic()

    def tell() -> None:
        tracker = spark.sparkContext.statusTracker()
        said = ""
        while not over.wait(every_s):
            stages = [stage for number in tracker.getActiveStageIds() if (stage := tracker.getStageInfo(number))]
            if stages:
                done, tasks = (
                    sum(getattr(stage, name) for stage in stages) for name in ("numCompletedTasks", "numTasks")
                )
                minutes, seconds = divmod(int(time.monotonic() - began), 60)
                now = f"{job}: {done} of {tasks} tasks"
                if now != said:
                    said = now
                    sys.stderr.write(f"{now} after {minutes}:{seconds:02}\n")

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()
