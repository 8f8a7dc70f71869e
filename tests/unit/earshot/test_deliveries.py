"""What becomes of messages that fail, on real queues."""

import copy
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from botocore.exceptions import ClientError

from earshot import deliveries
from earshot.deliveries import Deliveries
from earshot.errors import DecoderCrashed
from earshot.reasons import Reason
from tests.aws import Account, account

_RECORD = json.loads((Path(__file__).parents[2] / "events" / "sqs_message.json").read_text())["Records"][0]
_MOST = 3


@pytest.fixture
def aws() -> Iterator[Account]:
    with account() as aws:
        yield aws


def _received(aws: Account, queue: str, *, delivery: int = 1) -> SQSRecord:
    """A message of `queue`, as Lambda hands it over at its nth delivery."""
    url = aws.queue(queue)
    aws.sqs.send_message(QueueUrl=url, MessageBody="work")
    (message,) = aws.sqs.receive_message(QueueUrl=url)["Messages"]
    record: dict[str, Any] = copy.deepcopy(_RECORD)
    record |= {
        "body": message["Body"],
        "receiptHandle": message["ReceiptHandle"],
        "eventSourceARN": f"arn:aws:sqs:eu-central-1:123456789012:{queue}",
    }
    record["attributes"]["ApproximateReceiveCount"] = str(delivery)
    return SQSRecord(record)


def _fail() -> None:
    raise ConnectionError("no database today")


def _waiting(aws: Account, queue: str) -> dict[str, int]:
    names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = aws.sqs.get_queue_attributes(QueueUrl=aws.queue(queue), AttributeNames=names)["Attributes"]
    return {name.removeprefix("ApproximateNumberOfMessages"): int(attributes[name]) for name in names}


def test_what_succeeds_is_not_given_up(aws: Account) -> None:
    done: list[str] = []
    Deliveries(aws.sqs, _MOST).attempt(
        _received(aws, "work", delivery=_MOST), lambda: done.append("work"), lambda _: done.append("given up")
    )
    assert done == ["work"]


@pytest.mark.parametrize(("delivery", "pause_s"), [(1, 1), (2, 4)])
def test_what_fails_comes_back_after_a_pause_that_grows(
    aws: Account, monkeypatch: pytest.MonkeyPatch, delivery: int, pause_s: int
) -> None:
    record = _received(aws, "work", delivery=delivery)
    with pytest.raises(ConnectionError):
        Deliveries(aws.sqs, _MOST).attempt(record, _fail, lambda _: pytest.fail("given up too early"))
    began = time.time()
    for seconds, visible in ((pause_s - 1, 0), (pause_s + 1, 1)):
        monkeypatch.setattr("moto.sqs.models.unix_time_millis", lambda later=seconds: 1000 * (began + later))
        assert _waiting(aws, "work")[""] == visible


def test_after_its_last_delivery_its_work_is_ended_and_the_message_is_done(aws: Account) -> None:
    ends: list[Exception] = []
    Deliveries(aws.sqs, _MOST).attempt(_received(aws, "work", delivery=_MOST), _fail, ends.append)
    assert [type(end) for end in ends] == [ConnectionError]


def test_a_file_that_killed_its_decoder_thrice_is_not_tried_again_and_again(aws: Account) -> None:
    def crash() -> None:
        raise DecoderCrashed("it died", reason=Reason.DECODER_CRASHED)

    ends: list[Exception] = []
    deliveries = Deliveries(aws.sqs, 10)
    with pytest.raises(DecoderCrashed):
        deliveries.attempt(_received(aws, "work", delivery=2), crash, ends.append)
    deliveries.attempt(_received(aws, "again", delivery=3), crash, ends.append)
    assert [type(end) for end in ends] == [DecoderCrashed]


def test_what_cannot_be_given_up_stays_a_message(aws: Account) -> None:
    def give_up(_: Exception) -> None:
        raise ConnectionError("still no database")

    with pytest.raises(ConnectionError, match="still"):
        Deliveries(aws.sqs, _MOST).attempt(_received(aws, "work", delivery=_MOST), _fail, give_up)


def test_where_the_pause_cannot_be_set_the_failure_is_what_counts(aws: Account) -> None:
    record = _received(aws, "work")
    aws.sqs.delete_queue(QueueUrl=aws.queue("work"))
    with pytest.raises(ConnectionError, match="no database"):
        Deliveries(aws.sqs, _MOST).attempt(record, _fail, lambda _: pytest.fail("given up too early"))


def test_one_message_that_fails_holds_up_no_other_and_is_never_given_up(
    aws: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = Mock()
    monkeypatch.setattr(deliveries, "logger", lambda: logger)
    records = [_received(aws, queue) for queue in ("good", "bad", "fine")]
    for record, said in zip(records, ("good", "secret", "fine"), strict=True):
        record.raw_event.update(body=said, messageId=f"id-{said}")
    records[1].raw_event["attributes"]["ApproximateReceiveCount"] = str(_MOST)
    done: list[str] = []

    def work(some: Sequence[SQSRecord]) -> None:
        for record in some:
            if record.body == "secret":
                raise ValueError(f"cannot keep {record.body}")
        done.extend(record.body for record in some)

    assert Deliveries(aws.sqs, _MOST).attempt_apart(records, work) == ["id-secret"]
    assert done == ["good", "fine"]
    assert logger.error.call_args.kwargs["error"] == "ValueError"
    assert "secret" not in str(logger.mock_calls).replace("id-secret", ""), "where it failed, and nothing of what"


def test_where_aws_is_away_no_message_is_tried_alone(aws: Account) -> None:
    records = [_received(aws, queue) for queue in ("one", "two")]
    tried = []

    def work(some: Sequence[SQSRecord]) -> None:
        tried.append(len(some))
        raise ClientError({"Error": {"Code": "Unavailable", "Message": ""}}, "PutObject")

    assert len(Deliveries(aws.sqs, _MOST).attempt_apart(records, work)) == 2
    assert tried == [2]
