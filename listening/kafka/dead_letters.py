"""Where messages go that are no plays: with their reason and their place, so that a person may mend and send them."""

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from listening.kafka.messages import TopicMessage, Unreadable

Refused = tuple[TopicMessage, Unreadable]


class DeadLetters(Protocol):
    """Keeps messages that nobody can read."""

    def keep(self, refused: list[Refused]) -> None:
        """Keep them for good; may raise what the place raises, and then none counts as kept."""


class DeadLetterFile:
    """Lines of JSON at the end of a file that only its owner reads."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def keep(self, refused: list[Refused]) -> None:
        """Append a line for each, and have them on the disk."""
        lines = "".join(f"{json.dumps(_letter(message, reason))}\n" for message, reason in refused)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())


class DeadLetterTopic:
    """A topic: the messages as they are, why and from where in their headers.

    Args:
        send: writes (value, key, headers) and returns once the broker has it.
    """

    def __init__(self, send: Callable[[bytes, bytes, dict[str, str]], None]) -> None:
        self._send = send

    def keep(self, refused: list[Refused]) -> None:
        """Write each."""
        for message, reason in refused:
            place = f"{message.topic}/{message.partition}/{message.offset}"
            self._send(message.value, message.key, {"earshot-reason": reason.reason, "earshot-from": place})


class StayInTopic:
    """They stay where they are: the topic has them for as long as it has anything, and the log says where and why."""

    def keep(self, refused: list[Refused]) -> None:
        """Nothing to do."""


def _letter(message: TopicMessage, unreadable: Unreadable) -> dict[str, object]:
    return {
        "reason": unreadable.reason,
        "topic": message.topic,
        "partition": message.partition,
        "offset": message.offset,
        "key": base64.b64encode(message.key).decode(),
        "value": base64.b64encode(message.value).decode(),
    }
