"""Real audio for tests and benches: built once from Debian packages, kept under .cache/corpus, never committed.

Import as ``from tests.corpus import corpus_dir, hostile_dir``. Both functions build on first use, under a file lock, so
that parallel workers wait for one another instead of building twice.
"""

import csv
import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_CACHE = _ROOT / ".cache"
_PROGRAMS = ("apt-get", "dpkg-deb", "ffmpeg", "ffprobe")


@dataclass(frozen=True, slots=True)
class Clip:
    """One 30 s MP3. Clips of one track share `track`."""

    clip_id: str
    track: str
    artist: str
    title: str
    style: str
    path: Path


def shared_dir() -> Path:
    """The folder of facts, models and corpus recipes beside the repository; `EARSHOT_SHARED` overrides."""
    return Path(os.environ.get("EARSHOT_SHARED") or _ROOT.parent / "shared")


def corpus_dir() -> Path:
    """Folder with `clips.csv` and `clips/*.mp3`: 50 clips of 38 tracks of freely licensed game music.

    Raises:
        RuntimeError: says in one line which program or folder is missing.
    """
    return _once("corpus", _build_corpus)


def hostile_dir() -> Path:
    """Folder of 24 hostile inputs; `hostile.csv` of the recipe says what each must get (`hostile_cases`)."""
    return _once("hostile", _build_hostile)


def clips() -> list[Clip]:
    """Every clip of the corpus, in the order of its list."""
    folder = corpus_dir()
    with (folder / "clips.csv").open(newline="") as lines:
        return [
            Clip(row["clip_id"], row["track_id"], row["artist"], row["title"], row["style"], folder / row["path"])
            for row in csv.DictReader(lines)
        ]


def hostile_cases() -> dict[str, str]:
    """File name -> what it must get (`ok`, `reject`, or a text that allows both)."""
    with (shared_dir() / "corpus" / "hostile.csv").open(newline="") as lines:
        return {row["file"]: row["expected"] for row in csv.DictReader(lines)}


def _once(name: str, build: Callable[[Path, Path], None]) -> Path:
    """`.cache/<name>`, made by `build(recipe folder, empty target)` when it is not there yet."""
    done = _CACHE / name
    _CACHE.mkdir(exist_ok=True)
    with locked(_CACHE / f"{name}.lock"):
        if not done.exists():
            recipe = shared_dir() / "corpus"
            if not recipe.is_dir():
                raise RuntimeError(f"no corpus recipe at {recipe}: set EARSHOT_SHARED to the folder that holds corpus/")
            if missing := [program for program in _PROGRAMS if not shutil.which(program)]:
                raise RuntimeError(f"the test corpus needs {', '.join(missing)}: apt-get install ffmpeg (Debian)")
            unfinished = _CACHE / f"{name}.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            build(recipe, unfinished)
            unfinished.rename(done)
    return done


def _build_corpus(recipe: Path, target: Path) -> None:
    packages = (recipe / "packages.txt").read_text().split()
    lock, expect = recipe / "debs.csv", recipe / "clips.csv"
    _run([str(recipe / "build.py"), str(target), *packages, "--lock", str(lock), "--expect", str(expect)])
    shutil.rmtree(target / "debs")


def _build_hostile(recipe: Path, target: Path) -> None:
    # The recipe cuts 20..50 s; looped, a 30 s clip is long enough for that.
    source = target / "source.ogg"
    clip = clips()[0].path
    _run(["ffmpeg", "-v", "error", "-stream_loop", "2", "-i", str(clip), "-t", "60", "-q:a", "6", str(source)])
    _run(["bash", str(recipe / "hostile.sh"), str(target), str(source)])
    source.unlink()


def _run(command: list[str]) -> None:
    outcome = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if outcome.returncode:
        raise RuntimeError(f"{command[0]} ended with {outcome.returncode}: {outcome.stderr.strip()[-500:]}")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds an exclusive lock on `path`, across processes."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
