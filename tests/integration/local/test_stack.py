"""The stack within this process, with one tiny function."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.local import LocalSettings
from local.stack import Stack
from ops.connection import use_local_aws
from tests.aws import environment, free_ports

_SERVERLESS = "functions: {tiny: {handler: tests.unit.local.tiny_handlers.note}}"


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[LocalSettings]:
    serverless = tmp_path / "serverless.yml"
    serverless.write_text(_SERVERLESS)
    port, aws_port = free_ports(2)
    with environment():
        settings = LocalSettings(
            port=port, local_aws_port=aws_port, local_dir=tmp_path / "state", local_serverless=serverless
        )
        use_local_aws(settings.aws_url)
        yield settings


def test_a_repair_that_was_cut_short_is_done_by_the_next_start(settings: LocalSettings) -> None:
    """A start that should repair may be killed in turn, and its embedded AWS then end in good order."""
    said: list[str] = []
    unrepaired = settings.local_dir / "unrepaired"
    unrepaired.parent.mkdir()
    unrepaired.touch()
    with Stack(settings, said.append):
        assert any("the stack was killed the last time; repairing" in line for line in said), said
        assert not unrepaired.exists()
