"""The queues there are: infra/queues.json, which Terraform and serverless.yml read too."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import NotRequired, TypedDict

from config.local import ROOT


@dataclass(frozen=True, slots=True)
class WorkQueue:
    """A queue that one function reads.

    `timeout_s` is the function's, in seconds; after so many `receives` a message is a dead letter. A `fifo` queue hands
    out its messages one after the other.
    """

    timeout_s: int
    receives: int
    fifo: bool = False


@dataclass(frozen=True, slots=True)
class QueueTable:
    """Every queue by the name it has here; all keep messages for `retention_days`."""

    work: Mapping[str, WorkQueue]
    """Those that functions read."""
    parked: tuple[str, ...]
    """Those that no function is woken by. `index-failed`: tracks that could not be indexed, and positions of stream
    records that failed; the function `reconcile_index` has them tried again."""
    retention_days: int
    uploads: Mapping[str, str]
    """Which queue hears of uploads below which prefix of the previews bucket: a query's clip waits behind no crawl."""
    visibility_timeouts: int
    """For so many of its function's timeouts AWS hides a message that was received."""

    @property
    def names(self) -> list[str]:
        """All of them."""
        return [*self.work, *self.parked]

    def name(self, queue: str, stage: str) -> str:
        """What AWS calls the queue."""
        return f"earshot-{stage}-{queue}{self._suffix(queue)}"

    def dead_name(self, queue: str, stage: str) -> str:
        """What AWS calls the queue of its dead letters: of one that no function is woken by, the queue itself."""
        return f"earshot-{stage}-{queue}-dlq{self._suffix(queue)}" if queue in self.work else self.name(queue, stage)

    def _suffix(self, queue: str) -> str:
        """AWS asks for it in the name of a FIFO queue."""
        return ".fifo" if queue in self.work and self.work[queue].fifo else ""


class _Row(TypedDict):
    timeout_s: int
    receives: int
    fifo: NotRequired[bool]


class _Table(TypedDict):
    retention_days: int
    uploads: dict[str, str]
    visibility_timeouts: int
    work: dict[str, _Row]
    parked: dict[str, object]


@cache
def queue_table() -> QueueTable:
    """The table of this checkout."""
    table: _Table = json.loads((ROOT / "infra" / "queues.json").read_text(encoding="utf-8"))
    work = {name: WorkQueue(**row) for name, row in table["work"].items()}
    return QueueTable(
        work, tuple(table["parked"]), table["retention_days"], table["uploads"], table["visibility_timeouts"]
    )
