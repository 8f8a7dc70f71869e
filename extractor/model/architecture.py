"""MSD_musicnn in numbers and names: how many filters of which size, and what the checkpoint calls them."""

PATCH_FRAMES = 187
MELS = 96
TIMBRAL = {"conv2d": (7, 38), "conv2d_1": (7, 67)}
"""Front-end banks over time x frequency, padded in time, valid in frequency."""
TEMPORAL = {"conv2d_2": 128, "conv2d_3": 64, "conv2d_4": 32}
"""Front-end banks over time alone, 'same' padding."""
MID = ("conv2d_5", "conv2d_6", "conv2d_7")
BANK_SIZES = (204, 204, 51, 51, 51)
MID_FILTERS = 64
PENULTIMATE = 200
TAGS = 50
EPSILON = 1e-3


def batch_norm_of(conv: str) -> str:
    """Name of the batch normalisation that follows a convolution: `conv2d` -> `batch_normalization_1`."""
    return f"batch_normalization_{int(conv.partition('_')[2] or 0) + 1}"
