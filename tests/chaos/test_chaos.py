"""Three minutes of bad luck: whatever is killed or fails, in the end table == index == what was crawled.

Ten tracks a second arrive in small crawls. Meanwhile functions are killed at random every few seconds, the whole stack
dies three times, in turns with the embedded AWS and alone, and one in twenty AWS requests of the functions is
throttled, fails, or loses its answer. EARSHOT_CHAOS_S sets how long.
"""

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import soundfile
from botocore.exceptions import BotoCoreError, ClientError

from earshot.containers.identity import track_id_of
from earshot.index.reader import IndexReader
from earshot.intake import start_crawl
from earshot.playlists import parse_playlist
from earshot.track import Status
from tests.corpus import Clip, clips
from tests.e2e.conftest import LocalStack
from tests.music.encoding import encoded

DURATION_S = float(os.environ.get("EARSHOT_CHAOS_S", "180"))
PER_SECOND = 10
CRAWL = 50
FAULTS = "0.05"
_FUNCTION_KILL_EVERY_S = (2.0, 6.0)
_STACK_KILL_EVERY_S = DURATION_S / 4
_SETTLES_WITHIN_S = 900.0
_STARTS = 5
_CLIP_S = 6
_FUNCTIONS = ("local.worker", "local.front_door")


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[LocalStack]:
    own = LocalStack(tmp_path / "state")
    own.env |= {
        "EARSHOT_FAULTS": FAULTS,
        "EARSHOT_LOCAL_WORKERS": "0",
        "EARSHOT_PROVIDERS": "file",
        "EARSHOT_FOLDER_ROOTS": str(tmp_path / "music"),
    }
    own.up()
    yield own
    own.close()


def _music(folder: Path, count: int) -> dict[str, list[str]]:
    """Folders of `CRAWL` files, no two of one sound; the track ids in each."""
    bases = [_beginning(clip) for clip in clips()[:12]]
    found: dict[str, list[str]] = {}
    for number in range(count):
        crawl = folder / f"{number // CRAWL:03}"
        crawl.mkdir(parents=True, exist_ok=True)
        path = crawl / f"{number:05}.mp3"
        path.write_bytes(_differing(bases[number % len(bases)], number))
        with path.open("rb") as file:
            found.setdefault(str(crawl), []).append(track_id_of(file))
    return found


def _beginning(clip: Clip) -> bytes:
    samples, rate = soundfile.read(clip.path, frames=_CLIP_S * 44_100, dtype="float32")
    return encoded(samples, rate)


def _differing(mp3: bytes, number: int) -> bytes:
    """The same sound but for the end of its last frame: another track, as a tag alone would not make it."""
    return mp3[:-4] + number.to_bytes(4, "big")


class _Saboteur(threading.Thread):
    """Kills functions until told to stop."""

    def __init__(self, stack: LocalStack) -> None:
        super().__init__(daemon=True)
        self.kills = 0
        self._stack = stack
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(random.uniform(*_FUNCTION_KILL_EVERY_S)):
            with contextlib.suppress(psutil.NoSuchProcess):
                children = psutil.Process(self._stack.pid).children(recursive=True)
                functions = [child for child in children if any(name in child.cmdline() for name in _FUNCTIONS)]
                if functions:
                    random.choice(functions).kill()
                    self.kills += 1

    def stop(self) -> None:
        self._over.set()
        self.join()


def _start(stack: LocalStack, playlist: str) -> None:
    """As `make crawl` does; tried again while the stack is away."""
    deadline = time.monotonic() + 90
    while True:
        try:
            deployment = stack.deployment
            start_crawl(parse_playlist(playlist), crawls=deployment.crawls, crawl_queue=deployment.crawl_queue)
        except (ClientError, BotoCoreError):
            assert time.monotonic() < deadline, "the stack did not come back"
            time.sleep(1)
        else:
            return


def _wreck(stack: LocalStack, number: int) -> None:
    """SIGKILL, once for the stack alone (the embedded AWS may write its state), once for everything at once."""
    if number % 2:
        stack.stop(signal.SIGKILL)
    else:
        stack.kill_everything()
    for attempt in range(_STARTS):
        try:
            stack.up()
        except AssertionError:  # a function was killed while it started; whoever supervises the stack starts it again
            if attempt == _STARTS - 1:
                raise
        else:
            return


def test_after_three_minutes_of_bad_luck_nothing_is_missing_and_nothing_is_double(
    stack: LocalStack, tmp_path: Path
) -> None:
    crawls = _music(tmp_path / "music", int(DURATION_S * PER_SECOND))
    expected = {track_id for tracks in crawls.values() for track_id in tracks}
    assert len(expected) == int(DURATION_S * PER_SECOND)
    saboteur = _Saboteur(stack)
    saboteur.start()
    started, wrecks = time.monotonic(), 0
    for number, playlist in enumerate(crawls):
        time.sleep(max(0.0, started + number * CRAWL / PER_SECOND - time.monotonic()))
        if time.monotonic() - started > (wrecks + 1) * _STACK_KILL_EVERY_S:
            _wreck(stack, wrecks)
            wrecks += 1
        _start(stack, playlist)
    saboteur.stop()
    print(f"{len(expected)} tracks, {saboteur.kills} functions killed, the stack killed {wrecks} times")
    assert saboteur.kills > 0

    deadline = time.monotonic() + _SETTLES_WITHIN_S
    ready: set[str] = set()
    while ready != expected and time.monotonic() < deadline:
        time.sleep(5)
        ready = {track.track_id for track in stack.deployment.tracks.scan() if track.status is Status.READY}
    everything = {track.track_id: (track.status, track.reason) for track in stack.deployment.tracks.scan()}
    print(f"settled after {time.monotonic() - started - DURATION_S:.0f} s")
    assert everything == dict.fromkeys(expected, (Status.READY, None))

    deployment = stack.deployment
    reader = IndexReader(deployment.session.client("s3"), deployment.parameters["index-bucket"], tmp_path / "index")
    while (searcher := reader.current()).size != len(expected) and time.monotonic() < deadline:
        time.sleep(3)
        reader.refresh()
    assert searcher.size == len(expected)
    assert all(searcher.contains(track_id) for track_id in expected)
    agreed = stack.run("repair")
    assert "everything agrees" in agreed.stdout, agreed.stdout + agreed.stderr
    assert not list(deployment.previews.track_ids()), "audio outlived its extraction"
