"""The embedded AWS across a hard death."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from local import embedded_aws
from local.resources import create_all
from tests.aws import REGION, Endpoint, free_ports


@contextmanager
def _running(state: Path) -> Iterator[Any]:
    """An S3 client of the embedded AWS, which is killed at the end."""
    (port,) = free_ports(1)
    session = Endpoint(port)
    child = embedded_aws.start(port, state=state, log=state / "log", env=session.environment)
    try:
        embedded_aws.wait_until_it_answers(child, port)
        yield session.client("s3")
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.stop(5)


def test_an_object_whose_replacement_was_cut_short_by_a_kill_is_the_old_or_the_new_one(tmp_path: Path) -> None:
    with _running(tmp_path) as s3:
        s3.create_bucket(Bucket="index", CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket="index", Key="latest.json", Body=b"version 9", Metadata={"track": "1"})
        (description,) = (tmp_path / "s3").rglob("latest.json.meta.json")
        before, times = description.read_bytes(), description.stat()
        s3.put_object(Bucket="index", Key="latest.json", Body=b"version 10")
    description.write_bytes(before)
    os.utime(description, ns=(times.st_atime_ns, times.st_mtime_ns))
    with _running(tmp_path) as s3:
        answer = s3.get_object(Bucket="index", Key="latest.json")
        assert answer["Body"].read() == b"version 10"
        assert answer["Metadata"] == {"track": "1"}
        s3.put_object(Bucket="index", Key="latest.json", Body=b"version 11", IfMatch=answer["ETag"])


@pytest.mark.parametrize("writable", [True, False])
def test_the_end_was_clean_only_if_all_state_could_be_written(tmp_path: Path, writable: bool) -> None:
    (port,) = free_ports(1)
    session = Endpoint(port)
    child = embedded_aws.start(port, state=tmp_path, log=tmp_path / "log", env=session.environment)
    embedded_aws.wait_until_it_answers(child, port)
    create_all(session, "test")
    if not writable:
        (tmp_path / "services" / "dynamodb.json.tmp").mkdir(parents=True)
    assert child.stop(30)
    assert embedded_aws.died_hard(tmp_path) is not writable


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
        assert child.stop(30)
