"""The embedded AWS across a hard death."""

import json
import os
import resource
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from earshot.errors import LocalStackError
from earshot.stores.listeners_table import OPINIONS_INDEX
from local import embedded_aws
from local.resources import create_all
from local.state_file import StateFile
from ops.aws import Session
from tests.aws import REGION, Endpoint, free_ports

_ONCE = Config(retries={"total_max_attempts": 1})


@contextmanager
def _running(state: Path) -> Iterator[Endpoint]:
    """The embedded AWS, which is killed at the end."""
    (port,) = free_ports(1)
    session = Endpoint(port)
    child = embedded_aws.start(port, state=state, log=state / "log", env=session.environment)
    try:
        embedded_aws.wait_until_it_answers(child, port)
        yield session
    finally:
        child.kill()


def test_an_object_whose_replacement_was_cut_short_by_a_kill_is_the_old_or_the_new_one(tmp_path: Path) -> None:
    with _running(tmp_path) as session:
        s3 = session.client("s3")
        s3.create_bucket(Bucket="index", CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket="index", Key="latest.json", Body=b"version 9", Metadata={"track": "1"})
        (description,) = (tmp_path / "s3").rglob("latest.json.meta.json")
        before, times = description.read_bytes(), description.stat()
        s3.put_object(Bucket="index", Key="latest.json", Body=b"version 10")
    description.write_bytes(before)
    os.utime(description, ns=(times.st_atime_ns, times.st_mtime_ns))
    with _running(tmp_path) as session:
        s3 = session.client("s3")
        answer = s3.get_object(Bucket="index", Key="latest.json")
        assert answer["Body"].read() == b"version 10"
        assert answer["Metadata"] == {"track": "1"}
        s3.put_object(Bucket="index", Key="latest.json", Body=b"version 11", IfMatch=answer["ETag"])


def _held(session: Session) -> dict[str, Any]:
    """Everything in the tables, queues and parameters."""
    dynamodb, sqs, ssm = session.client("dynamodb"), session.client("sqs"), session.client("ssm")
    tables = {name: dynamodb.scan(TableName=name)["Items"] for name in dynamodb.list_tables()["TableNames"]}
    loved = dynamodb.query(
        TableName="earshot-test-listeners",
        IndexName=OPINIONS_INDEX,
        KeyConditionExpression="opinion = :loved",
        ExpressionAttributeValues={":loved": {"S": "loved"}},
    )["Items"]
    queues = {
        url.rpartition("/")[2]: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        for url in sqs.list_queues()["QueueUrls"]
    }
    found = ssm.get_parameters_by_path(Path="/", Recursive=True)["Parameters"]
    parameters = {one["Name"]: one["Value"] for one in found}
    return {"tables": tables, "loved": loved, "queues": queues, "parameters": parameters}


def _write_items(session: Session) -> None:
    """By every kind of request that Earshot writes with."""
    dynamodb = session.client("dynamodb")
    tracks, listeners = "earshot-test-tracks", "earshot-test-listeners"
    for number in range(4):
        item: dict[str, Any] = {
            "track_id": {"S": f"deezer:{number}"},
            "embedding": {"B": bytes([number])},
            "n": {"N": "1"},
        }
        dynamodb.put_item(TableName=tracks, Item=item)
    dynamodb.update_item(
        TableName=tracks,
        Key={"track_id": {"S": "deezer:1"}},
        UpdateExpression="ADD n :one REMOVE embedding",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )
    dynamodb.delete_item(TableName=tracks, Key={"track_id": {"S": "deezer:2"}})
    said = [{"listener": {"S": "a"}, "item": {"S": f"{number}"}, "opinion": {"S": "loved"}} for number in range(3)]
    dynamodb.batch_write_item(RequestItems={listeners: [{"PutRequest": {"Item": item}} for item in said]})
    dynamodb.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": tracks, "Item": {"track_id": {"S": "deezer:9"}}}},
            {"Delete": {"TableName": listeners, "Key": {"listener": {"S": "a"}, "item": {"S": "0"}}}},
        ]
    )


def _send_and_receive(session: Session) -> None:
    """One message is done, one is worked on, two wait, one of another queue has failed too often."""
    sqs = session.client("sqs")
    crawl, fetch = (sqs.get_queue_url(QueueName=f"earshot-test-{name}")["QueueUrl"] for name in ("crawl", "fetch"))
    sqs.send_message_batch(
        QueueUrl=crawl, Entries=[{"Id": str(number), "MessageBody": f"message {number}"} for number in range(4)]
    )
    done, _ = sqs.receive_message(QueueUrl=crawl, MaxNumberOfMessages=2, VisibilityTimeout=600)["Messages"]
    sqs.delete_message(QueueUrl=crawl, ReceiptHandle=done["ReceiptHandle"])
    sqs.send_message(QueueUrl=fetch, MessageBody="poison")
    while sqs.receive_message(QueueUrl=fetch, VisibilityTimeout=0).get("Messages"):
        pass


def _in(held: Mapping[str, Any], queue: str) -> tuple[str, str]:
    """How many messages of a queue wait, and are worked on."""
    attributes = held["queues"][f"earshot-test-{queue}"]
    return attributes["ApproximateNumberOfMessages"], attributes["ApproximateNumberOfMessagesNotVisible"]


def test_all_that_was_answered_outlives_a_kill(tmp_path: Path) -> None:
    with _running(tmp_path) as session:
        create_all(session, "test")
        _write_items(session)
        _send_and_receive(session)
        session.client("s3").put_object(Bucket="earshot-test-previews", Key="previews/deezer%3A1", Body=b"sound")
        session.client("ssm").put_parameter(Name="/login", Value="secret", Type="SecureString")
        before = _held(session)
        assert (_in(before, "crawl"), _in(before, "fetch-dlq")) == (("2", "1"), ("1", "0"))
        assert _in(before, "extract")[0] > "0", "an upload has a message as soon as it is answered"
        assert len(before["loved"]) == 2
    assert embedded_aws.died_hard(tmp_path)
    with _running(tmp_path) as session:
        assert _held(session) == before


def test_what_an_older_earshot_wrote_when_it_ended_is_taken_over_and_its_files_go(tmp_path: Path) -> None:
    with _running(tmp_path) as session:
        create_all(session, "test")
        _write_items(session)
        before = _held(session)
    file = StateFile(tmp_path / "state.sqlite3")
    tables = json.loads(file.definition("tables") or "")
    by_arn = {table["TableArn"]: table | {"items": {}} for table in tables["data"].values()}
    for arn, hash_key, range_key, item in file.items():
        by_arn[arn]["items"].setdefault(hash_key, {})[range_key] = item
    tables["data"] = {key: by_arn[table["TableArn"]] for key, table in tables["data"].items()}
    file.close()
    file.path.unlink()
    (tmp_path / "services").mkdir(exist_ok=True)
    (tmp_path / "services" / "dynamodb.json").write_text(
        json.dumps({"__ministack_format__": 2, "payload": {"tables": tables}})
    )
    for _ in range(2):
        with _running(tmp_path) as session:
            assert _held(session)["tables"] == before["tables"]
            assert not (tmp_path / "services" / "dynamodb.json").exists()


def test_what_an_older_earshot_wrote_and_cannot_be_read_stays_and_nothing_starts_without_it(tmp_path: Path) -> None:
    (tmp_path / "services").mkdir()
    older = tmp_path / "services" / "dynamodb.json"
    older.write_text('{"__ministack_format__": 2, "payl')
    with pytest.raises(LocalStackError, match="did not start"), _running(tmp_path):
        pass
    assert "which an older Earshot has written, cannot be read" in (tmp_path / "log").read_text()
    assert older.exists()


def _put_item(session: Endpoint) -> None:
    session.client("dynamodb", config=_ONCE).put_item(
        TableName="earshot-test-tracks", Item={"track_id": {"S": "deezer:1"}}
    )


def _put_object(session: Endpoint) -> None:
    session.client("s3", config=_ONCE).put_object(Bucket="earshot-test-index", Key="latest.json", Body=b"x" * 5_000)


@pytest.mark.parametrize("put", [_put_item, _put_object])
def test_what_cannot_be_written_is_not_answered_and_ends_the_embedded_aws(
    tmp_path: Path, put: Callable[[Endpoint], None]
) -> None:
    (port,) = free_ports(1)
    session = Endpoint(port)
    child = embedded_aws.start(port, state=tmp_path, log=tmp_path / "log", env=session.environment)
    embedded_aws.wait_until_it_answers(child, port)
    create_all(session, "test")
    resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (4096, 4096))  # the disk is full
    with pytest.raises((BotoCoreError, ClientError)):
        put(session)
    assert child.stop(10)
    assert embedded_aws.died_hard(tmp_path)
    assert "cannot be written" in (tmp_path / "log").read_text()


def test_a_start_waits_for_the_end_of_a_predecessor_that_still_saves(tmp_path: Path) -> None:
    saving = embedded_aws.own(tmp_path)
    began = time.monotonic()
    threading.Timer(0.5, os.close, (saving,)).start()
    embedded_aws.wait_for_predecessor(tmp_path)
    assert time.monotonic() - began >= 0.5


def test_what_a_dead_stack_had_received_is_seen_again_at_once_and_what_is_to_come_later_is_not(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    session = Endpoint(port)
    for life in range(2):
        embedded_aws.show_received(tmp_path)
        child = embedded_aws.start(port, state=tmp_path, log=tmp_path / "log", env=session.environment)
        embedded_aws.wait_until_it_answers(child, port)
        if life == 0:
            create_all(session, "test")
        sqs = session.client("sqs")
        url = sqs.get_queue_url(QueueName="earshot-test-crawl")["QueueUrl"]
        if life == 0:
            sqs.send_message(QueueUrl=url, MessageBody="was worked on")
        (message,) = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        assert message["Body"] == "was worked on"
        if life == 0:
            sqs.send_message(QueueUrl=url, MessageBody="comes later", DelaySeconds=600)
        child.kill()
