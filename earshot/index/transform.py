"""The catalogue transform: turns embeddings into the vectors that the index compares.

``vector = normalise(((x - mean) * scale) @ projection)``. How the three are fitted to a catalogue is the builder's
business (annoy_service/fit.py); everybody else only applies them.
"""

import io
import zipfile
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from earshot.embedding import Vector
from earshot.errors import DamagedIndex
from earshot.index.arrays import ONE_HEADER_AT_A_TIME

Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class CatalogueTransform:
    """`mean` and `scale` (raw_dim,), `projection` (raw_dim, dim), all float32."""

    mean: Vector
    scale: Vector
    projection: Matrix
    fitted_at: str = ""
    """Part of what is stored, so that no two fits share a key."""

    @property
    def raw_dim(self) -> int:
        """Length of the embeddings it takes."""
        return int(self.projection.shape[0])

    @property
    def dim(self) -> int:
        """Length of the vectors it gives."""
        return int(self.projection.shape[1])

    def __call__(self, embeddings: npt.NDArray[np.floating]) -> Matrix:
        """Unit vectors (n, dim) of `embeddings` (n, raw_dim)."""
        x = (np.asarray(embeddings, np.float32) - self.mean) * self.scale
        return unit(x @ self.projection)

    def to_bytes(self) -> bytes:
        """An uncompressed npz; equal transforms give equal bytes."""
        buffer = io.BytesIO()
        np.savez(
            buffer,
            mean=self.mean,
            scale=self.scale,
            projection=self.projection,
            fitted_at=np.array(self.fitted_at),
        )
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, body: bytes) -> Self:
        """Inverse of `to_bytes`.

        Raises:
            DamagedIndex: not a transform, or shapes that do not fit each other.
        """
        try:
            with ONE_HEADER_AT_A_TIME, np.load(io.BytesIO(body), allow_pickle=False) as arrays:
                transform = cls(arrays["mean"], arrays["scale"], arrays["projection"], str(arrays["fitted_at"]))
        except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise DamagedIndex(f"not a catalogue transform: {error}") from None
        shape = (transform.projection.shape[0],) if transform.projection.ndim == 2 else None
        if transform.mean.shape != shape or transform.scale.shape != shape:
            raise DamagedIndex(f"catalogue transform with shapes {transform.mean.shape}, {transform.projection.shape}")
        return transform


def unit(vectors: npt.NDArray[np.floating]) -> Matrix:
    """Rows of `vectors` (n, dim) with length 1, float32.

    A row without a direction (a track exactly at the catalogue's mean) becomes the first axis: every row of an index
    is a unit vector and no similarity is ever NaN.
    """
    vectors = np.asarray(vectors, np.float32)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    lost = norms[:, 0] < np.finfo(np.float32).tiny
    result = vectors / np.where(norms < np.finfo(np.float32).tiny, 1, norms)
    if lost.any():
        result[lost] = 0
        result[lost, 0] = 1
    return result.astype(np.float32, copy=False)
