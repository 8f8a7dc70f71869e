"""MiniStack answers a request only when a state file has what the request did; at its start it takes all from there.

MiniStack (pinned exactly) has tables, queues and parameters in memory and would write them when it ends. Wrapped are
the few places where it changes an item, gives out messages or writes an object; queues are compared with what the file
has of them. What cannot be written ends the process: then the file says what was.
"""

import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core import persistence
from ministack.services import dynamodb, s3, sqs, ssm

from earshot.errors import LocalStackError
from local.state_file import Flusher, Json, StateFile, die_of

Handler = Callable[..., Awaitable[Any]]

_HELD = {"dynamodb": dynamodb, "sqs": sqs, "ssm": ssm}
_DEFINING = re.compile(
    r"DynamoDB_20120810\.(Create|Update|Delete)Table|AmazonSQS\.(CreateQueue|SetQueueAttributes|DeleteQueue)"
    r"|AmazonSSM\.(Put|Delete)Parameters?"
)
"""What `X-Amz-Target` says of requests that change a definition."""


class WriteThrough:
    """From here on, MiniStack in this process holds what `file` holds.

    Args:
        file: of this process alone.
        flusher: hears of every commit and every object.
    """

    def __init__(self, file: StateFile, flusher: Flusher) -> None:
        self._file = file
        self._flusher = flusher
        self._kept: defaultdict[str, set[str]] = defaultdict(set)
        """By queue, the ids of the messages that the file has."""
        if file.definition("tables") is None:
            self._take_over()
        else:
            self._restore()
        for service in _HELD:
            app._state_map.pop(service)  # it neither reads nor writes files of its own for them
        self._keep_items()
        self._keep_messages()
        self._keep_objects()
        for service in (dynamodb, sqs, ssm, s3):
            self._answer_when_kept(service)

    def _restore(self) -> None:
        tables, queues, parameters = (self._defined(name) for name in ("tables", "queues", "parameters"))
        for table in tables.all_values():
            table["items"] = defaultdict(dict)
        by_arn = {table["TableArn"]: table for table in tables.all_values()}
        for arn, hash_key, range_key, item in self._file.items():
            by_arn[arn]["items"][hash_key][range_key] = item
        for table in by_arn.values():
            dynamodb._update_counts(table)
        for queue in queues.all_values():
            queue |= {"messages": [], "dedup_cache": {}}
        by_arn = {_arn(queue): queue for queue in queues.all_values()}
        for arn, message in self._file.messages():
            by_arn[arn]["messages"].append(message)
            by_arn[arn]["fifo_seq"] = max(by_arn[arn]["fifo_seq"], int(message.get("seq") or 0))
            self._kept[arn].add(message["id"])
        dynamodb.load_persisted_state({"tables": tables})
        sqs.load_persisted_state({"queues": queues})
        ssm.load_persisted_state(parameters)

    def _take_over(self) -> None:
        """Begin with what an Earshot from before 2026-11-28 wrote at its last clean end, if one did.

        Raises:
            LocalStackError: that cannot be read, and stays as it is.
        """
        older = {name: path for name in _HELD if (path := Path(persistence.STATE_DIR, f"{name}.json")).exists()}
        for name, path in older.items():
            state = persistence.load_state(name)  # None: see the line that it logged
            if state is None:
                raise LocalStackError(
                    f"{path}, which an older Earshot has written, cannot be read",
                    hint="Move it, and the state file beside its folder, away to start without them.",
                )
            _HELD[name].load_persisted_state(state)
        self._define_all()
        for table in dynamodb._tables.all_values():
            for hash_key, items in table["items"].items():
                for range_key, item in items.items():
                    self._file.put_item(table["TableArn"], hash_key, range_key, item)
        self._compare_queues()
        self._file.commit()
        self._file.sync()
        for path in older.values():  # somebody may ask to be forgotten
            path.unlink()

    def _keep_items(self) -> None:
        set_item, remove_item = dynamodb._set_item, dynamodb._remove_item

        def setting(table: Json, hash_key: str, range_key: str, item: Json) -> Any:
            self._file.put_item(table["TableArn"], hash_key, range_key, item)
            return set_item(table, hash_key, range_key, item)

        def removing(table: Json, hash_key: str, range_key: str) -> Any:
            self._file.remove_item(table["TableArn"], hash_key, range_key)
            return remove_item(table, hash_key, range_key)

        dynamodb._set_item, dynamodb._remove_item = setting, removing

    def _keep_messages(self) -> None:
        collect = sqs._collect_msgs

        def collecting(queue: Json, most: int, hidden_s: int) -> list[Json]:
            self._compare_queues()
            received: list[Json] = collect(queue, most, hidden_s)
            self._file.put_messages(_arn(queue), received)  # how often each was received
            return received

        sqs._collect_msgs = collecting

    def _keep_objects(self) -> None:
        write, persist = s3._atomic_write, s3._persist_object

        def writing(path: str, *arguments: Any, **options: Any) -> None:
            write(path, *arguments, **options)
            self._flusher.written(Path(path))

        def persisting(bucket: str, key: str, described: Json) -> None:
            persist(bucket, key, described)
            if described.get("body") is not None:  # it logs what went wrong, and would have the object in memory alone
                die_of(LocalStackError(f"the object {key} of {bucket} could not be written"))

        def notifying(bucket: str, key: str, event: str, **options: Any) -> None:
            """In this thread, not in one of its own: the object's message is there before the answer is."""
            if bucket in s3._bucket_notifications:
                s3._fire_s3_event(bucket, key, event, sequencer=s3._next_event_sequencer(event), **options)

        s3._atomic_write, s3._persist_object, s3._fire_s3_event_async = writing, persisting, notifying

    def _answer_when_kept(self, service: Any) -> None:
        handle: Handler = service.handle_request

        async def handle_request(method: str, path: str, headers: Mapping[str, str], *rest: Any, **more: Any) -> Any:
            try:
                try:
                    return await handle(method, path, headers, *rest, **more)
                finally:  # what it had changed when it failed is changed
                    self._keep(headers.get("x-amz-target", ""))
            except sqlite3.Error as error:
                die_of(error)

        service.handle_request = handle_request

    def _keep(self, target: str) -> None:
        """Make what a request has done count. `target`: what it asked for."""
        if _DEFINING.fullmatch(target):
            self._define_all()
        self._compare_queues()
        if self._file.commit():
            self._flusher.committed()

    def _compare_queues(self) -> None:
        """Note messages that have come (they are the last of their queue) or gone."""
        for queue in sqs._queues.all_values():
            arn, messages = _arn(queue), queue["messages"]
            kept = self._kept[arn]
            if len(messages) == len(kept) and (not messages or messages[-1]["id"] in kept):
                continue
            new: list[Json] = []
            for message in reversed(messages):
                if message["id"] in kept:
                    break
                new.append(message)
            self._file.put_messages(arn, reversed(new))
            kept.update(message["id"] for message in new)
            if len(kept) != len(messages):
                gone = kept.difference(message["id"] for message in messages)
                self._file.remove_messages(arn, gone)
                kept -= gone

    def _define_all(self) -> None:
        tables, queues = dynamodb._tables, sqs._queues
        self._define("tables", _without(tables, "items", dynamodb._INDEX_MEMBERS))
        self._define("queues", _without(queues, "messages", "dedup_cache"))
        self._define("parameters", {"parameters": ssm._parameters})  # without what each was before
        self._file.keep_only(
            tables=[table["TableArn"] for table in tables.all_values()],
            queues=[_arn(queue) for queue in queues.all_values()],
        )

    def _define(self, name: str, definition: Any) -> None:
        self._file.define(name, json.dumps(definition, default=persistence._json_default))

    def _defined(self, name: str) -> Any:
        return json.loads(self._file.definition(name) or "{}", object_hook=persistence._json_object_hook)


def _without(scoped: Any, *names: str) -> Any:
    """The tables or queues of all accounts and regions, each without some of its entries."""
    copy = type(scoped)()
    for (account, region, name), described in scoped.all_items():
        copy.set_scoped(account, region, name, {key: described[key] for key in described if key not in names})
    return copy


def _arn(queue: Json) -> str:
    return str(queue["attributes"]["QueueArn"])
