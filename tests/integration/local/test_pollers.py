"""From real queues and a real stream to handlers in processes of their own."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from local.board import Board
from local.functions import Worker
from local.sqs_poller import SqsPoller
from local.stream_poller import StreamPoller
from local.triggers import SqsTrigger, StreamTrigger
from tests.integration.local.conftest import Notes

MakeWorker = Callable[..., Worker]
_FILTERS = (
    {"dynamodb": {"NewImage": {"embedding": {"B": [{"exists": True}]}}}},
    {"dynamodb": {"OldImage": {"embedding": {"B": [{"exists": True}]}}}},
)


@contextmanager
def _running(run: Callable[[threading.Event], None]) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def _queue(aws: Any, name: str = "work", **attributes: str) -> tuple[Any, str, str]:
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return sqs, url, arn


def _left(sqs: Any, url: str) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(attributes[name]) for name in names)


def _bodies(events: list[Any]) -> list[str]:
    return [record["body"] for event in events for record in event["Records"]]


def test_messages_reach_the_function_in_the_shape_of_lambda_and_are_deleted(
    aws: Any, make_worker: MakeWorker, notes: Notes, board: Board
) -> None:
    sqs, url, arn = _queue(aws)
    attributes = {"kind": {"DataType": "String", "StringValue": "x"}}
    sqs.send_message(QueueUrl=url, MessageBody="hello", MessageAttributes=attributes)
    poller = SqsPoller(sqs, SqsTrigger(arn), make_worker("note"), board, "tiny")
    with _running(poller.run):
        (event,) = notes.until("tiny", lambda events: len(events) == 1)
    (record,) = event["Records"]
    assert record["body"] == "hello"
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == arn
    assert record["awsRegion"] == "eu-central-1"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["messageAttributes"]["kind"]["stringValue"] == "x"
    assert record["messageId"]
    assert record["md5OfBody"]
    assert _left(sqs, url) == 0


def test_a_window_gathers_more_than_one_receive_can_bring(
    aws: Any, make_worker: MakeWorker, notes: Notes, board: Board
) -> None:
    sqs, url, arn = _queue(aws)
    for number in range(13):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
    trigger = SqsTrigger(arn, batch_size=12, window_s=2)
    with _running(SqsPoller(sqs, trigger, make_worker("note"), board, "tiny").run):
        events = notes.until("tiny", lambda events: len(_bodies(events)) == 13)
    assert [len(event["Records"]) for event in events] == [12, 1]


def test_what_comes_one_by_one_within_a_window_is_looked_for_once_more_when_it_is_over(
    aws: Any, make_worker: MakeWorker, notes: Notes, board: Board
) -> None:
    sqs, url, arn = _queue(aws)
    first, received = threading.Event(), []
    poller = SqsPoller(sqs, SqsTrigger(arn, batch_size=100, window_s=1), make_worker("note"), board, "tiny")

    def look(params: Any, **_: Any) -> None:
        received.append(len(params))
        first.set()

    sqs.meta.events.register("after-call.sqs.ReceiveMessage", lambda parsed, **_: look(parsed.get("Messages", ())))
    sqs.send_message(QueueUrl=url, MessageBody="1")
    with _running(poller.run):
        assert first.wait(20)
        for number in range(2, 6):
            sqs.send_message(QueueUrl=url, MessageBody=str(number))
        events = notes.until("tiny", lambda events: len(_bodies(events)) == 5)
    assert [_bodies([event]) for event in events] == [["1", "2", "3", "4", "5"]]
    assert received[:2] == [1, 4]


def test_a_reported_message_stays_and_the_others_are_deleted(
    aws: Any, make_worker: MakeWorker, notes: Notes, board: Board
) -> None:
    dead = _queue(aws, "dead")
    redrive = json.dumps({"deadLetterTargetArn": dead[2], "maxReceiveCount": 2})
    sqs, url, arn = _queue(aws, VisibilityTimeout="1", RedrivePolicy=redrive)
    for body in ("good", "bad", "fine"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    trigger = SqsTrigger(arn, window_s=1, partial_failures=True)
    with _running(SqsPoller(sqs, trigger, make_worker("moody"), board, "tiny").run):
        events = notes.until("tiny", lambda events: _bodies(events).count("bad") == 2)
    assert sorted(_bodies(events)) == ["bad", "bad", "fine", "good"]
    assert _left(sqs, url) <= 1


def test_a_crash_brings_the_whole_batch_back_until_the_queues_policy_ends_it(
    aws: Any, make_worker: MakeWorker, notes: Notes, board: Board, said: list[str]
) -> None:
    dead_sqs, dead_url, dead_arn = _queue(aws, "dead")
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1})
    sqs, url, arn = _queue(aws, VisibilityTimeout="30", RedrivePolicy=redrive)
    sqs.send_message(QueueUrl=url, MessageBody="die")
    with _running(SqsPoller(sqs, SqsTrigger(arn), make_worker("moody"), board, "tiny").run):
        notes.until("tiny", bool)
        stop = threading.Event()
        for _ in range(100):
            if _left(dead_sqs, dead_url):
                break
            stop.wait(0.1)
    assert _left(dead_sqs, dead_url) == 1
    assert any("SIGSEGV" in line for line in said)


def _table(aws: Any) -> tuple[Any, str]:
    dynamodb = aws.client("dynamodb")
    table = dynamodb.create_table(
        TableName="tracks",
        KeySchema=[{"AttributeName": "track_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "track_id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )["TableDescription"]
    return dynamodb, table["LatestStreamArn"]


def _put(dynamodb: Any, track_id: str, **attributes: Any) -> None:
    dynamodb.put_item(TableName="tracks", Item={"track_id": {"S": track_id}, **attributes})


def _tracks(events: list[Any]) -> list[str]:
    return [record["dynamodb"]["Keys"]["track_id"]["S"] for event in events for record in event["Records"]]


def test_only_records_that_pass_a_filter_arrive_in_order_and_in_one_batch(
    aws: Any, make_worker: MakeWorker, notes: Notes, board: Board
) -> None:
    dynamodb, arn = _table(aws)
    _put(dynamodb, "pending", status={"S": "pending"})
    for name in ("a", "b", "c"):
        _put(dynamodb, name, embedding={"B": b"\x00\x01"})
    dynamodb.delete_item(TableName="tracks", Key={"track_id": {"S": "a"}})
    trigger = StreamTrigger(arn, batch_size=500, window_s=1, filters=_FILTERS)
    poller = StreamPoller(
        aws.client("dynamodbstreams"),
        aws.client("sqs"),
        trigger,
        function=make_worker("note"),
        board=board,
        name="tiny",
    )
    with _running(poller.run):
        events = notes.until("tiny", lambda events: len(_tracks(events)) == 4)
    assert _tracks(events) == ["a", "b", "c", "a"]
    assert len(events) == 1
    first, *_, last = events[0]["Records"]
    assert first["eventSourceARN"] == arn
    assert first["dynamodb"]["NewImage"]["embedding"] == {"B": "AAE="}
    assert last["eventName"] == "REMOVE"


def test_a_poisoned_record_is_parked_with_its_position_and_the_rest_goes_through(
    aws: Any, make_worker: MakeWorker, notes: Notes, board: Board
) -> None:
    dynamodb, arn = _table(aws)
    sqs, failed_url, failed_arn = _queue(aws, "index-failed")
    for name in ("a", "b", "poison", "c"):
        _put(dynamodb, name)
    trigger = StreamTrigger(arn, batch_size=4, window_s=1, retries=1, bisect=True, on_failure_queue_arn=failed_arn)
    worker = make_worker("poisoned")
    poller = StreamPoller(
        aws.client("dynamodbstreams"), sqs, trigger, function=worker, board=board, name="index_tracks"
    )
    with _running(poller.run):
        events = notes.until("tiny", lambda events: _tracks(events[-1:]) == ["c"])
    (message,) = sqs.receive_message(QueueUrl=failed_url)["Messages"]
    info = json.loads(message["Body"])["DDBStreamBatchInfo"]
    poison = next(r for event in events for r in event["Records"] if _tracks([{"Records": [r]}]) == ["poison"])
    assert info["batchSize"] == 1
    assert info["startSequenceNumber"] == info["endSequenceNumber"] == poison["dynamodb"]["SequenceNumber"]
    assert info["streamArn"] == arn
    assert info["shardId"].startswith("shardId-")
    assert list(dict.fromkeys(_tracks(events))) == ["a", "b", "poison", "c"]


def test_an_expired_iterator_continues_after_the_last_record_seen(
    aws: Any, make_worker: MakeWorker, notes: Notes, board: Board
) -> None:
    dynamodb, arn = _table(aws)
    streams = aws.client("dynamodbstreams")
    worker = make_worker("note")
    poller = StreamPoller(streams, aws.client("sqs"), StreamTrigger(arn), function=worker, board=board, name="tiny")
    _put(dynamodb, "a")
    with _running(poller.run):
        notes.until("tiny", lambda events: _tracks(events) == ["a"])
    _put(dynamodb, "b")
    streams.meta.events.register("before-parameter-build.dynamodb-streams.GetRecords", _Expire(streams))
    with _running(poller.run):
        events = notes.until("tiny", lambda events: len(_tracks(events)) >= 2)
    assert _tracks(events) == ["a", "b"]


class _Expire:
    """Makes the first GetRecords fail the way an iterator of yesterday does."""

    def __init__(self, streams: Any) -> None:
        self._error = streams.exceptions.ExpiredIteratorException
        self._done = False

    def __call__(self, **_: Any) -> None:
        if not self._done:
            self._done = True
            raise self._error({"Error": {"Code": "ExpiredIteratorException", "Message": "expired"}}, "GetRecords")
