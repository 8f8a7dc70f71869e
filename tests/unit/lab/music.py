"""Clips that need no audio: for tests of what is counted."""

from pathlib import Path

from lab.corpus import Clip


def clip(number: int, track: str, artist: str, **known: object) -> Clip:
    return Clip(f"clip {number}", track, artist, Path("nowhere"), f"{number:064d}", **known)  # type: ignore[arg-type]
