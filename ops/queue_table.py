"""The queues there are: infra/queues.json, which Terraform and serverless.yml read too."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypedDict

from config.local import ROOT


@dataclass(frozen=True, slots=True)
class WorkQueue:
    """A queue that one function reads.

    `timeout_s` is the function's, in seconds; after so many `receives` a message is a dead letter.
    """

    timeout_s: int
    receives: int


@dataclass(frozen=True, slots=True)
class QueueTable:
    """Every queue by its name, which is ``earshot-<stage>-<name>`` in AWS; all keep messages for `retention_days`."""

    work: Mapping[str, WorkQueue]
    """Those that functions read."""
    parked: tuple[str, ...]
    """Those that keep messages for a person. `index-failed`: tracks that could not be read, and positions of stream
    records that failed; `make repair` indexes what can be."""
    retention_days: int

    @property
    def names(self) -> list[str]:
        """All of them."""
        return [*self.work, *self.parked]


class _Row(TypedDict):
    timeout_s: int
    receives: int


class _Table(TypedDict):
    retention_days: int
    work: dict[str, _Row]
    parked: dict[str, object]


@cache
def queue_table() -> QueueTable:
    """The table of this checkout."""
    table: _Table = json.loads((ROOT / "infra" / "queues.json").read_text(encoding="utf-8"))
    work = {name: WorkQueue(**row) for name, row in table["work"].items()}
    return QueueTable(work, tuple(table["parked"]), table["retention_days"])
