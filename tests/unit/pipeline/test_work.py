"""What each step looks at, on a stage within the process."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pytest

from annoy_service import bootstrap as indexes
from config.local import LocalSettings
from earshot.clock import now_iso
from earshot.crawls import CrawlEntry
from earshot.errors import CrawlNotFound, InvalidInput, InvalidPlaylist, RecipeNotReady, StepFailed
from earshot.ids import TrackId
from earshot.messages import CrawlPlaylist, TracksChanged, parse_crawl
from earshot.reasons import Reason
from earshot.track import TrackInfo
from local.resources import create_all
from ops.deployment import Deployment
from ops.repair import repair
from pipelines import bootstrap, shell, work
from pipelines.handler import pipeline_step
from pipelines.work import Inputs, Stage, crawl_of
from tests.aws import account

_BEGAN = "2026-11-27T13:17:28.5+00:00"


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    with account(EARSHOT_RECIPES="musicnn-msd@1-128d,musicnn-msd@1-64d"):
        session: Any = boto3.Session()
        create_all(session, "test")
        yield Deployment(session, "test")


@pytest.fixture
def inputs(request: pytest.FixtureRequest) -> Inputs:
    """Each test is a run of its own; the stage is the module's."""
    return Inputs(f"{_BEGAN}/{request.node.name}", "/music")


@pytest.fixture
def stage(deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(shell, "reach", lambda _: deployment)
    return shell.reach_stage(LocalSettings(local_dir=tmp_path))[0]


def _messages(deployment: Deployment, queue: str) -> list[str]:
    url, found = deployment.parameters[f"{queue}-queue-url"], []
    while some := deployment.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [message["Body"] for message in some]
        for message in some:
            deployment.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def _hear(deployment: Deployment, *names: str) -> None:
    for name in names:
        values = np.random.default_rng(len(name)).normal(0.1, 1, (2, 624)).astype("<f2")
        deployment.tracks.store_embedding(
            TrackInfo(TrackId(name), "file", title=name),
            embedding=values[0].tobytes(),
            drift=values[1].tobytes(),
            tags=(),
            model="musicnn-msd@1",
            preview_at=now_iso(),
        )


def _crawled(deployment: Deployment, inputs: Inputs, *names: str) -> None:
    """As after the crawler has read and counted it."""
    crawl_id = crawl_of(inputs.run)
    deployment.crawls.start(CrawlPlaylist(crawl_id, "/music"))
    for name in names:
        deployment.tracks.register(TrackInfo(TrackId(name), "file"))
    deployment.crawls.record_entries(crawl_id, [CrawlEntry(number, TrackId(name)) for number, name in enumerate(names)])
    deployment.crawls.finish(crawl_id)
    deployment.crawls.count(crawl_id, deployment.tracks)


def test_a_crawl_belongs_to_its_run_and_sorts_by_when_that_began() -> None:
    one = crawl_of(f"{_BEGAN}/manual__1")
    assert one.startswith("20261127T131728Z-")
    assert crawl_of(f"{_BEGAN}/manual__1") == one != crawl_of(f"{_BEGAN}/manual__2")
    with pytest.raises(InvalidInput, match="nightly"):
        crawl_of("nightly")


def test_however_often_it_is_asked_a_run_crawls_once(stage: Stage, deployment: Deployment, inputs: Inputs) -> None:
    with pytest.raises(InvalidPlaylist):
        work.crawl(stage, Inputs(inputs.run, "no playlist"))
    assert [work.crawl(stage, inputs).done for _ in range(3)] == [False] * 3
    begun = [each for body in _messages(deployment, "crawl") if isinstance(each := parse_crawl(body), CrawlPlaylist)]
    assert [(message.crawl_id, message.playlist) for message in begun] == [(crawl_of(inputs.run), "/music")]
    deployment.crawls.finish(crawl_of(inputs.run))
    assert work.crawl(stage, inputs) == work.Look(True, "/music has been read")


def test_a_playlist_that_cannot_be_read_ends_the_run_with_its_reason(
    stage: Stage, deployment: Deployment, inputs: Inputs
) -> None:
    work.crawl(stage, inputs)
    deployment.crawls.finish(crawl_of(inputs.run), InvalidPlaylist("no folder /music", hint="Mount it."))
    with pytest.raises(StepFailed, match="no folder /music") as failed:
        work.crawl(stage, inputs)
    assert failed.value.hint == "Mount it."


def test_embedding_is_done_when_nothing_is_on_its_way(stage: Stage, deployment: Deployment, inputs: Inputs) -> None:
    with pytest.raises(CrawlNotFound):
        work.embed(stage, inputs)
    _crawled(deployment, inputs, "file:3", "file:4")
    assert work.embed(stage, inputs) == work.Look(False, "0 of 2 have their embedding")
    _hear(deployment, "file:3")
    failing = TrackInfo(TrackId("file:4"), "file")
    deployment.tracks.mark_failed(failing, reason=Reason.UNDECODABLE, preview_at=now_iso())
    deployment.crawls.count(crawl_of(inputs.run), deployment.tracks)
    assert work.embed(stage, inputs) == work.Look(True, "1 of 2 have their embedding (1 undecodable)")


def test_where_nothing_could_be_heard_there_is_nothing_to_build(
    stage: Stage, deployment: Deployment, inputs: Inputs
) -> None:
    _crawled(deployment, inputs)
    with pytest.raises(StepFailed, match="nothing of /music could be heard"):
        work.embed(stage, inputs)


def test_building_names_what_the_index_lacks_and_a_verdict_moves_the_pointer(
    stage: Stage, deployment: Deployment, inputs: Inputs, tmp_path: Path
) -> None:
    _crawled(deployment, inputs, "file:1", "file:22")
    _hear(deployment, "file:1", "file:22")
    with pytest.raises(RecipeNotReady):
        work.evaluate(stage, inputs)
    assert not work.build(stage, inputs).done
    assert not work.build(stage, inputs).done  # but names nothing again for five minutes
    (named,) = _messages(deployment, "changes")
    assert set(TracksChanged.from_json(named).track_ids) == {"file:1", "file:22"}
    repair(deployment, tmp_path / "repair", table_lost=False, say=print)
    assert work.build(stage, inputs).said.endswith("of musicnn-msd@1-128d")
    assert work.build(stage, inputs).done
    other = Inputs(inputs.run, "/music", "musicnn-msd@1-64d")
    assert "musicnn-msd@1-64d: 3 tracks in 1 segments (exact), recall@10 1.000" in work.evaluate(stage, other).said
    promoted = work.promote(stage, other)
    assert promoted.said.startswith("musicnn-msd@1-64d serves: version ")
    assert work.promote(stage, other) == promoted
    assert work.promote(stage, inputs) == promoted, "who asks for none keeps the one that serves"
    with pytest.raises(RecipeNotReady):
        work.promote(stage, Inputs(inputs.run, "/music", "choi-2017@1-160d"))


def test_where_nothing_was_played_there_is_nothing_to_learn(stage: Stage, inputs: Inputs) -> None:
    assert work.train(stage, inputs) == work.Look(True, "nothing was played yet, so there is nothing to learn")


def test_a_door_that_may_wait_looks_until_it_is_done_and_says_what_changes() -> None:
    looks = iter([work.Look(False, "one"), work.Look(False, "one"), work.Look(True, "two")])
    said: list[str] = []
    paused: list[float] = []
    assert shell.until_done(lambda: next(looks), said.append, paused.append) == "two"
    assert said == ["one"]
    assert len(paused) == 2


@pytest.fixture
def first_call() -> Iterator[None]:
    """What a process makes once is made for this test, and for no other."""
    indexes.services.cache_clear()
    yield
    indexes.services.cache_clear()
    bootstrap.stage.cache_clear()


def test_the_function_answers_once_and_says_when_trying_again_would_not_help(
    first_call: None, deployment: Deployment, inputs: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("tracks-table", "crawls-table", "index-bucket", "plays-bucket", "index-topic-arn")
    queues = ("crawl-queue-url", "changes-queue-url", "compact-queue-url", "index-failed-queue-url")
    for name in (*names, *queues):
        monkeypatch.setenv(f"EARSHOT_{name.upper().replace('-', '_')}", deployment.parameters[name])
    monkeypatch.setenv("EARSHOT_INDEX_WORK_DIR", str(tmp_path))
    answer = pipeline_step({"step": "crawl", "run": inputs.run, "input": {"playlist": "/music"}}, None)
    assert answer == {"done": False, "said": "/music is being read"}
    with pytest.raises(StepFailed, match="no playlist"):
        pipeline_step({"step": "crawl", "run": f"{inputs.run}2", "input": {"playlist": "no playlist"}}, None)
