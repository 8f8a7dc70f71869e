"""The lock that says which stack runs."""

import subprocess
import sys
from pathlib import Path

import pytest

from earshot.errors import LocalStackError
from earshot.running_stack import RunningStack, running
from ops import lock

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
