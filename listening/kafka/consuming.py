"""Reads a topic as one of a group of consumers, and says that messages were read only once their plays are kept."""

import time
from collections.abc import Callable, Mapping

from botocore.exceptions import BotoCoreError, ClientError
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer

from earshot.telemetry import logger
from listening.kafka.intake import Intake
from listening.kafka.messages import TopicMessage
from listening.kafka.spans import message_of

_AT_ONCE = 500
_POLL_S = 0.5
_TRIES = 6
"""Of keeping a batch, with 1, 2, 4, … seconds between them: well under the time after which a group drops a member."""
_DEFAULTS = {"auto.offset.reset": "earliest", "queued.max.messages.kbytes": "16384"}
_FLUSH_S = 30.0
_REFUSALS = (
    KafkaError._AUTHENTICATION,
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
)


def consume(intake: Intake, config: Mapping[str, str], topic: str, is_over: Callable[[], bool]) -> None:
    """Take the messages of `topic` in until `is_over` says so.

    A batch that cannot be kept after some tries ends this: its messages, which nobody has called read, go to whoever
    reads next.

    Args:
        config: settings of librdkafka; ``group.id`` and ``bootstrap.servers`` must be among them.

    Raises:
        KafkaException: the broker does not want us.
        BotoCoreError, ClientError: plays cannot be kept.
    """
    consumer = Consumer({**_DEFAULTS, **config, "enable.auto.commit": False})
    try:
        consumer.subscribe([topic])
        while not is_over():
            batch = [message_of(message) for message in consumer.consume(_AT_ONCE, _POLL_S) if not _is_notice(message)]
            if batch:
                _keep(intake, batch)
                _say_read(consumer)
    finally:
        consumer.close()


def sender(config: Mapping[str, str], topic: str) -> Callable[[bytes, bytes, dict[str, str]], None]:
    """What writes a message to `topic` and returns once the broker has it; for `DeadLetterTopic`."""
    producer = Producer(
        {name: value for name, value in config.items() if name not in ("group.id", "auto.offset.reset")}
    )

    def send(value: bytes, key: bytes, headers: dict[str, str]) -> None:
        failed: list[KafkaError | None] = []
        said: dict[str, str | bytes | None] = {**headers}
        producer.produce(topic, value, key or None, headers=said, on_delivery=lambda error, _: failed.append(error))
        if producer.flush(_FLUSH_S) or any(failed):
            raise KafkaException(*filter(None, failed))

    return send


def _keep(intake: Intake, batch: list[TopicMessage]) -> None:
    for wait_s in (2**number for number in range(_TRIES - 1)):
        try:
            return intake.take(batch)
        except (BotoCoreError, ClientError) as error:
            logger().warning("plays cannot be kept now", messages=len(batch), error=str(error))
            time.sleep(wait_s)
    return intake.take(batch)


def _say_read(consumer: Consumer) -> None:
    try:
        consumer.commit(asynchronous=False)
    except KafkaException as error:  # the group is being arranged anew: whoever has the topic now reads them again
        logger().warning("messages may come again", error=str(error))


def _is_notice(message: Message) -> bool:
    """Whether it is a word of the client's own, who tries again by itself.

    Raises:
        KafkaException: it is a refusal, after which trying again is no use.
    """
    error = message.error()
    if error is None:
        return False
    if error.fatal() or error.code() in _REFUSALS:
        raise KafkaException(error)
    logger().warning("the broker is not there, or not ready", error=str(error))
    return True
