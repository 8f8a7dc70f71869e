"""`musicnn-mn04@2`: MSD_musicnn, and beside it the lower half of EfficientAT mn04, which knows sounds of every kind.

One decoding at 32 kHz serves both: MSD_musicnn hears it at 16 kHz, and every second patch of it (docs/adr/0043).
"""

from pathlib import Path

import numpy as np
import onnxruntime

from earshot.embedding import Embedding
from earshot.networks import MUSICNN_MN04
from extractor.audio.samples import Samples
from extractor.networks.kaldi_mel import KaldiMels
from extractor.networks.mel import Array
from extractor.networks.model_files import load_model_files
from extractor.networks.musicnn import MusicnnMsd, drift
from extractor.networks.network import Features

SEGMENT_FRAMES = 1000
"""The ten seconds that it was trained on."""
_REST_FRAMES = 550
"""A rest of so many is heard, too."""
_HALVED_FRAMES = 400
"""A shorter segment is not halved."""
_LEAST_FRAMES = 200
"""A shorter one is repeated."""
_PATCH_STEP = 2
"""MSD_musicnn costs half so, and nothing is lost that could be told from chance."""
_STRIDES = {"block6": 8, "block12": 16}
"""Frames of a segment for each of a block's map."""


class MusicnnMn04:
    """1,264 features: the 624 of `musicnn-msd@1`, and of mn04, by channel and frequency, means over time.

    256 are those of its block 6 (16 channels, 16 frequencies), 384 those of block 12 (48, 8), of each half of each
    ten seconds. Musicnn's are means over every second patch, and so are the tags.

    Raises:
        InvalidSettings: the model files are missing or damaged; those of `musicnn-msd@1` are needed, too.
    """

    name = MUSICNN_MN04.name
    rate = MUSICNN_MN04.rate_hz
    min_seconds = MUSICNN_MN04.min_seconds

    def __init__(self, model_dir: Path, threads: int = 1) -> None:
        files = load_model_files(model_dir, MUSICNN_MN04.name)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(files.graph, options, providers=["CPUExecutionProvider"])
        self._mels = KaldiMels(files.filterbank)
        self._musicnn = MusicnnMsd(model_dir, threads, _PATCH_STEP)

    def features(self, samples: Samples) -> Features:
        """Embedding: means over patches and halves. Drift: mean of their first half minus that of their second."""
        import soxr  # for this network alone: the handler loads none of what decodes

        musicnn = self._musicnn.features(soxr.resample(samples, self.rate, self._musicnn.rate, quality="HQ"))
        rows = self.hear(self._mels.log_mels(samples))
        return Features(
            Embedding(
                np.concatenate([musicnn.embedding.embedding, rows.mean(axis=0)]),
                np.concatenate([musicnn.embedding.drift, drift(rows)]),
            ),
            musicnn.tags,
            musicnn.onsets,
        )

    def hear(self, spectrogram: Array) -> Array:
        """(2 * segments, 640): what is heard in the halves of the segments of a (frames, 128) spectrogram."""
        return np.concatenate([self._halves(segment) for segment in segments(spectrogram)])

    def _halves(self, segment: Array) -> Array:
        spans = {f"{block} spans": _over_halves(len(segment), stride) for block, stride in _STRIDES.items()}
        means = self._session.run(None, {"mels": segment[None], **spans})
        return np.concatenate([of_block[0].reshape(-1, 2) for of_block in means]).T


def _over_halves(frames: int, stride: int) -> Array:
    """(frames / stride, 2): what each frame of a map counts in either half's mean. A short segment's halves are all."""
    count = -(-frames // stride)
    if frames <= _HALVED_FRAMES:
        return np.full((count, 2), 1 / count, np.float32)
    half = count // 2
    spans = np.zeros((count, 2), np.float32)
    spans[:half, 0] = spans[half : 2 * half, 1] = 1 / half
    return spans


def segments(spectrogram: Array) -> list[Array]:
    """Ten seconds each; the rest counts from five and a half on, and what is shorter than two is repeated."""
    count = max(1, (len(spectrogram) + SEGMENT_FRAMES - _REST_FRAMES) // SEGMENT_FRAMES)
    found = [spectrogram[i * SEGMENT_FRAMES : (i + 1) * SEGMENT_FRAMES] for i in range(count)]
    return [
        part if len(part) >= _LEAST_FRAMES else np.tile(part, (-(-_LEAST_FRAMES // len(part)), 1)) for part in found
    ]
