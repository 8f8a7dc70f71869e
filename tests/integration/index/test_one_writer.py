"""From the table's stream through a queue to the one writer of the index, and what becomes of what fails on the way."""

import copy
import json
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pytest

from annoy_service import bootstrap, stream_handler
from annoy_service.comparison import Slice
from annoy_service.handler import compact_index, index_tracks, reconcile_index
from annoy_service.index import index_batch
from annoy_service.reconcile import EVERY_S, SLICES, ReconcileIndex
from annoy_service.services import Services
from annoy_service.stream import PER_MESSAGE
from earshot.deliveries import Deliveries
from earshot.errors import DamagedIndex
from earshot.ids import TrackId
from earshot.messages import KeepUp, TrackNotIndexed, TracksChanged
from earshot.networks import CHOI
from earshot.recipes import Recipe
from earshot.stores.message_queue import FifoQueue, Letters, MessageQueue
from tests.aws import REGION

from .conftest import POLICY, World

EVENTS = Path(__file__).resolve().parents[2] / "events"
IDS = [TrackId(f"file:{number:016x}") for number in range(6)]
MOST = 3
Music = Callable[..., np.ndarray[Any, Any]]


class Queues:
    """The queues of the annoy_service."""

    def __init__(self) -> None:
        self.sqs: Any = boto3.client("sqs")
        self.urls = {
            name: self.sqs.create_queue(
                QueueName=name, Attributes={"FifoQueue": "true"} if name.endswith(".fifo") else {}
            )["QueueUrl"]
            for name in ("changes.fifo", "changes-dlq.fifo", "compact-dlq.fifo", "index-failed")
        }

    def fifo(self, name: str) -> FifoQueue:
        return FifoQueue(self.sqs, self.urls[name])

    def event(self, name: str = "changes.fifo", *, delivery: int = 1) -> dict[str, Any]:
        """What waits in a queue, as Lambda hands it over at its nth delivery."""
        record = json.loads((EVENTS / "sqs_message.json").read_text())["Records"][0]
        records = []
        for message in self.sqs.receive_message(QueueUrl=self.urls[name], MaxNumberOfMessages=10).get("Messages", []):
            told = copy.deepcopy(record) | {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "eventSourceARN": f"arn:aws:sqs:{REGION}:123456789012:{name}",
            }
            told["attributes"]["ApproximateReceiveCount"] = str(delivery)
            records.append(told)
        return {"Records": records}

    def visible(self, name: str = "changes.fifo") -> int:
        """How many messages of a queue can be seen now."""
        wanted = ["ApproximateNumberOfMessages"]
        answer = self.sqs.get_queue_attributes(QueueUrl=self.urls[name], AttributeNames=wanted)
        return int(answer["Attributes"][wanted[0]])

    def changes(self) -> list[TracksChanged]:
        """What waits for `index_tracks`, which is gone then."""
        found: list[TracksChanged] = []
        while records := self.event()["Records"]:
            found += [TracksChanged.from_json(record["body"]) for record in records]
            for record in records:
                self.sqs.delete_message(QueueUrl=self.urls["changes.fifo"], ReceiptHandle=record["receiptHandle"])
        return found


@pytest.fixture
def queues(world: World, monkeypatch: pytest.MonkeyPatch) -> Queues:
    queues = Queues()
    failed = MessageQueue(queues.sqs, queues.urls["index-failed"])
    services = replace(world.services, park=failed.send)
    parked, *dead = (
        Letters(queues.sqs, f"arn:aws:sqs:{REGION}:123456789012:{name}")
        for name in ("index-failed", "changes-dlq.fifo", "compact-dlq.fifo")
    )
    reconcile = ReconcileIndex(services, queues.fifo("changes.fifo"), parked, dead)
    monkeypatch.setattr(bootstrap, "services", lambda: services)
    monkeypatch.setattr(bootstrap, "deliveries", lambda: Deliveries(queues.sqs, MOST))
    monkeypatch.setattr(bootstrap, "reconcile", lambda: reconcile)
    monkeypatch.setattr(stream_handler, "_changes", lambda: queues.fifo("changes.fifo"))
    return queues


def _stream_event(*track_ids: str) -> Any:
    event = json.loads((EVENTS / "tracks_stream.json").read_text())
    records = []
    for number, track_id in enumerate(track_ids):
        record = copy.deepcopy(event["Records"][0])
        record["eventID"] = f"{number:032x}"
        record["dynamodb"] |= {"Keys": {"track_id": {"S": track_id}}, "SequenceNumber": str(number)}
        records.append(record)
    return {"Records": records}


class _Context:
    def get_remaining_time_in_millis(self) -> int:
        return 900_000


_CONTEXT: Any = _Context()


def test_an_authentic_stream_event_reaches_the_index(world: World, music: Music, queues: Queues) -> None:
    event = json.loads((EVENTS / "tracks_stream.json").read_text())
    wanted = event["Records"][0]["dynamodb"]["Keys"]["track_id"]["S"]
    world.put(wanted, music(1)[0])
    assert stream_handler.queue_changes(event, None) == {"batchItemFailures": []}
    assert index_tracks(queues.event(), None) == {"batchItemFailures": []}
    assert world.reader().current().contains(wanted)


def test_the_oldest_change_tells_how_fresh_the_index_is(queues: Queues) -> None:
    event = _stream_event(*IDS)
    for number, record in enumerate(event["Records"]):
        record["dynamodb"]["ApproximateCreationDateTime"] = 1_800_000_000.0 - number
    stream_handler.queue_changes(event, None)
    assert queues.changes() == [TracksChanged(tuple(IDS), 1_800_000_000.0 - len(IDS) + 1)]


def test_a_record_that_names_no_track_is_reported_and_the_others_are_told(queues: Queues) -> None:
    event = _stream_event(*IDS)
    event["Records"][2]["dynamodb"]["Keys"] = {"id": {"N": "7"}}
    assert stream_handler.queue_changes(event, None) == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    assert queues.changes()[0].track_ids == (*IDS[:2], *IDS[3:])


def test_a_batch_that_lambda_delivers_twice_makes_one_message(queues: Queues) -> None:
    for _ in range(2):
        stream_handler.queue_changes(_stream_event(*IDS), None)
    assert len(queues.changes()) == 1


def test_the_same_tracks_changed_again_make_another_message(queues: Queues) -> None:
    stream_handler.queue_changes(_stream_event(*IDS), None)
    again = _stream_event(*IDS)
    for record in again["Records"]:
        record["eventID"] = record["eventID"][::-1] + "1"
    stream_handler.queue_changes(again, None)
    assert len(queues.changes()) == 2


def test_a_large_batch_of_the_longest_keys_fits_into_messages(queues: Queues) -> None:
    longest = [f"{number:02048}" for number in range(PER_MESSAGE + 1)]
    stream_handler.queue_changes(_stream_event(*longest), None)
    assert [len(change.track_ids) for change in queues.changes()] == [PER_MESSAGE, 1]


def _damaged(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(*_: object, **__: object) -> None:
        raise DamagedIndex("segments/x is truncated")

    monkeypatch.setattr(services.leading.store, "head", damaged)


def test_while_the_index_cannot_be_written_its_messages_come_back_together(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    _damaged(bootstrap.services(), monkeypatch)
    for track_id in IDS[:2]:
        queues.fifo("changes.fifo").send(TracksChanged((track_id,)))
    event = queues.event(delivery=2)
    with pytest.raises(DamagedIndex):
        index_tracks(event, None)
    assert queues.event("index-failed") == {"Records": []}
    began = time.time()
    for seconds, visible in ((3, 0), (5, 2)):
        monkeypatch.setattr("moto.sqs.models.unix_time_millis", lambda later=seconds: 1000 * (began + later))
        assert queues.visible() == visible


def test_after_the_last_delivery_the_tracks_are_parked_and_tried_again_by_the_clock(
    world: World, music: Music, queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    for track_id, raw in zip(IDS[:2], music(2), strict=True):
        world.put(track_id, raw)
    queues.fifo("changes.fifo").send(TracksChanged(tuple(IDS[:2])))
    with monkeypatch.context() as patch:
        _damaged(bootstrap.services(), patch)
        event = queues.event(delivery=MOST)
        assert index_tracks(event, None) == {"batchItemFailures": []}
    for record in event["Records"]:
        queues.sqs.delete_message(QueueUrl=queues.urls["changes.fifo"], ReceiptHandle=record["receiptHandle"])
    assert bootstrap.reconcile().ask_again() == 2
    index_tracks(queues.event(), None)
    assert [world.reader().current().contains(track_id) for track_id in IDS[:2]] == [True, True]
    assert queues.event("index-failed") == {"Records": []}


def test_of_a_batch_that_failed_only_what_had_its_last_delivery_is_given_up(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    _damaged(bootstrap.services(), monkeypatch)
    for track_id in IDS[:2]:
        queues.fifo("changes.fifo").send(TracksChanged((track_id,)))
    event = queues.event()
    event["Records"][0]["attributes"]["ApproximateReceiveCount"] = str(MOST)
    again = event["Records"][1]["messageId"]
    assert index_tracks(event, None) == {"batchItemFailures": [{"itemIdentifier": again}]}


def test_a_message_that_cannot_be_read_does_not_stop_the_others(world: World, music: Music, queues: Queues) -> None:
    world.put(IDS[0], music(1)[0])
    queues.sqs.send_message(
        QueueUrl=queues.urls["changes.fifo"], MessageBody="nonsense", MessageGroupId="x", MessageDeduplicationId="x"
    )
    queues.fifo("changes.fifo").send(TracksChanged((IDS[0],)))
    assert index_tracks(queues.event(), None) == {"batchItemFailures": []}
    assert world.reader().current().contains(IDS[0])


def test_an_upkeep_that_fails_for_the_last_time_is_done_with_and_parks_nothing(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    _damaged(bootstrap.services(), monkeypatch)
    queues.fifo("changes.fifo").send(KeepUp())
    assert compact_index(queues.event(delivery=MOST), None) == {"batchItemFailures": []}
    assert queues.event("index-failed") == {"Records": []}


def test_the_clock_finds_what_table_and_index_hold_differently(world: World, music: Music, queues: Queues) -> None:
    """Missing, changed, deleted, and an item that cannot be read; and nothing that agrees."""
    rows = music(6)
    for track_id, raw in zip(IDS[:4], rows[:4], strict=True):
        world.put(track_id, raw)
    world.wake(*IDS[:4])
    world.put(IDS[4], rows[4])
    world.put(IDS[0], rows[5])
    world.table.delete(IDS[1])
    world.put(IDS[5], rows[5][:, :100])
    named: set[str] = set()
    for number in range(SLICES):
        bootstrap.reconcile().compare(lambda: False, now=partial(float, number * EVERY_S))
        named |= {track_id for change in queues.changes() for track_id in change.track_ids}
    assert named == {IDS[0], IDS[1], IDS[4], IDS[5]}


def test_one_run_of_the_clock_names_all_that_a_better_recipe_of_the_same_network_lacks(
    world: World, music: Music, queues: Queues
) -> None:
    """A week of slices is for what has been lost; until then the old recipe would serve."""
    old = world.another_process("old", Recipe("before", CHOI, "centred", CHOI.dimensions), policy=POLICY)
    for track_id, raw in zip(IDS, music(6), strict=True):
        world.put(track_id, raw)
    index_batch([TracksChanged(tuple(IDS))], old)
    services = replace(bootstrap.services(), builder_of=lambda _name: old.leading)
    replace(bootstrap.reconcile(), services=services).compare(lambda: False)
    named = [track_id for change in queues.changes() for track_id in change.track_ids]
    assert sorted(named) == IDS
    index_batch([TracksChanged(tuple(IDS))], services)
    assert (world.latest()["recipe"], world.latest()["tracks"]) == ("choi-2017@1-160d", 6)


def test_a_run_of_the_clock_brings_back_what_the_stream_has_lost(
    world: World, music: Music, queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annoy_service.reconcile.SLICES", 1)
    for track_id, raw in zip(IDS, music(6), strict=True):
        world.put(track_id, raw)
    reconcile_index({}, _CONTEXT)
    index_tracks(queues.event(), None)
    assert world.reader().current().size == len(IDS)


def test_it_stops_before_its_time_is_up(
    world: World, music: Music, queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annoy_service.reconcile.SLICES", 1)
    world.put(IDS[0], music(1)[0])
    world.wake(IDS[0])
    world.table.delete(IDS[0])
    world.put(IDS[1], music(1)[0])
    assert bootstrap.reconcile().compare(lambda: True) == 1
    assert [change.track_ids for change in queues.changes()] == [(IDS[1],)]


def test_dead_letters_are_asked_again_and_what_names_no_track_is_logged_and_gone(queues: Queues) -> None:
    queues.fifo("changes-dlq.fifo").send(TracksChanged(tuple(IDS[:2])))
    queues.fifo("compact-dlq.fifo").send(KeepUp())
    parked = MessageQueue(queues.sqs, queues.urls["index-failed"])
    parked.send(TrackNotIndexed(IDS[2], "100 numbers"))
    queues.sqs.send_message(QueueUrl=queues.urls["index-failed"], MessageBody='{"DDBStreamBatchInfo":{}}')
    assert bootstrap.reconcile().ask_again() == 3
    assert [change.track_ids for change in queues.changes()] == [(IDS[2],), tuple(IDS[:2])]
    assert bootstrap.reconcile().ask_again() == 0


def test_every_track_is_in_one_slice() -> None:
    slices = [Slice(number, SLICES) for number in range(SLICES)]
    assert all(sum(track_id in each for each in slices) == 1 for track_id in IDS)
