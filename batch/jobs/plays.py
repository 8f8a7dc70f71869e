"""`python -m batch plays`: a topic of Apache Kafka -> lake and table, until it is told to end."""

import argparse
import signal
import sys
import threading
from pathlib import Path

from pyspark.sql import SparkSession

from listening.kafka import spark as door
from listening.kafka.settings import settings_in


def declare(parser: argparse.ArgumentParser) -> None:
    """See `Job`."""
    parser.add_argument("--input", required=True, metavar="TOPIC", help="where plays are written (docs/listening.md)")
    parser.add_argument("--output", required=True, metavar="CHECKPOINT", help="a folder, or s3://: how far was read")
    parser.add_argument("--bootstrap", required=True, metavar="HOST:PORT", help="brokers, comma-separated")
    parser.add_argument("--config", type=Path, metavar="FILE", help="more settings of librdkafka, one a line, as a=b")
    parser.add_argument("--every", type=float, default=1.0, metavar="SECONDS", help="default: %(default)s")
    parser.add_argument("--dead-letter-topic", metavar="TOPIC", help="where messages go that are no plays")


def run(spark: SparkSession, options: argparse.Namespace) -> int:
    """0 when it was told to end; 1 when it could not go on."""
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    config = {**settings_in(options.config), "bootstrap.servers": options.bootstrap}
    query = door.take_in(
        spark,
        config,
        options.input,
        checkpoint=options.output,
        every_s=options.every,
        dead_letter_topic=options.dead_letter_topic,
    )
    while query.isActive and not over.wait(0.5):
        pass
    if failed := query.exception():
        sys.stderr.write(f"plays: {failed}\n")
        return 1
    query.stop()
    return 0
