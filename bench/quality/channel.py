"""`python -m bench.quality.channel NETWORK FILE PLACE...`: how a network's features move between encodings.

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

from earshot.networks import NETWORKS, Network, network_named
from lab.corpus import Clip
from lab.encoding import LOSSLESS
from lab.evaluating import WORK_DIR, music
from lab.hearing import hear

HEARD_AS: Final = ("mp3 64", "opus 48", "aac 64")
_RANK = 256
Matrix64 = npt.NDArray[np.float64]


def main() -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="python -m bench.quality.channel")
    parser.add_argument("network", choices=tuple(NETWORKS))
    parser.add_argument("file", type=Path)
    parser.add_argument("places", nargs="+", type=Path)
    options = parser.parse_args()
    clips = music(options.places).clips
    covariance = np.mean([*channels(clips, network_named(options.network)).values()], axis=0)
    factor, diagonal = compressed(covariance)
    np.savez_compressed(
        options.file, channel_factor=factor, channel_diagonal=diagonal, clips=np.array(len(clips)),
        encodings=np.array(HEARD_AS),
    )  # fmt: skip
    print(f"{len(clips)} clips, trace {np.trace(covariance):.4g}")
    return 0


def channels(clips: Sequence[Clip], network: Network) -> dict[str, Matrix64]:
    """By encoding: the mean products (D, D) of what it adds to the embeddings of lossless clips that can be heard."""
    wanted = [(clip, (LOSSLESS, *HEARD_AS)) for clip in clips]
    heard = [found for found in hear(wanted, [network], WORK_DIR) if found is not None]

    def embeddings(encoding: str) -> Matrix64:
        return np.stack([found[encoding][0] for found in heard]).astype(np.float64)

    moved = {encoding: embeddings(encoding) - embeddings(LOSSLESS) for encoding in HEARD_AS}
    return {encoding: delta.T @ delta / len(heard) for encoding, delta in moved.items()}


def compressed(covariance: Matrix64) -> tuple[npt.NDArray[np.float16], npt.NDArray[np.float32]]:
    """A factor (D, 256) and a diagonal (D,): ``factor @ factor.T + diag(diagonal)`` is nearly the covariance."""
    values, vectors = np.linalg.eigh(covariance)
    factor = (vectors[:, -_RANK:] * np.sqrt(np.maximum(values[-_RANK:], 0))).astype(np.float16)
    kept = (factor.astype(np.float64) ** 2).sum(axis=1)
    return factor, np.maximum(np.diag(covariance) - kept, 0).astype(np.float32)


if __name__ == "__main__":
    sys.exit(main())
