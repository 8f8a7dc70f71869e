"""Lambda entry points of listening."""

from collections.abc import Sequence
from functools import partial

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSEvent, SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from earshot.deliveries import BatchAnswer, batch_answer
from earshot.messages import RecordPlays
from earshot.telemetry import logger
from listening import bootstrap
from listening.kafka.dead_letters import StayInTopic
from listening.kafka.events import KAFKA, messages_in
from listening.kafka.intake import Intake

_RESERVE_MS = 120_000


def record_plays(event: dict[str, object], _context: object) -> BatchAnswer:
    """SQS batch of plays -> lake and table. What fails comes back, however often: nobody sends a play twice.

    Batches of a topic of Apache Kafka, too, where an event source hands them over. Of these the whole comes back; what
    is no play stays in the topic.
    """
    if event.get("eventSource") in KAFKA:
        Intake(bootstrap.record(), StayInTopic()).take(messages_in(event))
        return batch_answer(())
    return batch_answer(bootstrap.deliveries().attempt_apart(list(SQSEvent(event).records), _record))


def keep_plays(_event: object, context: LambdaContext) -> None:
    """The clock -> dead letters are given back, the lake is merged, plays matched, listeners forgotten, tastes made."""
    given_back = bootstrap.dead_letters().give_back()
    done = bootstrap.keep().run(partial(_is_up, context))
    logger().info(
        "kept",
        given_back=given_back,
        merged=done.merged,
        expired=done.expired,
        forgotten=done.forgotten,
        matched=done.matched,
        tastes=done.tastes,
    )


def learn_listening(_event: object, _context: object) -> None:
    """The clock -> a model of what is played together, if it is good enough."""
    snapshot = bootstrap.learn().run()
    if snapshot:
        logger().info("learned", plays=snapshot.plays, listeners=snapshot.listeners, tracks=snapshot.tracks)


def _is_up(context: LambdaContext) -> bool:
    return context.get_remaining_time_in_millis() < _RESERVE_MS


def _record(records: Sequence[SQSRecord]) -> None:
    bootstrap.record().run([RecordPlays.from_json(record.body) for record in records])
