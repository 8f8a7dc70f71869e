"""The stack within this process, with one tiny function."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from config.local import LocalSettings
from earshot.clock import now_iso
from earshot.errors import LocalStackError
from earshot.ids import TrackId
from earshot.track import Status, TrackInfo
from local import embedded_aws
from local.resources import create_all
from local.stack import Stack
from ops.connection import use_local_aws
from ops.deployment import Deployment
from ops.repair import repair
from tests.aws import Endpoint, environment, free_ports

_SERVERLESS = "functions: {tiny: {handler: tests.unit.local.tiny_handlers.note}}"
_BROKEN = "functions: {tiny: {handler: a.b, environment: {EARSHOT_TRACKS_TABLE: '${ssm:/nowhere}'}}}"


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


@contextmanager
def _aws(settings: LocalSettings) -> Iterator[Deployment]:
    """The stack's embedded AWS alone, ended in good order."""
    session, state = Endpoint(settings.local_aws_port), settings.local_dir / "aws"
    child = embedded_aws.start(
        settings.local_aws_port, state=state, log=settings.local_dir / "log", env=session.environment
    )
    embedded_aws.wait_until_it_answers(child, settings.local_aws_port)
    try:
        create_all(session, settings.stage)
        yield Deployment(session, settings.stage)
    finally:
        assert child.stop(embedded_aws.STOP_TIMEOUT_S)


def test_tables_without_their_state_file_come_back_from_the_index_though_the_start_that_does_it_is_cut_short(
    settings: LocalSettings, tmp_path: Path
) -> None:
    with _aws(settings) as deployment:
        vector = np.ones(624, np.float16).tobytes()
        for number in (1, 2):
            deployment.tracks.store_embedding(
                TrackInfo(TrackId(f"deezer:{number}"), "deezer"),
                embedding=vector,
                drift=vector,
                tags=(),
                model="musicnn-msd@1",
                preview_at=now_iso(),
            )
        repair(deployment, tmp_path / "repair", table_lost=False, say=print)
    (settings.local_dir / "aws" / "state.sqlite3").unlink()
    settings.local_serverless.write_text(_BROKEN)
    with pytest.raises(LocalStackError, match="/nowhere"), Stack(settings, print):
        pass
    with _aws(settings) as deployment:  # what it had brought back, or somebody asked for, before it was cut short
        deployment.tracks.register(TrackInfo(TrackId("deezer:3"), "deezer"))
    settings.local_serverless.write_text(_SERVERLESS)
    with Stack(settings, print) as stack:
        held = {track.track_id: track.status for track in stack.deployment.tracks.scan()}
    assert held == {"deezer:1": Status.READY, "deezer:2": Status.READY, "deezer:3": Status.PENDING}


def test_notes_of_an_older_earshot_go_when_it_ended_in_good_order_and_stay_when_it_was_killed(
    settings: LocalSettings,
) -> None:
    notes, aws = settings.local_dir / "listening.jsonl", settings.local_dir / "aws"
    aws.mkdir(parents=True)
    notes.write_text("what somebody played")
    with pytest.raises(LocalStackError, match=r"only in .*listening\.jsonl") as refused, Stack(settings, print):
        pass
    assert "make down" in refused.value.hint
    assert notes.exists()
    (aws / "saved").touch()
    settings.local_serverless.write_text(_BROKEN)  # it need not come up
    with pytest.raises(LocalStackError, match="/nowhere"), Stack(settings, print):
        pass
    assert not notes.exists()
