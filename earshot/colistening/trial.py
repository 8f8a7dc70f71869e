"""A trial: another model's table serves some of the listeners, and what they do next tells whether it is better.

Who is among them follows from the listener and the trial's name, so nothing is written down of anybody, and whoever
knows a listener knows their arm (docs/adr/0041).
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

from earshot.colistening.manifest import PREFIX, Pointer
from earshot.errors import DamagedIndex, InvalidInput
from earshot.index.manifest import StoredObject
from earshot.plays import ListenerId

TRIAL_KEY = f"{PREFIX}trial.json"
_NAME = re.compile(r"[a-z0-9-]{1,40}")
_MOST_SHARE = 0.5


class Arm(StrEnum):
    """By which table a listener is answered."""

    CHAMPION = "champion"
    CHALLENGER = "challenger"


@dataclass(frozen=True, slots=True)
class Trial:
    """What is tried on whom.

    Attributes:
        name: of the trial: another name is another draw of listeners.
        share: of the listeners, 0 to 0.5; 0: the trial is over.
        source: the version whose model is tried, fitted to all plays again whenever something is learned.
        started_at: when a table of it first served; empty: none does yet.
        pointer: to the table that serves them.

    Raises:
        InvalidInput: name or share are none.
    """

    name: str
    share: float
    source: str
    started_at: str = ""
    pointer: Pointer | None = field(default=None)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise InvalidInput(f"{self.name[:80]!r} is no name of a trial", hint="Up to 40 of a-z, 0-9 and -.")
        if not 0 <= self.share <= _MOST_SHARE:
            raise InvalidInput(f"a trial cannot be for a share of {self.share} of the listeners", hint="0 to 0.5.")

    def arm_of(self, listener: ListenerId) -> Arm:
        """The arm that the listener is in."""
        drawn = int.from_bytes(hashlib.sha256(f"{self.name} {listener}".encode()).digest()[:8], "big")
        return Arm.CHALLENGER if drawn < self.share * 2**64 else Arm.CHAMPION

    def to_bytes(self) -> bytes:
        """JSON, as stored."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_bytes(cls, body: bytes) -> Self:
        """Inverse of `to_bytes`.

        Raises:
            DamagedIndex: not a trial.
        """
        try:
            data: Mapping[str, Any] = json.loads(body)
            found = data["pointer"]
            pointer = Pointer(**{**found, "manifest": StoredObject(**found["manifest"])}) if found else None
            return cls(**{**data, "pointer": pointer})
        except (ValueError, KeyError, TypeError, InvalidInput) as error:
            raise DamagedIndex(f"not a trial: {body[:200]!r} ({error!r})") from None
