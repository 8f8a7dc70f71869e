"""Between any two side effects any function may die. Whichever it is, every track and crawl ends and index == table.

The windows are not listed here: one undisturbed run shows all changes that functions make, and each function then dies
after each of its changes. docs/architecture.md tells in words what heals which.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3
import numpy as np
import pytest

from earshot.errors import NoIndexYet
from earshot.intake import start_crawl
from earshot.messages import KeepUp
from earshot.playlists import parse_playlist
from earshot.stores.message_queue import FifoQueue
from earshot.track import Status
from tests.aws import account
from tests.stubs.audio import sweep
from tests.stubs.clients import client

from .one_process_cloud import Cloud, Window

_SOON = timedelta(days=3)
_LONGEST = timedelta(days=17)
_SLOWLY = timedelta(hours=6)
_CLOCKS = {"reconcile", "reconcile_index"}
_FUNCTIONS = {"crawl_playlist", "fetch_preview", "extract", "queue_changes", "index_tracks", "compact_index"}


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short track, and a file that is no music."""
    folder = tmp_path_factory.mktemp("music")
    (folder / "sweep.mp3").write_bytes(sweep(4))
    (folder / "broken.mp3").write_bytes(b"ID3\x04" + bytes(range(256)) * 20)
    return folder


class Story:
    """A folder is crawled, and the index compacted because somebody asks for it."""

    def __init__(self, state: Path, music: Path) -> None:
        self.cloud = Cloud(state)
        deployment = self.cloud.deployment
        start_crawl(parse_playlist(str(music)), crawls=deployment.crawls, crawl_queue=deployment.crawl_queue)

    def to_its_end(self, within: timedelta) -> timedelta:
        """Until all is searchable, and compacted then; how long that took."""
        deployment = self.cloud.deployment
        took = self.cloud.settle(self.is_over, within)
        FifoQueue(deployment.sqs, deployment.parameters["compact-queue-url"]).send(KeepUp(on_demand=True))
        return took + self.cloud.settle(lambda: not deployment.waiting("compact") and self.is_over(), within)

    def states(self) -> Counter[Status]:
        return Counter(track.status for track in self.cloud.deployment.tracks.scan())

    def is_over(self) -> bool:
        return self.is_ended() and self._index_is_table()

    def is_ended(self) -> bool:
        """Whether nobody waits any longer, though the index may lack something."""
        (summary,) = self.cloud.deployment.crawls.list(None)
        return bool(summary.finished) and not self.states()[Status.PENDING]

    def _index_is_table(self) -> bool:
        ready = {track.track_id for track in self.cloud.deployment.tracks.scan() if track.status is Status.READY}
        try:
            searcher = self.cloud.reader().current()
        except NoIndexYet:
            return not ready
        return searcher.size == len(ready) and all(map(searcher.contains, ready))


_eigh = np.linalg.eigh
_known: dict[bytes, Any] = {}


def _decomposed(matrix: np.ndarray[Any, Any]) -> Any:
    """Every story fits the same few rows, and spends most of its time on this."""
    key = sha256(matrix.tobytes()).digest()
    if key not in _known:
        _known[key] = _eigh(matrix)
    return _known[key]


@contextmanager
def story(music: Path, **settings: str) -> Iterator[Story]:
    """A story in a fresh account."""
    with (
        TemporaryDirectory() as state,
        pytest.MonkeyPatch.context() as patch,
        account(POWERTOOLS_LOG_LEVEL="CRITICAL", POWERTOOLS_METRICS_DISABLED="true", **settings),
    ):
        patch.setattr(boto3, "client", client)
        patch.setattr(np.linalg, "eigh", _decomposed)
        told = Story(Path(state), music)
        with told.cloud.running():
            yield told


@pytest.fixture(scope="module")
def undisturbed(music: Path) -> list[Window]:
    """All windows of a story in which nothing dies."""
    with story(music) as told:
        assert told.to_its_end(_SOON) < timedelta(hours=1)
        assert told.states() == {Status.READY: 1, Status.NO_PREVIEW: 1}
        return told.cloud.windows


def test_every_function_dies_once_in_each_of_its_windows(music: Path, undisturbed: list[Window]) -> None:
    assert {window.function for window in undisturbed} == _FUNCTIONS, "none is left out"
    for window in undisturbed:
        with story(music) as told:
            told.cloud.kill(once(window))
            took = told.to_its_end(_SOON)
            print(f"{window.function}, after {window.call} {window.number + 1}: {took}")
            assert told.states() == {Status.READY: 1, Status.NO_PREVIEW: 1}, window


@pytest.mark.parametrize("function", sorted(_FUNCTIONS))
def test_a_function_that_dies_every_time_ends_what_it_works_on(music: Path, function: str) -> None:
    with story(music) as told:
        told.cloud.kill(lambda window: window.function == function)
        told.cloud.settle(told.is_ended, _LONGEST)
        told.cloud.kill(lambda _: False)
        told.to_its_end(_LONGEST)


def test_without_a_single_message_the_catalogue_completes_by_the_clock_alone(music: Path) -> None:
    """Every message of every queue is lost, whenever there is one, until the clock has given all back once."""
    with story(music) as told:
        told.cloud.lose_all_messages()
        told.to_its_end(_SOON)
        assert told.states() == {Status.READY: 1, Status.NO_PREVIEW: 1}


@pytest.mark.parametrize("lost_before", ["fetch_preview", "extract", "index_tracks"])
def test_messages_that_are_lost_on_the_way_are_given_back(music: Path, lost_before: str) -> None:
    with story(music) as told:
        told.cloud.away = {lost_before}
        told.cloud.settle(lambda: told.cloud.passed > timedelta(hours=2), _SOON)
        told.cloud.lose_all_messages()
        told.cloud.away = set()
        told.to_its_end(timedelta(days=8))
        assert told.states() == {Status.READY: 1, Status.NO_PREVIEW: 1}


Trouble = Callable[["Story", str, Callable[[Window], bool]], None]
"""Something happens to a function in a story, while others die in the windows for which the last argument holds."""


def _messages_are_lost(told: "Story", function: str, dies: Callable[[Window], bool]) -> None:
    told.cloud.kill(dies)
    told.cloud.away = {function}
    told.cloud.settle(lambda: told.cloud.passed > timedelta(hours=2), _SOON)
    told.cloud.lose_all_messages()
    told.cloud.away = set()


def _dies_of_them(told: "Story", function: str, dies: Callable[[Window], bool]) -> None:
    told.cloud.kill(lambda window: window.function == function or dies(window))
    told.cloud.settle(lambda: told.cloud.passed > timedelta(days=3), _LONGEST)
    told.cloud.kill(dies)


def _of_the_clock(music: Path, trouble: Trouble, function: str) -> list[Window]:
    """The windows of the clock's functions in such a story."""
    with story(music) as told:
        told.cloud.step = _SLOWLY
        trouble(told, function, lambda _: False)
        told.to_its_end(_LONGEST)
        return [window for window in told.cloud.windows if window.function in _CLOCKS]


@pytest.mark.parametrize(
    ("trouble", "function"),
    [
        (_messages_are_lost, "crawl_playlist"),
        (_messages_are_lost, "fetch_preview"),
        (_messages_are_lost, "extract"),
        (_messages_are_lost, "index_tracks"),
        (_dies_of_them, "crawl_playlist"),
        (_dies_of_them, "index_tracks"),
    ],
)
def test_the_clocks_own_functions_die_once_in_each_of_their_windows(
    music: Path, trouble: Trouble, function: str
) -> None:
    """They give back what is lost and end what is dead: what they had not done when they died is done the next time."""
    windows = _of_the_clock(music, trouble, function)
    assert windows, "without them it does not end"
    for window in windows:
        with story(music) as told:
            dies = once(window)
            told.cloud.step = _SLOWLY
            trouble(told, function, dies)
            told.to_its_end(_LONGEST)
            assert not dies(window), f"{window} was reached"


def test_an_extractor_that_is_away_for_longer_than_a_preview_lives_finds_another_one(music: Path) -> None:
    with story(music) as told:
        told.cloud.away = {"extract"}
        told.cloud.settle(lambda: told.cloud.passed > timedelta(days=2), _SOON)
        told.cloud.lose_all_previews()
        told.cloud.away = set()
        assert told.to_its_end(_SOON) < timedelta(hours=1)
        assert told.states() == {Status.READY: 1, Status.NO_PREVIEW: 1}


def once(at: Window | None) -> Callable[[Window], bool]:
    """Whether it is this window, for the first time."""
    left = {at}

    def is_it(window: Window) -> bool:
        found = window in left
        left.discard(window)
        return found

    return is_it
