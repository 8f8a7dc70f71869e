"""What the published network makes of the test music: `python -m tests.golden.features` writes features.npz anew.

One row a clip of `tests.corpus`, and one of a short invented piece, which is at hand even where no clip can be cut.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.music.invented import invented

_FILE = Path(__file__).with_name("features.npz")
_INVENTED_S = 10
INVENTED = "invented"
"""Id of the invented piece."""


@dataclass(frozen=True, slots=True, eq=False)
class Golden:
    """Embeddings and drifts (n, 624) as they are stored in the table, tags (n, 50) in the network's order."""

    clip_ids: tuple[str, ...]
    embedding: npt.NDArray[np.float16]
    drift: npt.NDArray[np.float16]
    tags: npt.NDArray[np.float32]

    def row_of(self, clip_id: str) -> int:
        """Where a clip stands.

        Raises:
            ValueError: nowhere.
        """
        return self.clip_ids.index(clip_id)


@cache
def golden() -> Golden:
    """The committed features."""
    with np.load(_FILE) as stored:
        names = tuple(str(name) for name in stored["clip_id"])
        return Golden(names, stored["embedding"], stored["drift"], stored["tags"])


def invented_samples() -> npt.NDArray[np.float32]:
    """The invented piece, mono at 16,000 Hz."""
    left, right = invented(_INVENTED_S, 16_000).T
    mono: npt.NDArray[np.float32] = (left + right) / 2
    return mono


def main() -> None:
    """Let the published network hear everything."""
    from extractor.audio.decode import decode
    from tests.corpus import clips
    from tests.parity.published import RATE, published  # TensorFlow

    samples = {clip.clip_id: decode(clip.path.read_bytes(), RATE, 1).samples for clip in clips()}
    heard = {name: published().hear(audio) for name, audio in {**samples, INVENTED: invented_samples()}.items()}
    np.savez_compressed(
        _FILE,
        clip_id=np.array(list(heard)),
        embedding=np.stack([row.embedding for row in heard.values()]).astype(np.float16),
        drift=np.stack([row.drift for row in heard.values()]).astype(np.float16),
        tags=np.stack([row.tags for row in heard.values()]).astype(np.float32),
    )


if __name__ == "__main__":
    main()
