"""The crawls table in DynamoDB: which crawls there are, what their playlists held, and who works on what.

Key: partition `crawl_id`, sort `entry`. The summaries of all crawls share the partition ``crawls`` (so that listing
them is one query); the entries of a crawl live under its own id, numbered from 0. How far a crawl has come is never
stored: it follows from its entries and the state of their tracks. Every item carries `expires_at` (epoch seconds, the
table's TTL attribute).
"""

import secrets
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from earshot.errors import CrawlNotFound, EarshotError
from earshot.track import Status
from earshot.tracks_table import TracksTable, now_iso

_SUMMARIES = "crawls"
_KEPT_S = 90 * 24 * 3600
_BATCH_GET_LIMIT = 100
_BATCH_WRITE_LIMIT = 25
SKIPPED = "skipped"
MISSING = "missing"
_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


def new_crawl_id() -> str:
    """A fresh id that sorts by time."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


@dataclass(frozen=True, slots=True)
class CrawlEntry:
    """One entry of a playlist: the track it holds, or the `reason` why it holds none that can be crawled."""

    number: int
    track_id: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class CrawlSummary:
    """A crawl as its summary item knows it; times are ISO 8601, UTC."""

    crawl_id: str
    playlist: str
    started: str
    finished: str | None = None
    """When the last entry of the playlist had been read."""
    waiting_until: str | None = None
    """A provider asked to wait until then."""
    error: dict[str, str] | None = None
    """`code`, `message` and `hint` of what ended the reading early."""
    removed: int = 0
    """Tracks removed because they had left the playlist."""


@dataclass(frozen=True, slots=True)
class CrawlProgress:
    """How far a crawl has come. `states` and `reasons` count entries; `states` adds up to `total`.

    The states are those of `earshot.track.Status`, ``skipped`` (the entry holds no track, or one listed before:
    reason ``duplicate_entry``) and ``missing`` (the track has been deleted since).
    """

    summary: CrawlSummary
    total: int
    states: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)

    @property
    def pending(self) -> int:
        """Entries whose track is still on its way."""
        return self.states.get(Status.PENDING, 0)

    @property
    def done(self) -> bool:
        """Whether the playlist has been read and nothing is pending."""
        return self.summary.finished is not None and not self.pending


class CrawlsTable:
    """Reads and writes crawls. Every write may be repeated.

    Args:
        client: a boto3 DynamoDB *client*.
        name: the table's name.
    """

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def start(self, crawl_id: str, playlist: str) -> None:
        """Note that the crawl exists; a crawl that is there already keeps its start."""
        self._update_summary(
            crawl_id,
            "SET playlist = :playlist, started = if_not_exists(started, :now), expires_at = :expires",
            {":playlist": playlist, ":now": now_iso(), ":expires": _expiry()},
        )

    def record_entries(self, crawl_id: str, entries: Iterable[CrawlEntry]) -> None:
        """Write `entries`; those with a number that is there already are replaced."""
        puts = [{"PutRequest": {"Item": _entry_item(crawl_id, entry)}} for entry in entries]
        for start in range(0, len(puts), _BATCH_WRITE_LIMIT):
            requests = {self._name: puts[start : start + _BATCH_WRITE_LIMIT]}
            while requests:
                requests = self._client.batch_write_item(RequestItems=requests).get("UnprocessedItems") or {}

    def new_entries(self, crawl_id: str, entries: Sequence[CrawlEntry]) -> list[CrawlEntry]:
        """Those of `entries` that are not recorded with this very content."""
        recorded = self._recorded(crawl_id, entries)
        return [entry for entry in entries if entry not in recorded]

    def finish_step(self, crawl_id: str, cursor: str | None) -> None:
        """Note that the pages from `cursor` on have been read and the rest handed on."""
        item = {**_key(f"steps#{crawl_id}", cursor or "start"), "expires_at": {"N": str(_expiry())}}
        self._client.put_item(TableName=self._name, Item=item)

    def is_step_finished(self, crawl_id: str, cursor: str | None) -> bool:
        """Whether the message with this cursor has been worked through before."""
        key = _key(f"steps#{crawl_id}", cursor or "start")
        return "Item" in self._client.get_item(TableName=self._name, Key=key, ConsistentRead=True)

    def finish(self, crawl_id: str, error: EarshotError | None = None) -> None:
        """Note that the whole playlist has been read, or that `error` ended the reading."""
        values: dict[str, Any] = {":now": now_iso(), ":expires": _expiry()}
        expression = "SET finished = if_not_exists(finished, :now), expires_at = :expires"
        if error is not None:
            expression += ", #error = :error"
            values[":error"] = {"code": error.code, "message": error.message, "hint": error.hint}
        self._update_summary(crawl_id, expression, values, names={"#error": "error"} if error else None)

    def note_removed(self, crawl_id: str, tracks: int) -> None:
        """Note how many tracks the crawl removes, before it does; what was noted first stays."""
        expression = "SET removed = if_not_exists(removed, :removed), expires_at = :expires"
        self._update_summary(crawl_id, expression, {":removed": tracks, ":expires": _expiry()})

    def wait_until(self, crawl_id: str, until: str) -> None:
        """Note that a provider asked to wait until `until` (ISO 8601, UTC); the latest such time stays."""
        try:
            self._update_summary(
                crawl_id,
                "SET waiting_until = :until, expires_at = :expires",
                {":until": until, ":expires": _expiry()},
                condition="attribute_exists(started) AND "
                "(attribute_not_exists(waiting_until) OR waiting_until < :until)",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise

    def summary(self, crawl_id: str) -> CrawlSummary:
        """The crawl's summary.

        Raises:
            CrawlNotFound: there is no such crawl.
        """
        item = self._client.get_item(TableName=self._name, Key=_key(_SUMMARIES, crawl_id), ConsistentRead=True).get(
            "Item"
        )
        if not item:
            raise CrawlNotFound(f"no crawl {crawl_id[:80]!r}", hint="`GET /crawls` lists them.")
        return _summary(item)

    def entries(self, crawl_id: str) -> Iterator[CrawlEntry]:
        """The entries recorded so far, in order."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._name,
            ConsistentRead=True,
            KeyConditionExpression="crawl_id = :id",
            ExpressionAttributeValues={":id": {"S": crawl_id}},
        )
        for page in pages:
            for item in page["Items"]:
                row = {name: _deserialize(value) for name, value in item.items()}
                yield CrawlEntry(int(row["entry"]), row.get("track_id"), row.get("reason"))

    def progress(self, crawl_id: str, tracks_table: TracksTable) -> CrawlProgress:
        """How far the crawl has come.

        Raises:
            CrawlNotFound: there is no such crawl.
        """
        summary = self.summary(crawl_id)
        states: Counter[str] = Counter()
        reasons: Counter[str] = Counter()
        seen: set[str] = set()
        for entry in self.entries(crawl_id):
            if entry.track_id is None or entry.track_id in seen:
                states[SKIPPED] += 1
                reasons[entry.reason or "duplicate_entry"] += 1
            else:
                seen.add(entry.track_id)
        found = tracks_table.states(seen)
        for status, reason in found.values():
            states[status] += 1
            if reason:
                reasons[reason] += 1
        if lost := len(seen) - len(found):
            states[MISSING] += lost
        return CrawlProgress(summary, sum(states.values()), dict(states), dict(reasons))

    def list(self, limit: int | None = 100, offset: int = 0) -> list[CrawlSummary]:
        """The newest crawls but for `offset`, newest first; with a limit of None all."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._name,
            ConsistentRead=True,
            KeyConditionExpression="crawl_id = :id",
            ExpressionAttributeValues={":id": {"S": _SUMMARIES}},
        )
        summaries = [_summary(item) for page in pages for item in page["Items"]]
        return sorted(summaries, key=lambda summary: summary.started, reverse=True)[offset:][:limit]

    def _recorded(self, crawl_id: str, entries: Iterable[CrawlEntry]) -> set[CrawlEntry]:
        keys = [_key(crawl_id, _number(entry)) for entry in entries]
        found: set[CrawlEntry] = set()
        for start in range(0, len(keys), _BATCH_GET_LIMIT):
            wanted: dict[str, Any] = {
                self._name: {"Keys": keys[start : start + _BATCH_GET_LIMIT], "ConsistentRead": True}
            }
            while wanted:
                answer = self._client.batch_get_item(RequestItems=wanted)
                for item in answer["Responses"].get(self._name, ()):
                    row = {name: _deserialize(value) for name, value in item.items()}
                    found.add(CrawlEntry(int(row["entry"]), row.get("track_id"), row.get("reason")))
                wanted = answer.get("UnprocessedKeys") or {}
        return found

    def _update_summary(
        self,
        crawl_id: str,
        expression: str,
        values: dict[str, Any],
        *,
        names: dict[str, str] | None = None,
        condition: str | None = None,
    ) -> None:
        request: dict[str, Any] = {
            "TableName": self._name,
            "Key": _key(_SUMMARIES, crawl_id),
            "UpdateExpression": expression,
            "ExpressionAttributeValues": {name: _serialize(value) for name, value in values.items()},
        }
        if names:
            request["ExpressionAttributeNames"] = names
        if condition:
            request["ConditionExpression"] = condition
        self._client.update_item(**request)


def _expiry() -> int:
    return int(time.time()) + _KEPT_S


def _number(entry: CrawlEntry) -> str:
    return f"{entry.number:08d}"


def _entry_item(crawl_id: str, entry: CrawlEntry) -> dict[str, Any]:
    item: dict[str, Any] = {**_key(crawl_id, _number(entry)), "expires_at": {"N": str(_expiry())}}
    if entry.track_id is not None:
        item["track_id"] = {"S": entry.track_id}
    if entry.reason is not None:
        item["reason"] = {"S": entry.reason}
    return item


def _summary(item: dict[str, Any]) -> CrawlSummary:
    row = {name: _deserialize(value) for name, value in item.items()}
    waiting = row.get("waiting_until")
    return CrawlSummary(
        crawl_id=row["entry"],
        playlist=row.get("playlist", ""),
        started=row.get("started", ""),
        finished=row.get("finished"),
        waiting_until=waiting if waiting and waiting > now_iso() else None,
        error=row.get("error"),
        removed=int(row.get("removed", 0)),
    )


def _key(crawl_id: str, entry: str) -> dict[str, dict[str, str]]:
    return {"crawl_id": {"S": crawl_id}, "entry": {"S": entry}}
