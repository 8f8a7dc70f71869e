"""On one machine plays of many requests go in one message, and each request hears what became of its own."""

import asyncio
import threading

import httpx
import pytest

from api.bootstrap import services
from api.one_machine import outbox as outbox_module
from api.one_machine.outbox import Outbox
from earshot.clock import Timestamp
from earshot.messages import RecordPlays
from earshot.plays import ListenerId, Play
from tests.unit.api.world import World

_ANA = ListenerId("a" * 16)
_NOW, _LATER = Timestamp("2026-11-27T10:00:00.000001Z"), Timestamp("2026-11-27T10:00:01.000001Z")


def _play(number: int, letters: int = 5) -> Play:
    return Play(_ANA, 1_700_000_000 + number, title=f"{number} ".ljust(letters, "o"))


class _Queue:
    """Keeps what is sent, once it may; refuses messages with what is `bad`."""

    def __init__(self, *bad: Play) -> None:
        self.messages: list[RecordPlays] = []
        self.open = threading.Event()
        self.open.set()
        self._bad = set(bad)

    def send(self, message: RecordPlays) -> None:
        assert self.open.wait(5)
        if self._bad & set(message.plays):
            raise ConnectionError("refused")
        self.messages.append(message)

    @property
    def sizes(self) -> list[int]:
        return [len(message.plays) for message in self.messages]


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "PAUSE_S", 0.0)


async def _request(outbox: Outbox, *messages: RecordPlays) -> None:
    for message in messages:
        outbox.send(message)
    await outbox.delivered()


def _at_once(outbox: Outbox, *requests: list[RecordPlays]) -> list[BaseException | None]:
    async def run() -> list[BaseException | None]:
        return await asyncio.gather(*(_request(outbox, *one) for one in requests), return_exceptions=True)

    return asyncio.run(run())


def test_requests_that_come_while_a_message_is_on_its_way_go_with_the_next_one() -> None:
    queue = _Queue()
    outbox = Outbox(queue.send)

    async def run() -> None:
        queue.open.clear()
        first = asyncio.create_task(_request(outbox, RecordPlays((_play(0),), _NOW)))
        await asyncio.sleep(0.01)
        others = [asyncio.create_task(_request(outbox, RecordPlays((_play(n),), _NOW))) for n in range(1, 20)]
        await asyncio.sleep(0.01)
        assert not any(task.done() for task in (first, *others)), "nobody is answered before their play is safe"
        queue.open.set()
        await asyncio.gather(first, *others)

    asyncio.run(run())
    assert queue.sizes == [1, 19]
    assert [play for message in queue.messages for play in message.plays] == [_play(number) for number in range(20)]


def test_a_message_holds_plays_of_one_second_and_no_more_than_the_queue_takes() -> None:
    queue = _Queue()
    large = [RecordPlays((_play(number, 90_000),), _NOW) for number in range(3)]
    assert _at_once(Outbox(queue.send), *([one] for one in large), [RecordPlays((_play(9),), _LATER)]) == [None] * 4
    assert [(len(message.plays), message.accepted_at) for message in queue.messages] == [
        (2, _NOW),
        (1, _NOW),
        (1, _LATER),
    ]


def test_who_is_in_a_message_that_is_refused_hears_of_it_and_nobody_else() -> None:
    queue = _Queue(_play(1, 90_000))
    requests = [[RecordPlays((_play(number, 90_000),), _NOW)] for number in range(4)]
    outcomes = _at_once(Outbox(queue.send), *requests)
    assert [type(outcome) for outcome in outcomes] == [ConnectionError, ConnectionError, type(None), type(None)]
    assert queue.sizes == [2]


def test_a_request_of_several_messages_fails_where_one_of_them_does() -> None:
    queue = _Queue(_play(2, 150_000))
    whole_import = [RecordPlays((_play(number, 150_000),), _NOW) for number in range(3)]
    outbox = Outbox(queue.send)
    assert isinstance(_at_once(outbox, whole_import)[0], ConnectionError)
    assert _at_once(outbox, [RecordPlays((_play(7),), _NOW)]) == [None], "and the next one begins anew"
    assert queue.sizes == [1, 1, 1]


def test_who_no_longer_waits_holds_up_nobody() -> None:
    queue = _Queue()
    outbox = Outbox(queue.send)

    async def run() -> None:
        queue.open.clear()
        gone, stays = (asyncio.create_task(_request(outbox, RecordPlays((_play(n),), _NOW))) for n in range(2))
        await asyncio.sleep(0.01)
        gone.cancel()
        await asyncio.sleep(0)
        queue.open.set()
        await stays

    asyncio.run(run())
    assert queue.sizes == [2], "what was handed in is sent all the same"


def test_while_the_queue_is_away_each_player_hears_a_503_and_afterwards_each_is_taken_in(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from api.one_machine.asgi import app

    def away(_: RecordPlays) -> None:
        raise ConnectionError("the queue is away")

    async def submit(client: httpx.AsyncClient, number: int) -> httpx.Response:
        listen = {"listened_at": 1_700_000_000 + number, "track_metadata": {"track_name": "A", "artist_name": "B"}}
        body = {"listen_type": "single", "payload": [listen]}
        return await client.post("/1/submit-listens", json=body, headers={"X-Api-Key": f"listener {number}"})

    async def evening() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://earshot.test") as client:
            return await asyncio.gather(*(submit(client, number) for number in range(8)))

    with monkeypatch.context() as patched:
        patched.setattr(services().plays_queue, "send", away)
        refused = asyncio.run(evening())
    assert [(answer.status_code, answer.json()["code"]) for answer in refused] == [(503, 503)] * 8
    assert [answer.status_code for answer in asyncio.run(evening())] == [200] * 8
    # One goes alone, the others together; a second may end between them.
    received = world.sqs.receive_message(QueueUrl=world.queues["plays"], MaxNumberOfMessages=10)["Messages"]
    assert sum(len(RecordPlays.from_json(message["Body"]).plays) for message in received) == 8
    assert len(received) <= 4
