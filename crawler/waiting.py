"""Handing work back to its queue. Functions never sleep through a provider's wait; a message carries it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from earshot.clock import Timestamp, in_seconds, seconds_until
from earshot.errors import ProviderThrottled, ProviderUnavailable
from earshot.messages import CrawlPlaylist, FetchPreview
from earshot.reasons import Reason
from earshot.stores.message_queue import MAX_DELAY_S, MessageQueue

MAX_ATTEMPTS = 5
_FIRST_RETRY_S = 5.0
_Deferrable = TypeVar("_Deferrable", CrawlPlaylist, FetchPreview)


@dataclass(frozen=True, slots=True)
class Later:
    """Work that cannot be done now.

    After `seconds` it can, as a provider says or, unless `by_provider`, as we expect. None: something failed, so it is
    tried again soon and only a few times. `outcomes`: see `FetchPreview`.
    """

    seconds: float | None = None
    by_provider: bool = True
    outcomes: Mapping[str, Reason] = field(default_factory=dict)


def later(error: ProviderThrottled | ProviderUnavailable) -> Later:
    """What `error` means for the work it stopped."""
    return Later(error.retry_after_s if isinstance(error, ProviderThrottled) else None)


def early_by_s(message: CrawlPlaylist | FetchPreview) -> float:
    """Seconds by which `message` came before its time; 0 when it did not."""
    return max(0.0, seconds_until(message.not_before)) if message.not_before else 0.0


def defer(message: _Deferrable, queue: MessageQueue, wait: Later) -> Timestamp | None:
    """Send `message` again for after the wait, or after 5, 15, 45, … seconds for a failure.

    Returns:
        When it will be worked on again; None, and nothing is sent, when it has failed too often.
    """
    seconds = wait.seconds
    if seconds is None:
        if message.attempt + 1 >= MAX_ATTEMPTS:
            return None
        seconds = _FIRST_RETRY_S * 3.0**message.attempt
        message = replace(message, attempt=message.attempt + 1)
    until = in_seconds(seconds)
    # Queues delay 15 minutes at most, `not_before` carries the rest.
    queue.send(replace(message, not_before=until if seconds > MAX_DELAY_S else None), delay_s=seconds)
    return until
