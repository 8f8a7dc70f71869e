"""What hostile audio could do in its process: answer, and die."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from earshot.confined import process as confined_process
from earshot.confined.process import Answered, Confined
from earshot.errors import AudioRejected, DecoderCrashed, DecoderUnavailable
from tests.stubs.confined import KEPT, MADE, TRICKS


@pytest.fixture(scope="module")
def confined() -> Iterator[Confined]:
    process = Confined("tests.stubs.confined", timeout_s=2)
    yield process
    process.close()


@pytest.fixture(scope="module")
def limited() -> Iterator[Confined]:
    process = Confined("tests.stubs.confined_by_limits", timeout_s=2)
    yield process
    process.close()


def _ask(process: Confined, trick: str, *, max_bytes: int = 1000, **wanted: Any) -> Answered:
    with Path(__file__).open("rb") as file:
        return process.ask(file.fileno(), {"try": trick, **wanted}, max_bytes=max_bytes)


@pytest.mark.parametrize("trick", sorted(TRICKS))
def test_it_can_do_nothing_but_answer(confined: Confined, trick: str) -> None:
    KEPT.touch()
    assert _ask(confined, trick).note["errno"] == errno.ENOSYS, "the kernel knows no such call"
    assert KEPT.exists()
    assert not MADE.exists()


@pytest.mark.parametrize(
    "trick", ["read a file", "read the environment of who asks", "write a file", "open a socket", "open a pipe"]
)
def test_where_there_is_no_seccomp_limits_leave_it_no_descriptor(limited: Confined, trick: str) -> None:
    assert _ask(limited, trick).note["errno"] == errno.EMFILE
    assert not MADE.exists()


def test_that_there_is_no_seccomp_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    warn = SimpleNamespace(warning=lambda message, **details: said.append(f"{message}: {details['error']}"))
    monkeypatch.setattr(confined_process, "logger", lambda: warn)
    process = Confined("tests.stubs.confined_by_limits", timeout_s=2)
    _ask(process, "nothing")
    process.close()
    assert said == ["hostile audio is confined by limits alone: no filter is known here"]


def test_it_gets_no_variable_that_could_hold_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "EARSHOT_SPOTIFY_CLIENT_SECRET", "GITHUB_TOKEN", "OMP_NUM_THREADS"):
        monkeypatch.setenv(name, "8")
    process = Confined("tests.stubs.confined", timeout_s=2)
    environment = _ask(process, "nothing").note["environment"]
    process.close()
    assert environment.keys() & {"AWS_SECRET_ACCESS_KEY", "EARSHOT_SPOTIFY_CLIENT_SECRET", "GITHUB_TOKEN"} == set()
    assert environment["OMP_NUM_THREADS"] == "1"


def test_it_reads_the_file_that_it_is_given(confined: Confined) -> None:
    assert _ask(confined, "nothing").content == Path(__file__).read_bytes()[:100]


def test_one_process_answers_many_questions(confined: Confined) -> None:
    assert len({confined.pid for _ in range(3) if _ask(confined, "nothing")}) == 1


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("crash", "decoder_crashed"),
        ("leave", "decoder_crashed"),
        ("break", "decoder_crashed"),
        ("hang", "decoder_timeout"),
    ],
)
def test_its_end_is_named_and_the_next_file_gets_another(end: str, reason: str) -> None:
    process = Confined("tests.stubs.confined", timeout_s=1)
    with pytest.raises(DecoderCrashed) as caught:
        _ask(process, end)
    assert caught.value.reason == reason
    assert _ask(process, "nothing").note["errno"] == 0
    process.close()


def test_memory_that_is_not_there_is_a_reason() -> None:
    process = Confined("tests.stubs.confined", timeout_s=2)
    with pytest.raises(AudioRejected) as caught:
        _ask(process, "grow")
    assert caught.value.reason == "too_much_memory"
    process.close()


def test_an_answer_larger_than_any_true_one_is_not_read() -> None:
    process = Confined("tests.stubs.confined", timeout_s=2)
    with pytest.raises(DecoderCrashed):
        _ask(process, "nothing", times=11)
    process.close()


def test_a_process_that_cannot_start_blames_no_file() -> None:
    process = Confined("tests.stubs.no_such_module", timeout_s=2)
    with pytest.raises(DecoderUnavailable, match="before its first file"):
        _ask(process, "nothing")


def test_it_ends_with_the_process_that_asks() -> None:
    process = Confined("tests.stubs.confined", timeout_s=2)
    _ask(process, "nothing")
    pid = process.pid
    assert pid is not None
    process.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
