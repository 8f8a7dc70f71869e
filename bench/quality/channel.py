"""`python -m bench.quality.channel NETWORK FILE FOLDER...`: how a network's features move between encodings.

Writes the file that a recipe names as its channel (annoy_service/data): the mean, over clips and encodings, of the
products of what an encoding adds to the features of the lossless clip. Of a covariance (D, D) it keeps its largest 256
directions, and of what is left the diagonal. Which encodings enter says the table `HEARD_AS`.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from bench.quality.encodings import LOSSLESS
from bench.quality.hearing import Raw, audible, hear_all
from bench.quality.music import Clip, clips_of, encode_all
from earshot.networks import NETWORKS

HEARD_AS: Final = ("mp3 64", "opus 48", "aac 64")
_RANK = 256
Matrix64 = npt.NDArray[np.float64]


def main() -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="python -m bench.quality.channel")
    parser.add_argument("network", choices=tuple(NETWORKS))
    parser.add_argument("file", type=Path)
    parser.add_argument("folders", nargs="+", type=Path)
    options = parser.parse_args()
    clips = clips_of(options.folders)
    encode_all(clips, (LOSSLESS,))
    clips = audible(clips, options.network)
    covariance = np.mean([*channels(clips, options.network).values()], axis=0)
    factor, diagonal = compressed(covariance)
    np.savez_compressed(
        options.file, channel_factor=factor, channel_diagonal=diagonal, clips=np.array(len(clips)),
        encodings=np.array(HEARD_AS),
    )  # fmt: skip
    print(f"{len(clips)} clips, trace {np.trace(covariance):.4g}")
    return 0


def channels(clips: Sequence[Clip], network: str) -> dict[str, Matrix64]:
    """By encoding: the mean products (D, D) of what it adds to the embeddings of lossless clips."""
    encode_all(clips, HEARD_AS)

    def heard(encoding: str) -> Raw:
        return hear_all([clip.file(encoding) for clip in clips], network)[:, 0].astype(np.float64)

    plain = heard(LOSSLESS)
    moved = {encoding: heard(encoding) - plain for encoding in HEARD_AS}
    return {encoding: delta.T @ delta / len(clips) for encoding, delta in moved.items()}


def compressed(covariance: Matrix64) -> tuple[npt.NDArray[np.float16], npt.NDArray[np.float32]]:
    """A factor (D, 256) and a diagonal (D,): ``factor @ factor.T + diag(diagonal)`` is nearly the covariance."""
    values, vectors = np.linalg.eigh(covariance)
    factor = (vectors[:, -_RANK:] * np.sqrt(np.maximum(values[-_RANK:], 0))).astype(np.float16)
    kept = (factor.astype(np.float64) ** 2).sum(axis=1)
    return factor, np.maximum(np.diag(covariance) - kept, 0).astype(np.float32)


if __name__ == "__main__":
    sys.exit(main())
