"""The rules of partial failure: who is left out, what the answer says of it, and when there is none."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import numpy as np
import pytest

from api.door.breaker import FAILURES
from api.one_machine.protocol import Receive, Scope, Send
from earshot.index.transform import CatalogueTransform
from earshot.shards import shard_of
from tests.unit.api.world import DIM, IDENTITY, direction, track

from .conftest import Division, Opened, opened

DivisionOf = Callable[..., Division]
OF, N = 4, 40
MINE = next(number for number in range(1, N) if shard_of(f"deezer:{number}", OF) == 0)
OTHER = CatalogueTransform(np.zeros(DIM, np.float32), np.full(DIM, 2, np.float32), np.eye(DIM, dtype=np.float32))
"""Of the same vectors, and not the same one."""


@pytest.fixture
def division(division_of: DivisionOf) -> Division:
    return division_of([track(n) for n in range(1, N + 1)], vectors(), OF)


def vectors() -> list[Any]:
    return [direction(a0=1, a1=number / N) for number in range(1, N + 1)]


def run(division: Division, scenario: Callable[[Opened], Coroutine[Any, Any, None]], **settings: Any) -> None:
    async def ran() -> None:
        async with opened(division, **{"timeout_s": 5, "hedge_s": 5} | settings) as door:
            await scenario(door)

    asyncio.run(ran())


async def similar(door: Opened, number: int = MINE) -> Any:
    return await door.get("/similar", track_id=f"deezer:{number}", k=N)


def process(division: Division, shard: int, replica: int = 0) -> Any:
    return division.processes[f"http://{shard}-{replica}"]


def test_a_shard_that_is_down_is_left_out_and_comes_back(division: Division) -> None:
    async def scenario(door: Opened) -> None:
        process(division, 2).is_down = True
        answer = await similar(door)
        assert (answer.status_code, answer.json()["shards"]) == (200, {"answered": 3, "of": 4})
        assert answer.headers["cache-control"] == "no-store"
        assert {shard_of(one["track_id"], OF) for one in answer.json()["results"]} == {0, 1, 3}
        process(division, 2).is_down = False
        answer = await similar(door)
        assert answer.json()["shards"] == {"answered": 4, "of": 4}
        assert len(answer.json()["results"]) == N - 1
        assert "max-age" in answer.headers["cache-control"]

    run(division, scenario)


def test_a_shard_that_stays_down_is_not_asked_until_it_answers_on_the_side(division: Division) -> None:
    async def scenario(door: Opened) -> None:
        dead = process(division, 2)
        dead.is_down = True
        for _ in range(FAILURES):
            await similar(door)
        health = (await door.get("/health")).json()
        assert (health["status"], health["each"][2]["status"]) == ("partial", "down")
        dead.is_down, dead.asked = False, 0
        assert (await similar(door)).json()["shards"] == {"answered": 3, "of": 4}
        assert dead.asked == 0
        await door.fleet.look()
        assert (await similar(door)).json()["shards"] == {"answered": 4, "of": 4}
        assert (await door.get("/health")).json()["status"] == "ok"

    run(division, scenario)


def test_of_a_shard_that_is_known_to_be_down_the_log_does_not_grow_with_every_question(
    division: Division, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(door: Opened) -> None:
        process(division, 2).is_down = True
        for _ in range(FAILURES + 4):
            assert (await similar(door)).json()["shards"] == {"answered": 3, "of": 4}

    run(division, scenario)
    assert len([one for one in caplog.records if "left out" in one.getMessage()]) == FAILURES


def test_a_slow_shard_costs_at_most_the_time_out_and_soon_nothing(division: Division) -> None:
    async def scenario(door: Opened) -> None:
        process(division, 2).delay_s = 10
        for _ in range(FAILURES):
            started = time.monotonic()
            answer = await similar(door)
            assert time.monotonic() - started < 2
            assert answer.json()["shards"] == {"answered": 3, "of": 4}
        started = time.monotonic()
        assert (await similar(door)).json()["shards"] == {"answered": 3, "of": 4}
        assert time.monotonic() - started < 0.4

    run(division, scenario, timeout_s=0.5, hedge_s=0.5)


def test_a_slow_shard_is_waited_for_once_however_often_the_others_are_asked(division_of: DivisionOf) -> None:
    division = division_of([track(n, artists=("One",)) for n in range(1, N + 1)], vectors(), OF)

    async def scenario(door: Opened) -> None:
        process(division, 2).delay_s = 10
        answer = await door.get("/similar", track_id=f"deezer:{MINE}", k=10, max_per_artist=1)
        assert (len(answer.json()["results"]), answer.json()["shards"]) == (1, {"answered": 3, "of": 4})
        assert process(division, 2).asked == 1
        assert process(division, 1).asked == 2

    run(division, scenario, timeout_s=0.5, hedge_s=0.5)


def test_a_tag_that_a_missing_shard_may_have_is_not_called_unknown(division_of: DivisionOf) -> None:
    tracks = [track(n, tags={"odd" if shard_of(f"deezer:{n}", OF) == 2 else "rock": 0.5}) for n in range(1, N + 1)]
    division = division_of(tracks, vectors(), OF)

    async def scenario(door: Opened) -> None:
        process(division, 2).is_down = True
        answer = await door.get("/similar", track_id=f"deezer:{MINE}", tags="odd")
        assert (answer.status_code, answer.json()["results"]) == (200, [])
        assert answer.json()["shards"] == {"answered": 3, "of": 4}
        assert answer.headers["cache-control"] == "no-store"

    run(division, scenario)


def test_an_address_at_which_something_else_answers_by_now_is_down(division: Division) -> None:
    async def something_else(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": b"<html>It works!</html>"})

    async def scenario(door: Opened) -> None:
        process(division, 2).app = something_else
        await door.fleet.look()
        health = (await door.get("/health")).json()
        assert (health["status"], health["each"][2]["status"]) == ("partial", "down")

    run(division, scenario)


def test_an_answer_that_cannot_be_unpacked_costs_its_shard_alone(division: Division) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-encoding", b"gzip")]})
        await send({"type": "http.response.body", "body": b"not packed"})

    async def scenario(door: Opened) -> None:
        process(division, 2).app = broken
        answer = await similar(door)
        assert (answer.status_code, answer.json()["shards"]) == (200, {"answered": 3, "of": 4})

    run(division, scenario)


def test_below_the_least_share_there_is_no_answer(division: Division) -> None:
    async def scenario(door: Opened) -> None:
        for shard in (1, 2, 3):
            process(division, shard).is_down = True
        for _ in range(FAILURES + 1):
            answer = await similar(door)
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "too_few_shards")
            assert answer.headers["retry-after"] == "1"
        assert (await door.get("/health")).json()["status"] == "unavailable"

    run(division, scenario)


def test_whose_shard_is_down_that_track_is_an_error_of_its_own(division: Division) -> None:
    async def scenario(door: Opened) -> None:
        process(division, 0).is_down = True
        for path in (f"/similar?track_id=deezer:{MINE}", f"/tracks/deezer:{MINE}"):
            answer = await door.get(path)
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "shard_of_track_down")
            assert "retry-after" in answer.headers
        other = next(number for number in range(1, N) if shard_of(f"deezer:{number}", OF) == 1)
        assert (await similar(door, other)).json()["shards"] == {"answered": 3, "of": 4}

    run(division, scenario)


def test_a_shard_of_another_transform_is_refused_until_it_has_the_common_one(division: Division) -> None:
    tracks = [track(n) for n in range(1, N + 1)]
    division.publish(tracks, vectors(), only=[2], transform=OTHER, number=1)

    async def scenario(door: Opened) -> None:
        assert (await similar(door)).json()["shards"] == {"answered": 3, "of": 4}
        health = (await door.get("/health")).json()
        assert [one["status"] for one in health["each"]] == ["up", "up", "other_transform", "up"]
        assert process(division, 2).asked == 0
        division.publish(tracks, vectors(), only=[2], transform=IDENTITY, number=2)
        await door.fleet.look()
        assert (await similar(door)).json()["shards"] == {"answered": 4, "of": 4}

    run(division, scenario)


def test_a_shard_whose_transform_changes_between_two_looks_is_left_out_at_once(division: Division) -> None:
    async def scenario(door: Opened) -> None:
        assert (await similar(door)).json()["shards"] == {"answered": 4, "of": 4}
        tracks = [track(n) for n in range(1, N + 1)]
        division.publish(tracks, vectors(), only=[2], transform=OTHER, number=1)
        assert (await similar(door)).json()["shards"] == {"answered": 3, "of": 4}

    run(division, scenario)


def test_without_a_transform_that_most_have_nobody_is_asked(division: Division) -> None:
    tracks = [track(n) for n in range(1, N + 1)]
    division.publish(tracks, vectors(), only=[2, 3], transform=OTHER, number=1)

    async def scenario(door: Opened) -> None:
        assert (await similar(door)).json()["error"]["code"] == "too_few_shards"
        assert all(one.asked == 0 for one in division.processes.values())

    run(division, scenario)


def test_a_process_that_serves_another_shard_or_none_is_refused(division: Division) -> None:
    division.serve(2, bucket="shard-1")
    division.serve(3, bucket="index")

    async def scenario(door: Opened) -> None:
        assert (await similar(door)).json()["shards"] == {"answered": 2, "of": 4}
        health = (await door.get("/health")).json()
        assert [one["status"] for one in health["each"]] == ["up", "up", "wrong_shard", "down"]

    run(division, scenario)


def test_a_shard_that_does_not_know_the_key_is_down(division: Division) -> None:
    division.serve(1, key="another one")

    async def scenario(door: Opened) -> None:
        assert (await similar(door)).json()["shards"] == {"answered": 3, "of": 4}

    run(division, scenario)


def test_of_two_processes_of_a_shard_the_other_one_answers_for_one_that_is_down(division: Division) -> None:
    for shard in range(OF):
        division.serve(shard, 1)

    async def scenario(door: Opened) -> None:
        process(division, 0, 0).is_down = process(division, 3, 1).is_down = True
        for _ in range(3):
            assert (await similar(door)).json()["shards"] == {"answered": 4, "of": 4}

    run(division, scenario)


def test_of_two_processes_of_a_shard_the_other_one_is_asked_when_one_takes_long(division: Division) -> None:
    division.serve(2, 1)

    async def scenario(door: Opened) -> None:
        process(division, 2, 0).delay_s = 10
        for _ in range(4):
            started = time.monotonic()
            assert (await similar(door)).json()["shards"] == {"answered": 4, "of": 4}
            assert time.monotonic() - started < 3
        assert 0 < process(division, 2, 0).asked < process(division, 2, 1).asked

    run(division, scenario, timeout_s=5, hedge_s=0.05)


def test_processes_of_a_shard_take_turns(division: Division) -> None:
    division.serve(2, 1)

    async def scenario(door: Opened) -> None:
        for _ in range(6):
            await similar(door)
        assert process(division, 2, 0).asked == process(division, 2, 1).asked == 3

    run(division, scenario)
