"""What the stack creates, and how tracks without embedding get another try."""

import json
import os
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pytest

from config.local import ROOT
from earshot.clock import now_iso
from earshot.errors import InvalidSettings
from earshot.ids import TrackId
from earshot.messages import FetchPreview
from earshot.reasons import Reason
from earshot.track import Status, TrackInfo
from local.resources import create_all, subscribe
from local.serverless import read_functions
from ops.deployment import Deployment
from ops.given_up import reopen_given_up, states
from ops.indexes import index_services, promote
from ops.repair import repair
from tests.aws import REGION


def _deployment(aws: Any) -> Deployment:
    create_all(aws, "test")
    return Deployment(aws, "test")


def _take_all(deployment: Deployment, queue: str) -> list[str]:
    sqs, url = deployment.session.client("sqs"), deployment.parameters[f"{queue}-queue-url"]
    bodies: list[str] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        bodies += [message["Body"] for message in messages]
    return bodies


def _pending(deployment: Deployment) -> set[str]:
    return {track_id for track_id, status, _ in states(deployment.tracks) if status == Status.PENDING}


def _info(track_id: str) -> TrackInfo:
    return TrackInfo(TrackId(track_id), "file", title=track_id)


def test_every_parameter_that_infra_promises_is_written_and_creating_again_changes_nothing(aws: Any) -> None:
    first = _deployment(aws).parameters
    create_all(aws, "test")
    assert Deployment(aws, "test").parameters == first
    assert {
        "tracks-table",
        "tracks-stream-arn",
        "crawls-table",
        "previews-bucket",
        "index-bucket",
        "index-topic-arn",
    } < set(first)
    for queue in ("crawl", "fetch", "extract"):
        policy = aws.client("sqs").get_queue_attributes(
            QueueUrl=first[f"{queue}-queue-url"], AttributeNames=["RedrivePolicy"]
        )["Attributes"]["RedrivePolicy"]
        assert json.loads(policy)["deadLetterTargetArn"].endswith(f"earshot-test-{queue}-dlq")


@pytest.mark.parametrize("region", [None, REGION])
def test_without_region_or_credentials_the_commands_say_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, region: str | None
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(InvalidSettings, match="credentials" if region else "region"):
        _ = Deployment(boto3.Session(region_name=region), "dev").parameters


def test_an_upload_of_a_preview_puts_a_message_into_the_extractors_queue(aws: Any) -> None:
    deployment = _deployment(aws)
    _take_all(deployment, "extract")  # the test event of the new notification
    deployment.previews.put(_info("deezer:1"), b"audio", provider="x")
    (body,) = _take_all(deployment, "extract")
    assert json.loads(body)["Records"][0]["s3"]["bucket"]["name"] == deployment.parameters["previews-bucket"]


def test_the_message_of_a_lost_notification_has_the_key_that_s3_would_send(aws: Any) -> None:
    message = json.loads(_deployment(aws).preview_uploaded(TrackId("deezer:1")).to_json())
    assert message["Records"][0]["s3"]["object"]["key"] == "previews/deezer%253A1"


def test_a_topics_subscriber_gets_what_is_published(aws: Any) -> None:
    deployment = _deployment(aws)
    arn = subscribe(aws, "test", deployment.parameters["index-topic-arn"], "api")
    subscribe(aws, "test", deployment.parameters["index-topic-arn"], "api")
    aws.client("sns").publish(TopicArn=deployment.parameters["index-topic-arn"], Message="news")
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=arn.rsplit(":", 1)[1])["QueueUrl"]
    (message,) = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert json.loads(message["Body"])["Message"] == "news"


def _tracks_in_every_state(deployment: Deployment) -> None:
    tracks = deployment.tracks
    for name in ("pending", "uploaded", "miss", "unavailable", "undecodable", "ready"):
        tracks.register(_info(name))
    tracks.mark_no_preview(TrackId("miss"), reason=Reason.MISS)
    tracks.mark_no_preview(TrackId("unavailable"), reason=Reason.UNAVAILABLE)
    tracks.mark_failed(_info("undecodable"), reason=Reason.UNDECODABLE, preview_at=now_iso())
    tracks.store_embedding(_info("ready"), embedding=b"\0\0", drift=b"\0\0", tags=(), model="m", preview_at=now_iso())


def test_only_tracks_whose_state_may_change_get_another_try(aws: Any) -> None:
    deployment = _deployment(aws)
    _tracks_in_every_state(deployment)
    assert _pending(deployment) == {"pending", "uploaded"}
    reopen_given_up(deployment.tracks)
    assert _pending(deployment) == {"pending", "uploaded", "unavailable"}


def test_a_track_with_a_preview_goes_to_the_extractor_and_one_without_to_the_crawler(aws: Any) -> None:
    deployment = _deployment(aws)
    for name in ("deezer:1", "deezer:2", "deezer:3"):
        deployment.tracks.register(_info(name))
    deployment.tracks.mark_no_preview(TrackId("deezer:3"), reason=Reason.UNAVAILABLE)
    deployment.previews.put(_info("deezer:2"), b"audio", provider="x")
    _take_all(deployment, "extract")
    reopen_given_up(deployment.tracks)
    given_back = deployment.reconcile.at_once().give_back_tracks()
    assert given_back.to_extract == ["deezer:2"]
    assert set(given_back.to_fetch) == {"deezer:1", "deezer:3"}
    assert len(_take_all(deployment, "extract")) == 1
    fetches = {FetchPreview.from_json(body).track_id for body in _take_all(deployment, "fetch")}
    assert fetches == {"deezer:1", "deezer:3"}
    assert _pending(deployment) == {"deezer:1", "deezer:2", "deezer:3"}


def test_a_track_that_cannot_be_read_does_not_stop_the_others(aws: Any) -> None:
    deployment = _deployment(aws)
    deployment.tracks.register(_info("deezer:1"))
    aws.client("dynamodb").put_item(
        TableName=deployment.parameters["tracks-table"],
        Item={"track_id": {"S": "deezer:2"}, "status": {"N": "1"}, "artists": {"B": b"x"}},
    )
    reopen_given_up(deployment.tracks)
    assert "deezer:1" in set(deployment.reconcile.at_once().give_back_tracks().to_fetch)


def test_a_pending_track_gets_a_message_though_as_many_messages_wait_as_tracks(aws: Any) -> None:
    deployment = _deployment(aws)
    deployment.tracks.register(_info("deezer:1"))
    deployment.fetch_queue.send(FetchPreview(TrackId("deezer:2")))
    assert deployment.reconcile.at_once().give_back_tracks().to_fetch == ["deezer:1"]
    assert {FetchPreview.from_json(body).track_id for body in _take_all(deployment, "fetch")} >= {"deezer:1"}


def test_every_parameter_that_serverless_yml_reads_is_created_here(aws: Any) -> None:
    parameters = _deployment(aws).parameters
    prefix = "/earshot/test/"
    functions = read_functions(
        ROOT / "serverless.yml", stage="test", ssm=lambda name: parameters[name.removeprefix(prefix)]
    )
    assert all(trigger.queue_arn for function in functions for trigger in function.sqs)


def test_after_a_change_of_model_a_repair_keeps_both_indexes_and_a_person_may_leave_tracks_out(
    aws: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = _deployment(aws)
    said: list[str] = []

    def hear(track_id: str, model: str, dim: int) -> None:
        values = np.random.default_rng(dim).normal(0.1, 1, (2, dim)).astype("<f2")
        deployment.tracks.store_embedding(
            _info(track_id),
            embedding=values[0].tobytes(),
            drift=values[1].tobytes(),
            tags=(),
            model=model,
            preview_at=now_iso(),
        )

    def serving() -> tuple[str, int]:
        store = index_services(deployment, tmp_path / "reader").leading.store
        head = store.head()
        assert head is not None
        return head.pointer.model, store.manifest(head.pointer).tracks

    for track_id in ("deezer:1", "deezer:2"):
        hear(track_id, "musicnn-msd@1", 624)
    repair(deployment, tmp_path / "before", table_lost=False, say=said.append)
    assert serving() == ("musicnn-msd@1", 2)
    monkeypatch.setenv("EARSHOT_MODEL", "choi-2017@1")
    hear("deezer:1", "choi-2017@1", 160)
    assert repair(deployment, tmp_path / "after", table_lost=False, say=said.append).indexed == 1
    assert serving() == ("musicnn-msd@1", 2)
    assert "--incomplete" in said[-1]
    promote(deployment, tmp_path / "after", "choi-2017@1-160d", incomplete=True)
    assert serving() == ("choi-2017@1", 1)
