"""An api over an in-process AWS for each test."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.unit.api.world import World, running_world


@pytest.fixture
def settings() -> Mapping[str, str]:
    """More settings of the api; a test may override this fixture."""
    return {}


@pytest.fixture
def world(tmp_path: Path, settings: Mapping[str, str]) -> Iterator[World]:
    """An empty world: tables, buckets and queues exist, nothing was crawled or indexed."""
    with running_world(tmp_path, **settings) as world:
        yield world
