"""Dead letters are shown before they are moved, and none is lost on the way."""

from collections.abc import Iterator
from typing import Any

import pytest

from ops.__main__ import main
from ops.dead_letters import described, look, send_back
from tests.aws import account


@pytest.fixture
def sqs() -> Iterator[Any]:
    with account() as aws:
        for name in ("fetch", "fetch-dlq", "index-failed"):
            aws.queue(f"earshot-dev-{name}")
        yield aws.sqs


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
    assert main(["--stage", "dve", "redrive"]) == 1
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
