"""Clips for the bench: cut from folders of music, encoded, and kept under build/bench-quality.

The name of a piece's folder stands for its artist. A piece of more than 100 s gives two clips that do not overlap.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
import soxr

from bench.quality.encodings import ENCODINGS, RATE, Samples

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "build" / "bench-quality"
CLIP_S = 30
_SHORTEST_S, _TWO_CLIPS_S, _INTRO_S = 35, 100, 20
PIECES_OF_AN_ARTIST = 8
"""So that no artist decides the figures alone."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip to be: where it begins in its piece; `second`: whether it is the piece's other one."""

    piece: Path
    start_s: float
    second: bool

    @property
    def artist(self) -> str:
        """The folder's name."""
        return self.piece.parent.name

    def file(self, encoding: str) -> Path:
        """Where it lies, encoded."""
        name = f"{self.piece}\n{self.start_s:.2f}\n{self.piece.stat().st_size}"
        return KEPT / encoding.replace(" ", "-") / hashlib.sha256(name.encode()).hexdigest()[:24]


def clips_of(folders: Sequence[Path]) -> list[Clip]:
    """All clips of the music in `folders`, in the order of their pieces."""
    return [clip for folder in folders for artist in _artists(folder) for clip in _clips(artist)]


def every_other(clips: Sequence[Clip]) -> list[int]:
    """Half of the clips: of every piece the second, and each second one of pieces that give only one."""
    with_two = {clip.piece for clip in clips if clip.second}
    alone = [number for number, clip in enumerate(clips) if clip.piece not in with_two]
    return sorted([number for number, clip in enumerate(clips) if clip.second] + alone[1::2])


def encode_all(clips: Sequence[Clip], encodings: Sequence[str]) -> None:
    """Write what is missing of the clips' files."""
    with ProcessPoolExecutor(os.cpu_count()) as workers:
        for _ in workers.map(partial(_encode, encodings=encodings), clips):
            pass


def _artists(folder: Path) -> Iterator[list[tuple[Path, float]]]:
    for artist in sorted({path.parent for path in folder.rglob("*") if path.is_file()}):
        pieces = []
        for path in sorted(artist.iterdir()):
            try:
                length = soundfile.info(path).duration
            except soundfile.LibsndfileError:
                continue
            if length >= _SHORTEST_S:
                pieces.append((path, length))
        chosen = np.linspace(0, len(pieces) - 1, min(len(pieces), PIECES_OF_AN_ARTIST)).round().astype(int)
        yield [pieces[i] for i in chosen]


def _clips(pieces: Sequence[tuple[Path, float]]) -> Iterator[Clip]:
    for path, length in pieces:
        yield Clip(path, min(_INTRO_S, length - CLIP_S - 1), second=False)
        if length > _TWO_CLIPS_S:
            yield Clip(path, 0.6 * length, second=True)


def _encode(clip: Clip, encodings: Sequence[str]) -> None:
    missing = [encoding for encoding in encodings if not clip.file(encoding).exists()]
    if not missing:
        return
    samples = _samples(clip)
    for encoding in missing:
        target = clip.file(encoding)
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_suffix(f".{os.getpid()}.tmp")
        unfinished.write_bytes(ENCODINGS[encoding](samples))
        unfinished.replace(target)


def _samples(clip: Clip) -> Samples:
    """(n, 2) at the bench's rate."""
    with soundfile.SoundFile(clip.piece) as file:
        file.seek(round(clip.start_s * file.samplerate))
        samples = file.read(CLIP_S * file.samplerate, dtype="float32", always_2d=True)
        rate = file.samplerate
    stereo = samples[:, :2] if samples.shape[1] > 1 else np.repeat(samples, 2, axis=1)
    resampled: Samples = stereo if rate == RATE else soxr.resample(stereo, rate, RATE)
    return np.clip(resampled, -1, 1)
