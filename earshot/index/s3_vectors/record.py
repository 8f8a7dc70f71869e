"""What is said of the copy in S3 Vectors: one object in the index bucket, which moves only from what its mover saw."""

import json
from dataclasses import asdict, dataclass
from typing import Self

from earshot.errors import DamagedIndex
from earshot.index.formats import dump

RECORD_KEY = "s3-vectors.json"


@dataclass(frozen=True, slots=True)
class Serving:
    """The `index` of S3 Vectors that readers ask, and the version that it holds.

    `recall`: share of the ten true neighbours that it found when it was written; `since`: when it began to serve.
    """

    index: str
    version: str
    recall: float
    since: str


@dataclass(frozen=True, slots=True)
class Writing:
    """What a writer is doing: making `index`, which holds the version `held` (empty: nothing), hold `toward`.

    It is finished before anything newer is begun: so the tracks that may differ are always known. `done`: how many of
    them are as they should be, in an order that depends on the two versions alone.
    """

    index: str
    held: str
    toward: str
    done: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """Who writes, by a word of chance, and when that was last said."""

    by: str
    at: str


@dataclass(frozen=True, slots=True)
class Record:
    """The content of `RECORD_KEY`."""

    serving: Serving | None = None
    writing: Writing | None = None
    claim: Claim | None = None

    @property
    def versions(self) -> set[str]:
        """Those that are still needed to tell what has changed since."""
        serving = {self.serving.version} if self.serving else set()
        return serving | ({self.writing.held, self.writing.toward} - {""} if self.writing else set())

    def to_bytes(self) -> bytes:
        """JSON, as stored."""
        return dump(asdict(self))

    @classmethod
    def from_bytes(cls, body: bytes) -> Self:
        """Inverse of `to_bytes`.

        Raises:
            DamagedIndex: no record.
        """
        try:
            data = json.loads(body)
            serving, writing, claim = data["serving"], data["writing"], data["claim"]
            return cls(
                Serving(**serving) if serving else None,
                Writing(**writing) if writing else None,
                Claim(**claim) if claim else None,
            )
        except (ValueError, KeyError, TypeError) as error:
            raise DamagedIndex(
                f"{RECORD_KEY} is no record of a copy in S3 Vectors: {error!r}",
                hint="Delete it: the next copy is made from nothing.",
            ) from None
