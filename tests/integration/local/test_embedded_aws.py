"""The embedded AWS across a hard death."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from local import embedded_aws
from local.functions import aws_environment

REGION = "eu-central-1"


@contextmanager
def _running(state: Path) -> Iterator[Any]:
    """An S3 client of the embedded AWS, which is killed at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    child = embedded_aws.start(port, state=state, log=state / "log", env=aws_environment(url, REGION))
    try:
        embedded_aws.wait_until_it_answers(child, port)
        yield boto3.client("s3", endpoint_url=url, region_name=REGION, aws_access_key_id="a", aws_secret_access_key="a")
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
