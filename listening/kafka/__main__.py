"""`python -m listening.kafka --bootstrap HOST:PORT --topic TOPIC`: takes plays in from a broker of one's own.

Ends in good order when it is told to (SIGTERM, Ctrl-C): what it has read is kept, and the broker knows.
"""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from earshot.errors import EarshotError
from listening.bootstrap import record
from listening.kafka.dead_letters import DeadLetterFile, DeadLetterTopic
from listening.kafka.intake import Intake
from listening.kafka.settings import settings_in


def main(arguments: Sequence[str]) -> int:
    """Take messages in until a signal comes; 1 when that cannot be done (any longer)."""
    options = _parser().parse_args(arguments)
    try:
        from confluent_kafka import KafkaException  # late: one who has no broker need not install it

        from listening.kafka.consuming import consume, sender
    except ImportError:
        sys.stderr.write("confluent-kafka is missing: pip install -r requirements/kafka.txt\n")
        return 1
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    try:
        config = {"bootstrap.servers": options.bootstrap, "group.id": options.group, **settings_in(options.config)}
        letters = (
            DeadLetterTopic(sender(config, options.dead_letter_topic))
            if options.dead_letter_topic
            else DeadLetterFile(options.dead_letters)
        )
        consume(Intake(record(), letters), config, options.topic, over.is_set)
    except (EarshotError, KafkaException, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m listening.kafka", description="Take plays in from Apache Kafka.")
    parser.add_argument("--bootstrap", required=True, metavar="HOST:PORT", help="brokers, comma-separated")
    parser.add_argument("--topic", required=True, help="where plays are written (docs/listening.md says how)")
    parser.add_argument("--group", default="earshot", help="the group of consumers (%(default)s)")
    parser.add_argument("--config", type=Path, metavar="FILE", help="more settings of librdkafka, one a line, as a=b")
    letters = parser.add_mutually_exclusive_group()
    letters.add_argument(
        "--dead-letters",
        type=Path,
        metavar="FILE",
        default=Path("dead-letters.jsonl"),
        help="where messages go that are no plays (%(default)s)",
    )
    letters.add_argument("--dead-letter-topic", metavar="TOPIC", help="a topic instead")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
