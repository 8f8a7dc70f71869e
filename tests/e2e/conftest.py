"""A real stack in processes of its own: real functions, real triggers, real music; ports and state are the test's."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from earshot.api_client import ApiClient
from ops.deployment import Deployment
from tests.aws import Endpoint, free_ports
from tests.corpus import clips
from tests.stubs.pictures import picture

ROOT = Path(__file__).parents[2]
_DOORS = {"up": "local", "down": "local", "demo": "demo", "rollback": "lab"}


def until(condition: Callable[[], Any], timeout_s: float, what: str) -> Any:
    """What `condition` returns once it is true."""
    deadline = time.monotonic() + timeout_s
    while not (result := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {timeout_s} s"
        time.sleep(0.1)
    return result


class LocalStack:
    """`make up` as a person runs it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port, self.aws_port = free_ports(2)
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "EARSHOT_"))} | {
            "EARSHOT_LOCAL_DIR": str(directory),
            "PORT": str(self.port),
            "EARSHOT_LOCAL_AWS_PORT": str(self.aws_port),
            "EARSHOT_LOCAL_WORKERS": "1",  # each is a process that imports; the chaos has one per core
            "EARSHOT_LOCAL_TIMINGS": os.environ.get("TIMINGS", "fast"),
            "PYTHONPATH": str(ROOT / "tests" / "faults"),
        }
        self._output = directory.parent / f"{directory.name}.out"
        self._process: subprocess.Popen[bytes] | None = None
        self.family: list[psutil.Process] = []

    def up(self, timeout_s: float = 90) -> str:
        """Start; what it said until it was up."""
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "local", "up"], cwd=ROOT, env=self.env, stdout=output, stderr=subprocess.STDOUT
            )
        until(lambda: self._is_up() or self._process.poll() is not None, timeout_s, "up")  # type: ignore[union-attr]
        assert self._is_up(), self.said()
        self.family = [psutil.Process(self.pid), *psutil.Process(self.pid).children(recursive=True)]
        return self.said()

    def _is_up(self) -> bool:
        return "Earshot is up" in self.said()

    def said(self) -> str:
        return self._output.read_text()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Signal the stack as a person would; its exit code."""
        assert self._process is not None
        self._note_family()
        self._process.send_signal(number)
        return self._process.wait(60)

    def exit_code(self, timeout_s: float) -> int:
        assert self._process is not None
        return self._process.wait(timeout_s)

    def child(self, what: str) -> psutil.Process:
        """The process of the stack whose command line names `what`, as soon as there is one."""

        def find() -> list[psutil.Process]:
            self._note_family()
            return [process for process in self.family[1:] if what in _command_line(process)]

        found: list[psutil.Process] = until(find, 20, what)
        return found[0]

    def kill_everything(self) -> None:
        """SIGKILL for every process of the stack at once, as when the power fails."""
        assert self._process is not None
        self._note_family()
        for process in self.family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait(10)

    def _note_family(self) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            self.family = [psutil.Process(self.pid), *psutil.Process(self.pid).children(recursive=True)]

    def survivors(self) -> list[psutil.Process]:
        return [p for p in self.family if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill_everything()

    def run(self, *arguments: str, timeout_s: float = 120) -> subprocess.CompletedProcess[str]:
        """A command as `make` runs it, on this stack."""
        module = _DOORS.get(arguments[0], "ops")
        return subprocess.run(
            [sys.executable, "-m", module, *(arguments[1:] if module == "demo" else arguments)],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    @property
    def api(self) -> ApiClient:
        return ApiClient(f"http://127.0.0.1:{self.port}")

    @property
    def deployment(self) -> Deployment:
        return Deployment(Endpoint(self.aws_port), "local")

    def log(self, name: str) -> str:
        path = self.directory / "logs" / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """One stack for all tests of the folder; a test that stops it starts it again."""
    stack = LocalStack(tmp_path_factory.mktemp("stack") / "state")
    try:
        stack.up()
        yield stack
    finally:
        stack.close()


@pytest.fixture(scope="session")
def music(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two folders of real clips: `most`, and `few` for what comes later. `most` has covers and what is no music."""
    root = tmp_path_factory.mktemp("music")
    tracks = sorted({clip.track for clip in clips()})
    late = set(tracks[::6])
    for clip in clips():
        folder = root / ("few" if clip.track in late else "most") / clip.album
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(clip.path, folder / f"{clip.clip_id}.mp3")
    for folder in (root / "most").iterdir():
        (folder / "Folder.jpg").write_bytes(picture(180))
    (root / "most" / "broken.mp3").write_bytes(b"ID3\x04" + bytes(random.Random(1).randbytes(5000)))
    (root / "most" / "notes.txt").write_text("not music")
    return {"most": root / "most", "few": root / "few"}


@pytest.fixture
def crawled(stack: LocalStack, music: dict[str, Path]) -> LocalStack:
    """The stack with `most` crawled."""
    if not stack.deployment.crawls.list():
        run = stack.run("crawl", str(music["most"]))
        assert run.returncode == 0, run.stdout + run.stderr
    return stack
