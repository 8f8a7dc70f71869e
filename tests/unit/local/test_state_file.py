"""What the embedded AWS holds, on the disk."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.errors import LocalStackError
from local.state_file import Flusher, Json, StateFile, show_received

_TABLE, _QUEUE = "arn:aws:dynamodb:::table/t", "arn:aws:sqs:::q"
_KEYS = st.sampled_from(["a", "b", "c"])
_ITEMS = st.tuples(st.just("put"), _KEYS, st.text(max_size=600)) | st.tuples(st.just("remove"), _KEYS, st.just(""))
_MESSAGES = st.tuples(st.just("send"), _KEYS, st.text(max_size=50)) | st.tuples(st.just("done"), _KEYS, st.just(""))
_REQUEST = st.lists(_ITEMS | _MESSAGES, min_size=1, max_size=4)
"""What one request changes, and is kept or lost as one."""


@pytest.fixture
def file(tmp_path: Path) -> Iterator[StateFile]:
    file = StateFile(tmp_path / "state.sqlite3")
    yield file
    file.close()


def _message(message_id: str, body: str = "", receives: int = 0, visible_at: float = 1.0) -> Json:
    return {"id": message_id, "body": body, "receive_count": receives, "visible_at": visible_at}


def _carry_out(file: StateFile, changes: list[tuple[str, str, str]]) -> None:
    for what, key, text in changes:
        match what:
            case "put":
                file.put_item(_TABLE, key, "-", {"text": {"S": text}})
            case "remove":
                file.remove_item(_TABLE, key, "-")
            case "send":
                file.put_messages(_QUEUE, [_message(key, text)])
            case _:
                file.remove_messages(_QUEUE, [key])
    file.commit()


def _held(file: StateFile) -> tuple[list[tuple[str, str, str, Json]], list[tuple[str, Json]]]:
    return sorted(file.items(), key=lambda row: row[1]), [*file.messages()]


@settings(max_examples=15, deadline=None)
@given(
    requests=st.lists(_REQUEST, max_size=8),
    cuts=st.lists(st.floats(0, 1), min_size=1, max_size=4),
    garbage=st.binary(max_size=40),
)
def test_wherever_the_log_is_cut_or_torn_it_says_what_was_true_after_some_request(
    requests: list[list[tuple[str, str, str]]], cuts: list[float], garbage: bytes
) -> None:
    with TemporaryDirectory() as folder:
        file = StateFile(Path(folder, "state.sqlite3"))
        states = [_held(file)]
        for request in requests:
            _carry_out(file, request)
            states.append(_held(file))
        log = Path(folder, "state.sqlite3-wal").read_bytes()
        reached = 0
        for number, cut in enumerate(sorted(cuts)):
            torn = Path(folder, f"{number}.sqlite3")
            shutil.copy(file.path, torn)
            Path(folder, f"{number}.sqlite3-wal").write_bytes(log[: int(cut * len(log))] + garbage)
            again = StateFile(torn)
            held = _held(again)
            again.close()
            later = [place for place, state in enumerate(states) if state == held and place >= reached]
            assert later, "never true, or less of the log says more"
            reached = later[0]
        file.close()
        assert _reopened(file.path) == states[-1]


def _reopened(path: Path) -> object:
    again = StateFile(path)
    held = _held(again)
    again.close()
    return held


def test_what_was_not_committed_does_not_count(tmp_path: Path, file: StateFile) -> None:
    file.put_item(_TABLE, "a", "-", {})
    assert file.commit()
    assert not file.commit()
    file.put_item(_TABLE, "b", "-", {})
    beside = StateFile(tmp_path / "state.sqlite3")
    assert [row[1] for row in beside.items()] == ["a"]
    beside.close()


def test_messages_stay_in_the_order_in_which_they_were_sent_and_are_received(file: StateFile) -> None:
    file.put_messages(_QUEUE, [_message("a"), _message("b"), _message("c")])
    file.put_messages(_QUEUE, [_message("a", receives=1)])
    file.remove_messages(_QUEUE, ["b"])
    file.put_messages(_QUEUE, [_message("d")])
    assert [message["id"] for _, message in file.messages()] == ["a", "c", "d"]


def test_what_a_dead_stack_had_received_is_seen_again_and_nothing_else(file: StateFile) -> None:
    file.put_messages(_QUEUE, [_message("received", receives=2, visible_at=9.0), _message("later", visible_at=9.0)])
    file.commit()
    show_received(file.path)
    assert {message["id"]: message["visible_at"] for _, message in file.messages()} == {"received": 0, "later": 9.0}


def test_what_belongs_to_a_table_or_queue_that_was_deleted_goes_with_it(file: StateFile) -> None:
    file.put_item(_TABLE, "a", "-", {})
    file.put_item("other", "a", "-", {})
    file.put_messages(_QUEUE, [_message("a")])
    file.keep_only(tables=["other"], queues=[])
    assert [row[0] for row in file.items()] == ["other"]
    assert not [*file.messages()]


def test_nothing_is_left_in_the_file_of_what_was_deleted_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite3"
    file = StateFile(path)
    file.put_item(_TABLE, "a", "-", {"title": {"S": "A secret song"}})
    file.commit()
    file.remove_item(_TABLE, "a", "-")
    file.close()
    assert b"secret" not in path.read_bytes()
    assert not path.with_name("state.sqlite3-wal").exists()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_is_damaged_is_named_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite3"
    path.write_bytes(b"not a database, " * 1000)
    with pytest.raises(LocalStackError, match=r"state\.sqlite3 cannot be read") as refused:
        StateFile(path)
    assert "Move it" in refused.value.hint


def test_a_file_that_is_damaged_in_its_middle_is_named_when_that_is_read(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite3"
    file = StateFile(path)
    for number in range(100):
        file.put_item(_TABLE, f"{number}", "-", {"text": {"S": "x" * 500}})
    file.put_messages(_QUEUE, [_message("a" * 5_000)])
    file.close()
    with path.open("r+b") as damaged:
        damaged.seek(4096)  # behind the first page, which has the schema
        damaged.write(os.urandom(path.stat().st_size - 4096))
    again = StateFile(path)
    for read in (again.items, again.messages):
        with pytest.raises(LocalStackError, match=r"state\.sqlite3 cannot be read"):
            [*read()]
    with pytest.raises(LocalStackError, match=r"state\.sqlite3 cannot be read"):
        show_received(path)


def test_a_file_that_a_newer_earshot_has_written_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite3"
    StateFile(path).close()
    with closing(sqlite3.connect(path)) as newer:
        newer.execute("PRAGMA user_version = 1000")
    before = path.read_bytes()
    with pytest.raises(LocalStackError, match=r"a newer Earshot has written .* 1000"):
        StateFile(path)
    assert path.read_bytes() == before


def test_a_flush_takes_what_was_committed_from_the_log_into_the_file(file: StateFile, tmp_path: Path) -> None:
    flusher = Flusher(file.path)
    file.put_item(_TABLE, "a", "-", {"title": {"S": "A song"}})
    file.commit()
    flusher.written(tmp_path / "has been deleted since")
    flusher.committed()
    flusher.stop()
    assert b"A song" in file.path.read_bytes()


def test_what_cannot_be_written_ends_the_process_though_its_log_is_on_the_same_full_disk() -> None:
    script = (
        "from local.state_file import die_of\n"
        "try: die_of(OSError('full'))\n"
        "except OSError: raise SystemExit(7)  # and goes on with what the file has not"
    )
    with Path("/dev/full").open("w") as full:
        run = subprocess.run([sys.executable, "-c", script], stderr=full, check=False, cwd=Path(__file__).parents[3])
    assert run.returncode == 1
