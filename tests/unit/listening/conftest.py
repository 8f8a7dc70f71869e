"""A stage in which plays are kept, for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.listening.world import World, running


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with running(tmp_path) as world:
        yield world
