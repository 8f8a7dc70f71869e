"""Dead letters are shown before they are moved, and none is lost on the way."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from scripts.redrive import described, look, main, send_back


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("sqs", region_name="eu-central-1")
        for name in ("fetch", "fetch-dlq", "index-failed"):
            client.create_queue(QueueName=f"earshot-dev-{name}")
        yield client


def _send(sqs: Any, queue: str, count: int) -> None:
    url = sqs.get_queue_url(QueueName=f"earshot-dev-{queue}")["QueueUrl"]
    for number in range(count):
        sqs.send_message(QueueUrl=url, MessageBody=f'{{"track_id":"deezer:{number}"}}')


def _bodies(sqs: Any, queue: str) -> list[str]:
    url = sqs.get_queue_url(QueueName=f"earshot-dev-{queue}")["QueueUrl"]
    found: list[str] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=60).get("Messages"):
        found += [message["Body"] for message in messages]
    return sorted(found)


def test_looking_shows_how_many_there_are_and_moves_none(sqs: Any) -> None:
    _send(sqs, "fetch-dlq", 3)
    letters = look(sqs, "dev", "fetch")
    assert letters.count == 3
    assert '{"track_id":"deezer:0"}' in letters.bodies
    assert _bodies(sqs, "fetch") == []


def test_every_dead_letter_goes_back_to_its_queue_once(sqs: Any) -> None:
    _send(sqs, "fetch-dlq", 25)
    assert send_back(sqs, "dev", "fetch") == 25
    assert _bodies(sqs, "fetch") == sorted(f'{{"track_id":"deezer:{number}"}}' for number in range(25))
    assert look(sqs, "dev", "fetch").count == 0


def test_what_was_shown_a_moment_ago_goes_back_too(sqs: Any) -> None:
    _send(sqs, "fetch-dlq", 2)
    look(sqs, "dev", "fetch")
    assert send_back(sqs, "dev", "fetch") == 2


def test_a_stage_that_is_not_there_is_named(
    sqs: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", sqs.meta.region_name)
    monkeypatch.setattr("sys.argv", ["redrive", "dve"])
    assert main() == 1
    assert "no stage 'dve' is deployed here" in capsys.readouterr().err


def test_a_message_that_cannot_be_sent_back_stays_a_dead_letter(sqs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _send(sqs, "fetch-dlq", 1)

    def refuse(**_: object) -> None:
        raise ConnectionError("no route to SQS")

    monkeypatch.setattr(sqs, "send_message", refuse)
    with pytest.raises(ConnectionError):
        send_back(sqs, "dev", "fetch")
    assert look(sqs, "dev", "fetch").count == 1


def test_references_to_stream_records_are_dropped(sqs: Any) -> None:
    _send(sqs, "index-failed", 2)
    assert send_back(sqs, "dev", "index-failed") == 2
    assert look(sqs, "dev", "index-failed").count == 0


def test_a_message_is_described_on_one_short_line() -> None:
    assert described('{"track_id":"deezer:1","crawl_id":null}') == "track_id=deezer:1"
    assert described("not\njson") == r"'not\njson'"
    assert len(described('{"playlist":"' + "x" * 500 + '"}')) <= 160
