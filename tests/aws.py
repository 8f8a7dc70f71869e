"""AWS for tests: an account within the process (moto), what Earshot keeps in one, and ports of this machine."""

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from unittest.mock import patch

import boto3
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.s3.models import s3_backends
from moto.sqs.models import sqs_backends

from earshot.stores.crawls_table import CrawlsTable
from earshot.stores.listeners_table import ListenersTable
from earshot.stores.plays_lake import PlaysLake
from earshot.stores.previews_bucket import PreviewsBucket
from earshot.stores.tracks_table import TracksTable
from local.resources import index_opinions
from ops.connection import aws_environment
from tests import quick_moto  # noqa: F401  # for what it does to moto
from tests.stubs.clients import client, restore_listeners

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

REGION: Literal["eu-central-1"] = "eu-central-1"
TRIES = 5
"""How often a message is tried in a `stage`."""
_ACCESS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": REGION}


@contextmanager
def environment(**variables: str) -> Iterator[None]:
    """Within the block, the environment holds `variables`, and nothing else of EARSHOT_… and AWS_…."""
    before = dict(os.environ)
    for name in [name for name in before if name.startswith(("EARSHOT_", "AWS_"))]:
        del os.environ[name]
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class Account:
    """Clients of an account, which it shares with all others, and short ways to make what it may hold."""

    @property
    def dynamodb(self) -> "DynamoDBClient":
        return client("dynamodb")  # type: ignore[no-any-return]

    @property
    def s3(self) -> "S3Client":
        return client("s3")  # type: ignore[no-any-return]

    @property
    def sqs(self) -> "SQSClient":
        return client("sqs")  # type: ignore[no-any-return]

    # What a stage has is made where moto keeps it: by requests it took longer than most tests that need it.

    def table(self, name: str, *keys: str, stream: bool = False) -> str:
        """A table with one or two text keys; its name."""
        dynamodb_backends[DEFAULT_ACCOUNT_ID][self.dynamodb.meta.region_name].create_table(
            name,
            schema=[
                {"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
            ],
            attr=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            streams={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"} if stream else None,
            billing_mode="PAY_PER_REQUEST",
            throughput=None,
            warm_throughput=None,
            global_indexes=[],
            indexes=[],
            sse_specification=None,
            deletion_protection_enabled=False,
            tags=[],
        )
        return name

    def tracks_table(self, name: str = "tracks") -> TracksTable:
        """A table for tracks, with its stream."""
        return TracksTable(self.dynamodb, self.table(name, "track_id", stream=True))

    def crawls_table(self, name: str = "crawls") -> CrawlsTable:
        """A table for crawls."""
        return CrawlsTable(self.dynamodb, self.table(name, "crawl_id", "entry"))

    def listeners_table(self, name: str = "listeners") -> ListenersTable:
        """A table for listeners."""
        index_opinions(self.dynamodb, self.table(name, "listener", "item"))
        return ListenersTable(self.dynamodb, name)

    def plays_lake(self, name: str = "plays") -> PlaysLake:
        """A bucket for plays."""
        return PlaysLake(self.s3, self.bucket(name))

    def bucket(self, name: str) -> str:
        """A bucket; its name."""
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].create_bucket(name, self.s3.meta.region_name)
        return name

    def previews_bucket(self, name: str = "previews") -> PreviewsBucket:
        """A bucket for previews."""
        return PreviewsBucket(self.s3, self.bucket(name))

    def queue(self, name: str) -> str:
        """A queue, FIFO if its name says so; its URL."""
        fifo = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        region = self.sqs.meta.region_name
        sqs_backends[DEFAULT_ACCOUNT_ID][region].create_queue(name, tags=None, **fifo)
        return f"https://sqs.{region}.amazonaws.com/{DEFAULT_ACCOUNT_ID}/{name}"


@contextmanager
def account(**variables: str) -> Iterator[Account]:
    """A fresh account; the environment holds the way into it, and `variables`."""
    with (
        environment(**_ACCESS, **variables),
        mock_aws(),
        _one_write_at_a_time(),
        patch.object(boto3, "client", client),
    ):
        try:
            yield Account()
        finally:
            restore_listeners()


@contextmanager
def _one_write_at_a_time() -> Iterator[None]:
    """DynamoDB looks at a condition and writes in one step; moto in two, between which another thread may write."""
    turn = threading.RLock()

    def in_turn(write: Callable[..., Any]) -> Callable[..., Any]:
        def wait_and_write(*args: Any, **options: Any) -> Any:
            with turn:
                return write(*args, **options)

        return wait_and_write

    with ExitStack() as patches:
        for name in ("put_item", "update_item", "delete_item"):
            patches.enter_context(patch.object(DynamoDBBackend, name, in_turn(getattr(DynamoDBBackend, name))))
        yield


@dataclass(frozen=True, slots=True)
class Stage:
    """What a stage keeps: tables, buckets (``previews``, ``index``, ``plays``), and the URLs of its queues, and
    of their dead letters'."""

    account: Account
    tracks: TracksTable
    crawls: CrawlsTable
    listeners: ListenersTable
    previews: PreviewsBucket
    plays: PlaysLake
    queues: Mapping[str, str]
    dead: Mapping[str, str]


@contextmanager
def stage(**settings: str) -> Iterator[Stage]:
    """A fresh stage in a fresh account; the environment names its parts to functions, and adds `settings`."""
    names = {
        "EARSHOT_STAGE": "test",
        "EARSHOT_TRACKS_TABLE": "tracks",
        "EARSHOT_CRAWLS_TABLE": "crawls",
        "EARSHOT_LISTENERS_TABLE": "listeners",
        "EARSHOT_PREVIEWS_BUCKET": "previews",
        "EARSHOT_PLAYS_BUCKET": "plays",
        "EARSHOT_INDEX_BUCKET": "index",
        "EARSHOT_MAX_TRIES": str(TRIES),
    }
    with account(**names) as aws:
        queues = {name: aws.queue(name) for name in ("crawl", "fetch", "fetch-now", "extract", "extract-now", "plays")}
        dead = {name: aws.queue(f"{name}-dlq") for name in queues}
        for name, url in queues.items():
            variable = f"EARSHOT_{name.upper().replace('-', '_')}"
            os.environ |= {f"{variable}_QUEUE_URL": url, f"{variable}_DLQ_ARN": f"arn:aws:sqs:{REGION}:1:{name}-dlq"}
        os.environ |= settings
        aws.bucket("index")
        yield Stage(
            aws,
            aws.tracks_table(),
            aws.crawls_table(),
            aws.listeners_table(),
            aws.previews_bucket(),
            aws.plays_lake(),
            queues,
            dead,
        )


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A session for the AWS that listens on a port of this machine; the environment stays as it is."""

    port: int
    region_name: str = REGION

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to find it."""
        return aws_environment(f"http://127.0.0.1:{self.port}", self.region_name)

    def client(self, service: Any, **options: Any) -> Any:
        """A boto3 client."""
        variables = self.environment
        session = boto3.Session(
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            region_name=self.region_name,
        )
        return session.client(service, endpoint_url=variables["AWS_ENDPOINT_URL"], **options)


def free_ports(count: int) -> list[int]:
    """Ports on which nothing listens, all different."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
