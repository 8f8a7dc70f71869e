"""What holds for every test."""

import functools
import gc
import os
from typing import Any

import botocore.session
import hypothesis
import pytest
from xdist.scheduler import LoadFileScheduling

_ONE_WORKER = ("tests/e2e", "tests/field", "tests/parity")
"""A stack; a stack; TensorFlow."""

# Tests share the machine's cores, and OpenBLAS's threads wait for each other where cores are short: ten times slower.
# Read when numpy is first imported, hence here.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Each test has an AWS of its own, hence a session of its own, and each session parses the description of every service
# anew: 0.2 s a test. One loader remembers them.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)


# What collection makes stays to the end; to look through it again and again for garbage took a sixth of all time.
gc.disable()


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


class _Whole(LoadFileScheduling):  # type: ignore[misc]  # xdist says nothing of its types
    """Workers take a file whole, or a folder whose tests share what is dear to start."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        folder = file.rpartition("/")[0]
        return folder if folder in _ONE_WORKER else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    return _Whole(config, log)


# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile("shared machine", deadline=None)
hypothesis.settings.load_profile("shared machine")
