"""Plays on their way into the queue, those of many requests in one message: on one machine, where one process answers.

Whoever comes while a message is on its way goes with the next one (group commit). A request is answered once all that
it has handed in is in the queue, as in the cloud, where each container has one request and sends for it alone.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from earshot.messages import RecordPlays
from earshot.play_messages import merged, together

PAUSE_S = 0.1
"""Between two messages while many play at once. Whoever plays alone never waits for it."""


@dataclass(frozen=True, slots=True)
class _HandedIn:
    """What a request hands in, and what becomes of it."""

    message: RecordPlays
    sent: "asyncio.Future[None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Outbox:
    """Sends plays, in the order in which they were handed in. For one event loop.

    Args:
        send: sends them; runs in another thread.
    """

    def __init__(self, send: Callable[[RecordPlays], None]) -> None:
        self._send_message = send
        self._accepted: list[RecordPlays] = []
        self._waiting: list[_HandedIn] = []
        self._sending: asyncio.Task[None] | None = None

    def send(self, message: RecordPlays) -> None:
        """Hand in plays for the request that is being answered; `delivered` tells what became of them."""
        self._accepted.append(message)

    async def delivered(self) -> None:
        """Wait until the queue has all that was handed in. The request that did so calls this before any other runs.

        Raises:
            Exception: what sending some of it has raised.
        """
        if not self._accepted:
            return
        own = [_HandedIn(message) for message in self._accepted]
        self._accepted.clear()
        self._waiting += own
        if self._sending is None:
            self._sending = asyncio.create_task(self._send_on())
        outcomes = await asyncio.gather(*(one.sent for one in own), return_exceptions=True)
        for outcome in outcomes:
            if outcome is not None:
                raise outcome

    async def _send_on(self) -> None:
        """Until nothing waits any more."""
        try:
            while self._waiting:
                handed_in, self._waiting = self._waiting, []
                for group in together(handed_in, lambda one: one.message):
                    await self._send(group)
                if len(handed_in) > 1 or self._waiting:
                    await asyncio.sleep(PAUSE_S)
        finally:
            self._sending = None

    async def _send(self, group: Sequence[_HandedIn]) -> None:
        """One message; whatever fails, fails for everybody in it and for nobody else."""
        message = merged([one.message for one in group])
        failed: Exception | None = None
        try:
            await asyncio.to_thread(self._send_message, message)
        except Exception as error:  # noqa: BLE001 (whoever waits hears of it)
            failed = error
        for one in group:
            if one.sent.done():
                continue  # nobody waits any more
            if failed:
                one.sent.set_exception(failed)
            else:
                one.sent.set_result(None)


@dataclass(frozen=True, slots=True)
class Unsent:
    """Stands for the queue where plays could not be sent, so that the request is answered as if it had said so."""

    error: Exception

    def send(self, _message: RecordPlays) -> None:
        """Raises the error."""
        raise self.error
