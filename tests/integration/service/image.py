"""What a container of the API would run, without an engine for containers: its files, libraries and environment."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[3]
_DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
_LAST = _DOCKERFILE[_DOCKERFILE.rindex("\nFROM ") :]
_PINS = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==", re.MULTILINE)
_POWERLESS = ["setpriv", "--securebits", "+noroot", "--bounding-set", "-all", "--inh-caps", "-all"]
"""Root without any of its powers, who writes nowhere that the modes forbid: tests may run as root."""


def command() -> list[str]:
    """What it starts."""
    found: list[str] = json.loads(_LAST.split("\nCMD ")[1].splitlines()[0])
    return found


def environment() -> dict[str, str]:
    """What it sets."""
    (line,) = re.findall(r"^ENV (.+)$", _LAST, re.MULTILINE)
    return dict(word.split("=", 1) for word in shlex.split(line))


def _fill(app: Path, libraries: Path) -> None:
    for line in re.findall(r"^COPY (?!--from)(.+)$", _LAST, re.MULTILINE):
        *sources, target = line.split()
        for source in sources:
            to = app / target if target != "./" else app / source
            copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
            copy(ROOT / source, to)
    here = Path(sysconfig.get_paths()["platlib"])
    for name in _PINS.findall((ROOT / "requirements" / "service.txt").read_text(encoding="utf-8")):
        for top in {file.parts[0] for file in distribution(name).files or () if ".." not in file.parts}:
            if top != "__pycache__" and not (libraries / top).exists():
                (libraries / top).symlink_to(here / top)


@contextmanager
def container(**settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process as the image would start it: nothing to write to but its cache, nobody's rights, no other library."""
    with TemporaryDirectory() as name:
        root = Path(name)
        app, libraries, cache = root / "app", root / "libraries", root / "cache"
        for folder in (app, libraries, cache):
            folder.mkdir()
        _fill(app, libraries)
        for folder in (app, *(path for path in app.rglob("*") if path.is_dir())):
            folder.chmod(0o555)
        own = {**environment(), "EARSHOT_INDEX_CACHE_DIR": str(cache), "PYTHONPATH": str(libraries), **settings}
        process = subprocess.Popen(
            [*(_POWERLESS if os.getuid() == 0 else ()), sys._base_executable, "-S", *command()[1:]],  # type: ignore[attr-defined]
            cwd=app,
            env={**own, "PATH": os.environ["PATH"]},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            for folder in (app, *(path for path in app.rglob("*") if path.is_dir())):
                folder.chmod(0o755)
