"""Clips of 30 s, as shops have them, cut from whole pieces."""

import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import soundfile

from demo.music import NoPackages, debian_music
from demo.synth import synthesise
from tests.music.encoding import encoded

CLIP_S = 30
_SHORTEST_S = 35
_TWO_CLIPS_S = 100
_INTRO_S = 20
_PIECES_OF_AN_ALBUM = 4


@dataclass(frozen=True, slots=True)
class Cut:
    """A clip to be: where it begins in its piece. Pieces lie in a folder for their album in one for their artist."""

    piece: Path
    start_s: float
    which: str

    @property
    def clip_id(self) -> str:
        """``<album>__<title>_<which>``."""
        return f"{_slug(self.piece.parent.name)}__{_slug(self.piece.stem)}_{self.which}"


def write_all(folder: Path, cache: Path) -> None:
    """``<clip id>.mp3`` for every cut of the demo's pieces, which are kept under `cache`.

    Where no Debian package can be had, of pieces that are synthesised.
    """
    try:
        pieces = debian_music(cache).folder
    except NoPackages:
        pieces = cache / "synthesised-whole"
        synthesise(pieces, seconds=_TWO_CLIPS_S + 10, variants=5)
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        for _ in workers.map(lambda cut: _write(cut, folder), cuts(pieces)):
            pass


def cuts(pieces: Path) -> Iterator[Cut]:
    """The longest pieces of every album, and a second clip of those that are long enough for one."""
    for album in sorted({path.parent for path in pieces.rglob("*") if path.is_file()}):
        lengths = {piece: soundfile.info(piece).duration for piece in sorted(album.iterdir())}
        for piece in sorted(lengths, key=lambda piece: -lengths[piece])[:_PIECES_OF_AN_ALBUM]:
            if lengths[piece] >= _SHORTEST_S:
                yield Cut(piece, min(_INTRO_S, lengths[piece] - CLIP_S - 1), "a")
            if lengths[piece] > _TWO_CLIPS_S:
                yield Cut(piece, 0.6 * lengths[piece], "b")


def _write(cut: Cut, folder: Path) -> None:
    with soundfile.SoundFile(cut.piece) as file:
        file.seek(round(cut.start_s * file.samplerate))
        samples = file.read(CLIP_S * file.samplerate, dtype="float32")
        (folder / f"{cut.clip_id}.mp3").write_bytes(encoded(samples, file.samplerate))


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
