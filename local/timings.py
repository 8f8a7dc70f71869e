"""How closely the local stack keeps to what AWS does with time: as people want it, or as late and as often as AWS.

On one machine what died is seen again at once, a stream has one reader and nothing comes twice, so that work is done
soon. That hides what only AWS's own pace shows. `on_aws` is that pace, made shorter by a factor.
"""

import random
from dataclasses import dataclass

from ops.queue_table import WorkQueue, queue_table

_A_LITTLE_S = 10
_DAY_S = 24 * 3600.0
_SHORTEST_RETENTION_S = 60
"""SQS allows no less."""


@dataclass(frozen=True, slots=True)
class Timings:
    """The pace of the stack.

    - `scale`: so many seconds of AWS take one here.
    - `waits_for_visibility`: a message whose function died comes back when its visibility timeout is over, and so does
      one that was received for a function that is throttled.
    - `shards`: readers of a stream, each with records of its own.
    - `concurrency`: events that all functions together work on at once; None: as many as come.
    - `repeats`: the share of messages and batches that come once more although they were dealt with.
    """

    scale: float = 1.0
    waits_for_visibility: bool = False
    shards: int = 1
    concurrency: int | None = None
    repeats: float = 0.0

    def visibility_s(self, queue: WorkQueue) -> int:
        """Seconds that a message is hidden while a function works on it.

        Six times the function's timeout on AWS, where pollers also take messages for functions that are throttled.
        Otherwise a poller takes what its own worker is free for, and what died with it shall be seen again soon.
        """
        if self.waits_for_visibility:
            return max(1, round(queue_table().visibility_timeouts * queue.timeout_s / self.scale))
        return queue.timeout_s + _A_LITTLE_S

    def retention_s(self) -> int:
        """Seconds that a queue keeps a message, from when it was first sent."""
        return max(_SHORTEST_RETENTION_S, round(queue_table().retention_days * _DAY_S / self.scale))


AT_ONCE = Timings()
"""Nothing waits longer than it must."""


def on_aws(scale: float) -> Timings:
    """As on AWS, `scale` times as fast: a new table has four shards; an account's concurrency is never enough."""
    return Timings(scale=scale, waits_for_visibility=True, shards=4, concurrency=4, repeats=0.05)


def happens(share: float) -> bool:
    """Whether what happens in so many of all cases happens this time."""
    return random.random() < share  # noqa: S311 (nothing secret)
