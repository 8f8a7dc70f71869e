"""The weights of EfficientAT mn04_as up to its twelfth block (Schmid, Koutini & Widmer 2023, MIT licence).

What the published checkpoint holds of them lies in `data/mn04.npz`, 0.6 MB, with its licence beside it.
`python -m extractor.model.mn04_weights mn04_as_mAP_432.pt` takes them out of the checkpoint anew.
"""

import hashlib
import sys
from pathlib import Path

import numpy as np

from earshot.errors import EarshotError, InvalidInput
from extractor.model.checkpoint import Weights
from extractor.model.torch_checkpoint import read_tensors

CHECKPOINT = "mn04_as_mAP_432.pt"
CHECKPOINT_SHA256 = "899a8c6217063f6941793102a2780b3dd788ab11fce468d9cf5f0577c453321c"
SOURCE = "https://github.com/fschmid56/EfficientAT"
FILE = Path(__file__).with_name("data") / "mn04.npz"
_PARTS = range(13)
"""The first convolution and twelve blocks; what follows them is not heard."""


def weights() -> Weights:
    """Kernels, biases and batch statistics by their names in the checkpoint, laid out as PyTorch does."""
    with np.load(FILE, allow_pickle=False) as stored:
        return dict(stored)


def from_checkpoint(path: Path) -> Weights:
    """The same, out of the published checkpoint.

    Raises:
        InvalidInput: it is not the published one.
    """
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read ({error.strerror})") from None
    if digest != CHECKPOINT_SHA256:
        raise InvalidInput(f"{path} has SHA-256 {digest}, expected {CHECKPOINT_SHA256}: take {CHECKPOINT} of {SOURCE}")
    wanted = tuple(f"features.{part}." for part in _PARTS)
    return {name: values for name, values in read_tensors(path).items() if name.startswith(wanted)}


def main() -> int:
    """Write `data/mn04.npz` from the checkpoint that the argument names."""
    try:
        taken = from_checkpoint(Path(sys.argv[1]))
    except EarshotError as error:
        print(f"mn04: {error.message}", file=sys.stderr)
        return 1
    FILE.parent.mkdir(exist_ok=True)
    np.savez_compressed(FILE, **taken)  # type: ignore[arg-type]  # the stubs take names for options
    print(f"{len(taken)} tensors, {sum(values.size for values in taken.values())} numbers in {FILE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
