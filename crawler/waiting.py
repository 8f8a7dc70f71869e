"""Handing work back to its queue. Functions never sleep through a provider's wait; a message carries it."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TypeVar

from earshot.errors import ProviderThrottled, ProviderUnavailable
from earshot.message_queue import MAX_DELAY_S, MessageQueue
from earshot.messages import CrawlPlaylist, FetchPreview

MAX_ATTEMPTS = 5
LONGEST_WAIT_S = 24 * 3600.0
_FIRST_RETRY_S = 5.0
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]*)?")
_Deferrable = TypeVar("_Deferrable", CrawlPlaylist, FetchPreview)


def in_seconds(seconds: float) -> str:
    """The UTC time `seconds` from now, ISO 8601, at most a day ahead."""
    delay = timedelta(seconds=min(max(seconds, 0.0), LONGEST_WAIT_S))
    return (datetime.now(UTC) + delay).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def seconds_until(time: str) -> float:
    """Seconds from now to `time` (ISO 8601, UTC), negative when it has passed."""
    return (datetime.fromisoformat(time) - datetime.now(UTC)).total_seconds()


def is_early(message: CrawlPlaylist | FetchPreview, queue: MessageQueue) -> bool:
    """Whether `message` came before its time; if so, it has been sent back to wait for the rest."""
    if message.not_before is None or (remaining := seconds_until(message.not_before)) <= 0:
        return False
    queue.send(message, delay_s=remaining)
    return True


def defer(message: _Deferrable, queue: MessageQueue, seconds: float) -> str:
    """Send `message` again for `seconds` from now; queues delay 15 minutes at most, `not_before` carries the rest.

    Returns:
        When it will be worked on again.
    """
    until = in_seconds(seconds)
    queue.send(replace(message, not_before=until if seconds > MAX_DELAY_S else None), delay_s=seconds)
    return until


def defer_after(error: ProviderThrottled | ProviderUnavailable, message: _Deferrable, queue: MessageQueue) -> str:
    """Send `message` again after the wait that `error` asks for, or after 5, 15, 45, … seconds for a failure.

    Raises:
        ProviderUnavailable: `error` itself, when the message has failed too often.
    """
    if isinstance(error, ProviderThrottled):
        return defer(message, queue, error.retry_after_s)
    if message.attempt + 1 >= MAX_ATTEMPTS:
        raise error
    return defer(replace(message, attempt=message.attempt + 1), queue, _FIRST_RETRY_S * 3.0**message.attempt)


def retry_after_s(header: str | None, default: float = 30.0) -> float:
    """Seconds in a Retry-After header, a number or a date (RFC 9110); `default` where it is missing or neither."""
    text = (header or "").strip()
    if _NUMBER.fullmatch(text):
        seconds = float(text)
    else:
        try:
            date = parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return default
        seconds = (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 1.0), LONGEST_WAIT_S)
