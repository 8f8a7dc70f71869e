"""Messages of a topic: each is one play, in JSON.

Either as `POST /listens` takes plays, or a listen as ListenBrainz writes it. Whose play it is says ``listener``, the
listener's id (16 hexadecimal digits); else ``listener`` or ``user_name`` is the word that the listener has for a key,
else the message's key is. Who may write to the topic may write for everybody.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from earshot.clock import Timestamp, iso, moment_of, now_iso
from earshot.errors import InvalidInput
from earshot.histories import LeftOut, Wanted
from earshot.histories.records import play_in
from earshot.messages import RecordPlays
from earshot.plays import ListenerId, Play, listener_of

MAX_BYTES = 10_240
"""Of one listen, as ListenBrainz has it."""
_LISTENER = re.compile("[0-9a-f]{16}")
_MAX_NAME = 256


@dataclass(frozen=True, slots=True)
class TopicMessage:
    """A message and its place. `sent_ms`: when it was written, in Unix milliseconds, where the broker says so."""

    topic: str
    partition: int
    offset: int
    value: bytes
    key: bytes = b""
    sent_ms: int | None = None


class Unreadable(InvalidInput):
    """A message that is no play. `reason` is stable: ``too_large``, ``no_json``, ``no_listener``, ``unknown`` or one of
    `LeftOut`."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"a message is no play: {reason}")
        self.reason = reason


def plays_in(message: TopicMessage) -> RecordPlays:
    """The play that a message tells of.

    Raises:
        Unreadable: it is none, and never will be.
    """
    if len(message.value) > MAX_BYTES:
        raise Unreadable("too_large")
    try:
        record = json.loads(message.value)
    except (ValueError, RecursionError):
        raise Unreadable("no_json") from None
    if not isinstance(record, dict):
        raise Unreadable("no_json")
    listener = _listener(record, message.key)
    play = play_in(record, Wanted())
    if not isinstance(play, Play):
        raise Unreadable((play or LeftOut.UNKNOWN).value)
    return RecordPlays((replace(play, listener=listener),), _accepted_at(message.sent_ms))


def _listener(record: Mapping[str, object], key: bytes) -> ListenerId:
    said = record.get("listener") or record.get("user_name") or key.decode("utf-8", "replace")
    if not isinstance(said, str) or not 0 < len(said) <= _MAX_NAME:
        raise Unreadable("no_listener")
    return ListenerId(said) if _LISTENER.fullmatch(said) else listener_of(hashlib.sha256(said.encode()).hexdigest())


def _accepted_at(sent_ms: int | None) -> Timestamp:
    """When the message was written: who asks to be forgotten after that has it not kept, however late it is read."""
    now = now_iso()
    try:
        return now if sent_ms is None else min(now, iso(moment_of(sent_ms / 1000)))
    except (ValueError, OverflowError, OSError):
        return now
