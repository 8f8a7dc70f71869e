"""One stack for all runners, each with music of its own, and what a step of theirs is killed by."""

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import psutil
import pytest

from earshot.api_client import ApiClient
from earshot.index.pointer import Pointer
from earshot.index.store import IndexStore
from earshot.track import Status
from tests.corpus import clips
from tests.e2e.conftest import ROOT, LocalStack, until

RECIPES = ("musicnn-msd@1-128d", "musicnn-msd@1-64d")
_CLIPS = {"loop": 12, "states": 4, "airflow": 4, "prefect": 4}
_LISTENERS = 40


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """A stack that keeps two recipes, with an embedded AWS in which waiting takes a twentieth of the time."""
    stack = LocalStack(tmp_path_factory.mktemp("stack") / "state")
    stack.env |= {"EARSHOT_RECIPES": ",".join(RECIPES), "SFN_WAIT_SCALE": "0.05"}
    try:
        stack.up(timeout_s=400)
        yield stack
    finally:
        stack.close()


@pytest.fixture(scope="session")
def music(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder of real clips for each runner."""
    root, every = tmp_path_factory.mktemp("music"), iter(clips())
    for runner, count in _CLIPS.items():
        (root / runner).mkdir()
        for clip in islice(every, count):
            shutil.copy(clip.path, root / runner / clip.path.name)
    return {runner: root / runner for runner in _CLIPS}


def serving(stack: LocalStack) -> Pointer:
    """The version that readers use."""
    deployment = stack.deployment
    head = IndexStore(deployment.s3, deployment.parameters["index-bucket"]).head()
    assert head is not None
    return head.pointer


def assert_promoted_once(stack: LocalStack, folder: Path, recipe: str) -> None:
    """Every file of the folder is a track of the version that serves, from one crawl."""
    crawls = [crawl for crawl in stack.deployment.crawls.list() if crawl.playlist == str(folder)]
    assert len(crawls) == 1, crawls
    ids = [entry.track_id for entry in stack.deployment.crawls.entries(crawls[0].crawl_id)]
    assert len(set(ids)) == len(ids) == len(list(folder.iterdir()))
    states = stack.deployment.tracks.states([track_id for track_id in ids if track_id])
    assert {status for status, _ in states.values()} == {Status.READY}
    assert serving(stack).recipe == recipe
    version = serving(stack).version
    until(lambda: stack.api.get("/health").body["index"]["version"] == version, 60, "the API to serve it")
    assert all(stack.api.is_searchable(track_id) for track_id in ids if track_id)


def play(stack: LocalStack) -> None:
    """Two crowds, each of which plays one half of the tracks there are, and nothing of the other."""
    tracks = sorted(t.track_id for t in stack.deployment.tracks.scan() if t.status is Status.READY)
    now, half = int(time.time()), len(tracks) // 2
    for number in range(_LISTENERS):
        own = tracks[:half] if number % 2 else tracks[half:]
        heard = [
            {"track_id": own[(number // 2 + place) % len(own)], "listened_at": now - 9000 + 300 * place}
            for place in range(len(own) - 1)
        ]
        ApiClient(f"http://127.0.0.1:{stack.port}", key=f"listener {number}").post("/listens", {"listens": heard})
    deployment = stack.deployment
    until(lambda: not deployment.waiting("plays"), 120, "all plays to be kept")


def run_tool(command: list[str], env: dict[str, str], timeout_s: float = 480) -> subprocess.CompletedProcess[str]:
    """A runner with an environment of its own, and every process that it starts."""
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        try:
            said, _ = process.communicate(timeout=timeout_s)
        finally:
            with _gone_is_fine():
                os.killpg(process.pid, signal.SIGKILL)
    return subprocess.CompletedProcess(command, process.returncode, said)


@contextmanager
def _gone_is_fine() -> Iterator[None]:
    try:
        yield
    except (ProcessLookupError, psutil.NoSuchProcess):
        return


@contextmanager
def killing(step: str, folder: Path, once: Callable[[], object]) -> Iterator[list[int]]:
    """Within the block, the first process of a step of this playlist's run is killed, as soon as `once` holds.

    Yields the ids of processes that were killed.
    """
    killed: list[int] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.1) and not killed:
            for process in psutil.process_iter(["cmdline"]) if once() else ():
                words = process.info["cmdline"] or []
                if words[1:5] == ["-m", "pipelines", "step", step] and f"--playlist={folder}" in words:
                    with _gone_is_fine():
                        process.send_signal(signal.SIGKILL)
                        killed.append(process.pid)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield killed
    finally:
        over.set()
        watcher.join()
