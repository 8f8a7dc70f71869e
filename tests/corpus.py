"""Music for tests and benches, made once (tests/music), kept under .cache/test-music and never committed.

What is missing is made on first use, under a file lock, so that parallel workers wait for one another.
"""

import fcntl
import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lab import encoding as encoder
from tests.music import clips as cutting
from tests.music import encoding, hostile, invented

_CACHE = Path(__file__).resolve().parents[1] / ".cache"
_KEPT = _CACHE / "test-music"
_PIECES = _CACHE / "demo-music"
"""Where the demo keeps the pieces; tests cut theirs from the same."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One 30 s MP3. Clips of one track share `track`; their ids end in ``_a`` and ``_b``."""

    clip_id: str
    path: Path

    @property
    def track(self) -> str:
        """What a person would call the same track."""
        return self.clip_id.rpartition("_")[0]

    @property
    def album(self) -> str:
        """The album's name, as part of a file's."""
        return self.clip_id.partition("__")[0]


@cache
def clips() -> tuple[Clip, ...]:
    """Every clip, by id: freely licensed game music; synthesised where no Debian package can be had."""
    folder = _made("clips", lambda target: cutting.write_all(target, _PIECES), cutting, encoding, encoder)
    return tuple(Clip(path.stem, path) for path in sorted(folder.iterdir()))


@cache
def hostile_dir() -> Path:
    """Folder of hostile inputs; `hostile_cases` says what each must get."""
    return _made("hostile", hostile.write_all, hostile, encoding, invented, encoder)


def hostile_cases() -> dict[str, str]:
    """File name -> what it must get (`ok` or `reject`)."""
    return {name: case.expected for name, case in hostile.HOSTILE.items()}


def _made(name: str, make: Callable[[Path], None], *recipe: object) -> Path:
    """A folder that `make` fills; made anew when the modules of its `recipe` have changed."""
    sources = b"".join(Path(str(module.__file__)).read_bytes() for module in recipe)  # type: ignore[attr-defined]
    done = _KEPT / f"{name}-{hashlib.sha256(sources).hexdigest()[:8]}"
    _KEPT.mkdir(parents=True, exist_ok=True)
    with locked(_KEPT / f"{name}.lock"):
        if not done.exists():
            unfinished = _KEPT / f"{name}.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            make(unfinished)
            unfinished.rename(done)
    return done


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds an exclusive lock on `path`, across processes."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
