"""The lock that says which stack runs, and the ledger of crawls."""

import subprocess
import sys
from pathlib import Path

import pytest

from earshot.errors import LocalStackError
from earshot.running_stack import RunningStack, running
from ops import lock
from ops.ledger import Asked, Ledger

_HERE = RunningStack(pid=1, api_url="http://127.0.0.1:1", aws_url="http://127.0.0.1:2")


def test_a_held_lock_tells_others_where_the_stack_is(tmp_path: Path) -> None:
    assert running(tmp_path / "nowhere") is None
    with lock.hold(tmp_path, _HERE):
        assert running(tmp_path) == _HERE
        with pytest.raises(LocalStackError, match=r"http://127\.0\.0\.1:1") as refused, lock.hold(tmp_path, _HERE):
            pass
        assert "make down" in refused.value.hint
    assert running(tmp_path) is None


def test_the_lock_dies_with_its_holder(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path\n"
        "from earshot.running_stack import RunningStack; from ops import lock\n"
        "with lock.hold(Path(sys.argv[1]), RunningStack(os.getpid(), 'a', 'b')): os.kill(os.getpid(), 9)"
    )
    run = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False, cwd=Path(__file__).parents[3])
    assert run.returncode == -9
    assert running(tmp_path) is None
    with lock.hold(tmp_path, _HERE):
        assert running(tmp_path) == _HERE


def test_a_crawl_stays_in_the_ledger_until_it_has_settled(tmp_path: Path) -> None:
    Ledger(tmp_path).started("1", "/music")
    Ledger(tmp_path).started("2", "deezer:playlist:9")
    Ledger(tmp_path).settled("1")
    assert Ledger(tmp_path).unsettled() == {"2": Asked("deezer:playlist:9")}


def test_a_line_cut_short_by_a_death_is_passed_over(tmp_path: Path) -> None:
    Ledger(tmp_path).started("1", "/music")
    with (tmp_path / "crawls.jsonl").open("a") as file:
        file.write('{"crawl_id": "2", "pl')
    Ledger(tmp_path).started("3", "/more")
    assert Ledger(tmp_path).unsettled() == {"1": Asked("/music"), "3": Asked("/more")}


def test_notes_are_written_once(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    for _ in range(3):
        ledger.started("1", "/music")
        ledger.settled("1")
    assert (tmp_path / "crawls.jsonl").read_text().count("crawl_id") == 2
