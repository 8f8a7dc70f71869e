"""The clock's look at what serves: what it compares, keeps and raises."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from annoy_service import watch as watching
from annoy_service.report import REPORTS, Report
from annoy_service.watch import watch
from earshot.clock import iso, now
from earshot.errors import DamagedIndex
from tests.integration.index.conftest import BUCKET, TABLE, World

Music = Callable[[int], np.ndarray[Any, Any]]


def _add(world: World, raw: np.ndarray[Any, Any], name: str) -> None:
    names = [f"{name}{number:03}" for number in range(len(raw))]
    for track_id, vectors in zip(names, raw, strict=True):
        world.put(track_id, vectors)
    world.wake(*names)


def test_tracks_that_are_not_like_those_before_are_told_the_next_day(
    world: World, music: Music, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "FEWEST", 25)
    assert watch(world.services) is None, "nothing serves yet"
    _add(world, music(30), "old")
    today = watch(world.services)
    assert today is not None
    assert (today.tracks, today.sampled, today.new, today.found_new, today.retagged) == (30, 30, 0, None, None)
    assert today.found is not None
    assert today.found > 0.9
    assert (today.moved, today.alarms, today.tags) == (0, (), {"guitar": 1.0})

    strange = music(25)
    strange[:, 0] += 4
    strange[:, 1] = np.random.default_rng(1).normal(0, 40, strange[:, 1].shape)  # its halves have nothing in common
    _add(world, strange, "new")
    capsys.readouterr()
    tomorrow = watch(world.services, now=iso(now() + timedelta(days=1)))
    assert tomorrow is not None
    assert (tomorrow.tracks, tomorrow.new, tomorrow.retagged) == (55, 25, 0)
    assert tomorrow.fitted == today.fitted, "the delta has the transform of the base"
    assert tomorrow.alarms == ("new tracks", "embeddings")
    assert '"SoundDrifted":[1.0]' in capsys.readouterr().out.replace(" ", "")

    kept = [
        Report.from_bytes(world.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()) for key in world.keys(REPORTS)
    ]
    assert kept == [today, tomorrow]


def test_of_few_tracks_nothing_is_said_and_of_what_the_table_has_lost_neither(world: World, music: Music) -> None:
    _add(world, music(3), "track")
    report = watch(world.services)
    assert report is not None
    assert (report.found, report.moved, report.alarms) == (None, None, ())
    assert str(report) == "3 of 3 tracks, 0 new: too few to say anything"
    for number in range(3):
        world.dynamodb.delete_item(TableName=TABLE, Key={"track_id": {"S": f"track{number:03}"}})
    assert watch(world.services) is None


def test_a_report_that_cannot_be_read_is_named(world: World, music: Music) -> None:
    _add(world, music(3), "track")
    world.s3.put_object(Bucket=BUCKET, Key=f"{REPORTS}2020-01-01.json", Body=b"{}")
    with pytest.raises(DamagedIndex, match="not a report"):
        watch(world.services)
