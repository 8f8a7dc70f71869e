"""The embedding of a track: what the network heard, and how it drifts within the clip."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from earshot.errors import AudioRejected, InvalidInput
from earshot.reasons import Reason

Vector = npt.NDArray[np.float32]

_STORED = np.dtype("<f2")


@dataclass(frozen=True, slots=True)
class Embedding:
    """`embedding`: mean of the features over patches; `drift`: mean of the first half minus that of the second.

    Both (dim,) float32, finite; stored as little-endian float16, which measures the same.
    """

    embedding: Vector
    drift: Vector

    def __post_init__(self) -> None:
        if self.embedding.shape != self.drift.shape or self.embedding.ndim != 1:
            raise InvalidInput(
                f"embedding {self.embedding.shape} and drift {self.drift.shape} differ in shape or are not flat"
            )
        limit = np.finfo(_STORED).max
        for name, values in (("embedding", self.embedding), ("drift", self.drift)):
            if not np.isfinite(values).all() or np.abs(values).max(initial=0) > limit:
                raise AudioRejected(f"the {name} is not finite in float16", reason=Reason.NOT_FINITE)

    def to_bytes(self) -> tuple[bytes, bytes]:
        """The two as little-endian float16."""
        return self.embedding.astype(_STORED).tobytes(), self.drift.astype(_STORED).tobytes()

    @classmethod
    def from_bytes(cls, embedding: bytes, drift: bytes) -> Self:
        """Inverse of `to_bytes`.

        Raises:
            InvalidInput: lengths differ or are odd.
        """
        if len(embedding) != len(drift) or len(embedding) % 2:
            raise InvalidInput(f"{len(embedding)} and {len(drift)} bytes are not two float16 vectors")
        return cls(
            np.frombuffer(embedding, _STORED).astype(np.float32),
            np.frombuffer(drift, _STORED).astype(np.float32),
        )
