"""The crawler's corner of AWS inside the test's own process (moto), and real SQS events for its handlers."""

import copy
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import boto3
import pytest

import crawler.file
from crawler import bootstrap, handler
from crawler.covers.drawer import Drawer
from crawler.cutting.cutter import Cutter
from earshot.ids import CrawlId
from earshot.intake import start_crawl
from earshot.playlists import parse_playlist
from earshot.stores.crawls_table import CrawlsTable
from earshot.stores.message_queue import MessageQueue
from earshot.stores.previews_bucket import PreviewsBucket
from earshot.stores.tracks_table import TracksTable
from tests.aws import REGION, stage
from tests.stubs.clients import client

_RECORD = json.loads((Path(__file__).parent.parent / "events" / "sqs_message.json").read_text())["Records"][0]
_RECEIVES: Literal["ApproximateReceiveCount"] = "ApproximateReceiveCount"
Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


def sqs_event(messages: Sequence[Mapping[str, Any]], queue: str = "fetch") -> dict[str, Any]:
    """The event with which SQS invokes a function for `messages` of `queue`, as `receive_message` gives them."""
    records = []
    for message in messages:
        record = copy.deepcopy(_RECORD)
        record |= {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "eventSourceARN": f"arn:aws:sqs:{REGION}:123456789012:{queue}",
        }
        record["attributes"]["ApproximateReceiveCount"] = message.get("Attributes", {}).get(_RECEIVES, "1")
        records.append(record)
    return {"Records": records}


def invoke(function: Handler, messages: Sequence[Mapping[str, Any]], queue: str = "fetch") -> set[str]:
    """Invoke a function with the SQS event for `messages` of `queue`; the ids of those that failed."""
    answer = function(sqs_event(messages, queue), None)
    return {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}


@dataclass
class Stack:
    """Tables, queues and bucket, and the crawler's handlers wired to them."""

    crawl_queue_url: str
    fetch_queue_url: str
    fetch_now_queue_url: str
    extract_queue_url: str
    extract_now_queue_url: str
    dead: Mapping[str, str]
    """URLs of the queues of dead letters."""
    tracks: TracksTable
    crawls: CrawlsTable
    previews: PreviewsBucket

    @property
    def fetch_queue(self) -> MessageQueue:
        """As who asks for a track sees it."""
        return MessageQueue(boto3.client("sqs"), self.fetch_now_queue_url)

    def start(self, playlist: str, *, remove_missing: bool = False, agreed: int = 0) -> CrawlId:
        """Begin a crawl, as the command line does."""
        queue = MessageQueue(boto3.client("sqs"), self.crawl_queue_url)
        return start_crawl(
            parse_playlist(playlist),
            crawls=self.crawls,
            crawl_queue=queue,
            remove_missing=remove_missing,
            agreed=agreed,
        )

    def run(self, playlist: str, *, remove_missing: bool = False, agreed: int = 0) -> CrawlId:
        """A crawl from its start until no message is left to deliver now."""
        crawl_id = self.start(playlist, remove_missing=remove_missing, agreed=agreed)
        self.settle()
        return crawl_id

    def read(self, playlist: str, *, remove_missing: bool = False, agreed: int = 0) -> CrawlId:
        """A crawl to its end; nothing that it asks for is fetched."""
        crawl_id = self.start(playlist, remove_missing=remove_missing, agreed=agreed)
        while self.deliver(self.crawl_queue_url, handler.crawl_playlist):
            pass
        return crawl_id

    def settle(self) -> None:
        """Deliver messages until none is visible."""
        while (
            self.deliver(self.crawl_queue_url, handler.crawl_playlist)
            or self.deliver(self.fetch_queue_url, handler.fetch_preview)
            or self.deliver(self.fetch_now_queue_url, handler.fetch_preview)
        ):
            pass

    def deliver(self, queue_url: str, function: Handler, *, keep: bool = False) -> int:
        """Deliver up to ten messages; those done are deleted unless `keep`. Returns how many were delivered."""
        sqs = boto3.client("sqs")
        messages = sqs.receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=10, MessageSystemAttributeNames=[_RECEIVES]
        ).get("Messages", [])
        if messages:
            failed = invoke(function, messages, queue_url.rsplit("/", 1)[1])
            for message in messages:
                if not keep and message["MessageId"] not in failed:
                    sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        return len(messages)

    def messages(self, queue_url: str) -> dict[str, int]:
        """How many messages are visible, delayed and in flight."""
        names: dict[str, Any] = {
            "visible": "ApproximateNumberOfMessages",
            "delayed": "ApproximateNumberOfMessagesDelayed",
            "in_flight": "ApproximateNumberOfMessagesNotVisible",
        }
        attributes = boto3.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])["Attributes"]
        return {name: int(attributes[attribute]) for name, attribute in names.items()}


@contextmanager
def running_stack(monkeypatch: pytest.MonkeyPatch, **settings: str) -> Iterator[Stack]:
    """A fresh `Stack`; `settings` are set as EARSHOT_… variables."""
    monkeypatch.setattr(boto3, "client", client)
    monkeypatch.setattr(crawler.file, "Cutter", _cutter)
    monkeypatch.setattr(bootstrap, "Drawer", _drawer)
    with stage(
        POWERTOOLS_LOG_LEVEL="CRITICAL", **{f"EARSHOT_{name.upper()}": value for name, value in settings.items()}
    ) as kept:
        _forget()
        own = {name: url for name, url in kept.queues.items() if name != "plays"}  # none of the crawler's
        urls = {f"{name.replace('-', '_')}_queue_url": url for name, url in own.items()}
        yield Stack(tracks=kept.tracks, crawls=kept.crawls, previews=kept.previews, dead=kept.dead, **urls)
        _forget()


@cache
def _cutter() -> Cutter:
    """One for all tests of a process: to start its confined process takes as long as a short test."""
    return Cutter()


@cache
def _drawer() -> Drawer:
    """Likewise."""
    return Drawer()


def _forget() -> None:
    for wired in (
        "crawl",
        "counting",
        "forgetting",
        "fetch",
        "clips",
        "covering",
        "cover_sweep",
        "deliveries",
        "dead_letters",
        "learning",
        "reconcile",
        "schedules",
    ):
        getattr(bootstrap, wired).cache_clear()
