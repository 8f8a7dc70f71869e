"""From messages to plays that are kept: what can be read is recorded, what cannot be is put aside with its reason."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from earshot.messages import RecordPlays
from earshot.telemetry import emit, logger
from listening.kafka.dead_letters import DeadLetters, Refused
from listening.kafka.messages import TopicMessage, Unreadable, plays_in


class Recording(Protocol):
    """Keeps plays (`listening.record`)."""

    def run(self, messages: Sequence[RecordPlays]) -> None:
        """Keep the plays of all messages; may be repeated."""


@dataclass(frozen=True, slots=True)
class Intake:
    """Takes messages of topics in, at least once each."""

    record: Recording
    dead_letters: DeadLetters

    def take(self, messages: Iterable[TopicMessage]) -> None:
        """Keep the plays of `messages`. When this returns, none of them needs to come again.

        Raises whatever keeping raises; then all are to come again.
        """
        read: list[RecordPlays] = []
        refused: list[Refused] = []
        for message in messages:
            try:
                read.append(plays_in(message))
            except Unreadable as error:
                refused.append((message, error))
        if read:
            self.record.run(read)
        if refused:
            self.dead_letters.keep(refused)
        for message, unreadable in refused:
            logger().error(
                "a message is no play",
                reason=unreadable.reason,
                topic=message.topic,
                partition=message.partition,
                offset=message.offset,
            )
            emit("WorkGivenUp", reason=unreadable.reason)
