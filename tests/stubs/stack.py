"""The crawler's corner of AWS inside the test's own process (moto), and real SQS events for its handlers."""

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from crawler import bootstrap, handler
from earshot.crawls_table import CrawlsTable
from earshot.intake import start_crawl
from earshot.message_queue import MessageQueue
from earshot.previews import PreviewsBucket
from earshot.tracks_table import TracksTable

_RECORD = json.loads((Path(__file__).parent.parent / "events" / "sqs_message.json").read_text())["Records"][0]
REGION = "eu-central-1"
Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


def sqs_event(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """The event with which SQS invokes a function for `messages`, as `receive_message` gives them."""
    records = []
    for message in messages:
        record = copy.deepcopy(_RECORD)
        record |= {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
        }
        records.append(record)
    return {"Records": records}


def invoke(function: Handler, messages: list[dict[str, Any]]) -> set[str]:
    """Invoke a function with the SQS event for `messages`; the ids of those that failed."""
    answer = function(sqs_event(messages), None)
    return {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}


@dataclass
class Stack:
    """Tables, queues and bucket, and the crawler's handlers wired to them."""

    crawl_queue_url: str
    fetch_queue_url: str
    tracks: TracksTable
    crawls: CrawlsTable
    previews: PreviewsBucket

    def start(self, playlist: str, *, remove_missing: bool = False) -> str:
        """Begin a crawl, as the command line does."""
        queue = MessageQueue(boto3.client("sqs"), self.crawl_queue_url)
        return start_crawl(playlist, crawls=self.crawls, crawl_queue=queue, remove_missing=remove_missing)

    def run(self, playlist: str, *, remove_missing: bool = False) -> str:
        """A crawl from its start until no message is left to deliver now."""
        crawl_id = self.start(playlist, remove_missing=remove_missing)
        self.settle()
        return crawl_id

    def settle(self) -> None:
        """Deliver messages until none is visible."""
        while self.deliver(self.crawl_queue_url, handler.crawl_playlist) or self.deliver(
            self.fetch_queue_url, handler.fetch_preview
        ):
            pass

    def deliver(self, queue_url: str, function: Handler, *, keep: bool = False) -> int:
        """Deliver up to ten messages; those done are deleted unless `keep`. Returns how many were delivered."""
        sqs = boto3.client("sqs")
        messages = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages", [])
        if messages:
            failed = invoke(function, messages)
            for message in messages:
                if not keep and message["MessageId"] not in failed:
                    sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        return len(messages)

    def messages(self, queue_url: str) -> dict[str, int]:
        """How many messages are visible, delayed and in flight."""
        names = {
            "visible": "ApproximateNumberOfMessages",
            "delayed": "ApproximateNumberOfMessagesDelayed",
            "in_flight": "ApproximateNumberOfMessagesNotVisible",
        }
        attributes = boto3.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])["Attributes"]
        return {name: int(attributes[attribute]) for name, attribute in names.items()}


@contextmanager
def running_stack(monkeypatch: pytest.MonkeyPatch, **settings: str) -> Iterator[Stack]:
    """A fresh `Stack`; `settings` are set as EARSHOT_… variables."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "POWERTOOLS_LOG_LEVEL": "CRITICAL",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        _forget()
        database, sqs, s3 = boto3.client("dynamodb"), boto3.client("sqs"), boto3.client("s3")
        database.create_table(
            TableName="tracks",
            KeySchema=[{"AttributeName": "track_id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "track_id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        database.create_table(
            TableName="crawls",
            KeySchema=[
                {"AttributeName": "crawl_id", "KeyType": "HASH"},
                {"AttributeName": "entry", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "crawl_id", "AttributeType": "S"},
                {"AttributeName": "entry", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        s3.create_bucket(Bucket="previews", CreateBucketConfiguration={"LocationConstraint": REGION})
        urls = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("crawl", "fetch")}
        wired = {
            "EARSHOT_TRACKS_TABLE": "tracks",
            "EARSHOT_CRAWLS_TABLE": "crawls",
            "EARSHOT_PREVIEWS_BUCKET": "previews",
            "EARSHOT_CRAWL_QUEUE_URL": urls["crawl"],
            "EARSHOT_FETCH_QUEUE_URL": urls["fetch"],
            **{f"EARSHOT_{name.upper()}": value for name, value in settings.items()},
        }
        for name, value in wired.items():
            monkeypatch.setenv(name, value)
        yield Stack(
            urls["crawl"],
            urls["fetch"],
            TracksTable(database, "tracks"),
            CrawlsTable(database, "crawls"),
            PreviewsBucket(s3, "previews"),
        )
        _forget()


def _forget() -> None:
    for cached in (bootstrap.crawl, bootstrap.fetch, bootstrap._client):
        cached.cache_clear()
