"""Reports of how what serves fares on today's catalogue: what the clock's look found, beside the index, one a day."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

from annoy_service.drift import Spread
from earshot.clock import Timestamp
from earshot.errors import DamagedIndex
from earshot.index.store import IndexStore

REPORTS: Final = "reports/"


@dataclass(frozen=True, slots=True)
class Report:
    """What was found of the version that serves.

    Attributes:
        at: when.
        version, recipe: what served.
        transform: the SHA-256 of its transform.
        tracks: in the index. `sampled` of them, and `new` ones that were heard since the last report, were looked at.
        found: share of those not new whose first half finds their second; `found_new`: of the new ones; None: too few.
        fitted: how the embeddings lay when this transform was first seen.
        moved: how far they have moved since; None: too few.
        tags: the strongest tags' shares; `retagged`: how far these have moved since the last report; None: too few.
        alarms: `new tracks`, `embeddings`, `tags`: what a person should look at.
    """

    at: Timestamp
    version: str
    recipe: str
    transform: str
    tracks: int
    sampled: int
    new: int
    found: float | None
    found_new: float | None
    fitted: Spread
    moved: float | None
    tags: Mapping[str, float]
    retagged: float | None
    alarms: tuple[str, ...]

    def to_bytes(self) -> bytes:
        """JSON, as stored."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_bytes(cls, body: bytes) -> "Report":
        """Inverse of `to_bytes`.

        Raises:
            DamagedIndex: not a report.
        """
        try:
            said = json.loads(body)
            return cls(**said | {"fitted": Spread(**said["fitted"]), "alarms": tuple(said["alarms"])})
        except (ValueError, TypeError, KeyError) as error:
            raise DamagedIndex(
                f"not a report: {error}", hint=f"Remove what lies under {REPORTS} in the index bucket."
            ) from None

    def __str__(self) -> str:
        figures = {
            "halves found": self.found,
            "of new tracks": self.found_new,
            "embeddings moved": self.moved,
            "strongest tags moved": self.retagged,
        }
        said = ", ".join(f"{name} {figure:.3f}" for name, figure in figures.items() if figure is not None)
        return f"{self.sampled} of {self.tracks} tracks, {self.new} new: {said or 'too few to say anything'}"


def report_key(at: Timestamp) -> str:
    """S3 key of the report of a day, ``reports/2026-11-27.json``: a second one takes the place of the first."""
    return f"{REPORTS}{at[:10]}.json"


def report_before(store: IndexStore, at: Timestamp) -> Report | None:
    """The newest report of a day before that of `at`.

    Raises:
        DamagedIndex: what is there is none.
    """
    keys = [entry.key for entry in store.list(REPORTS) if entry.key < report_key(at)]
    seen = store.see(max(keys)) if keys else None
    return Report.from_bytes(seen.body) if seen else None
