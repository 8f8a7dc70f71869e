"""Which calls of AWS a piece of code makes, as the SDK makes them: whatever client, whatever store."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient


@dataclass(frozen=True, slots=True)
class Call:
    """One call: its service and name, what was asked and answered."""

    service: str
    name: str
    asked: dict[str, Any]
    answered: dict[str, Any]


@contextmanager
def counted_calls() -> Iterator[list[Call]]:
    """The calls made within the block."""
    calls: list[Call] = []
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def noting(client: Any, name: str, asked: dict[str, Any]) -> dict[str, Any]:
        answered: dict[str, Any] = {}
        try:
            answered = call(client, name, asked)
        finally:  # refused calls are billed too
            calls.append(Call(client.meta.service_model.service_name, name, asked, answered))
        return answered

    with patch.object(BaseClient, "_make_api_call", noting):
        yield calls
