import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.rate_limit import Bucket, Rate, RateLimiter
from earshot.errors import ProviderRefused, ProviderThrottled
from tests.aws import account

_RATE = Rate(per_s=10.0, burst=5)


@given(st.lists(st.floats(0, 0.5), min_size=1, max_size=200))
def test_no_stretch_of_time_holds_more_calls_than_the_rate_allows(gaps: list[float]) -> None:
    bucket, now, granted = Bucket(), 1000.0, []
    for gap in gaps:
        now += gap
        bucket, wait = bucket.take(now, _RATE)
        if wait == 0:
            granted.append(now)
    for first in range(len(granted)):
        for last in range(first, len(granted)):
            allowed = _RATE.burst + (granted[last] - granted[first]) * _RATE.per_s
            assert last - first + 1 <= allowed + 1e-6


@given(st.integers(1, 60))
def test_a_full_bucket_lets_a_burst_through_at_once(extra: int) -> None:
    bucket = Bucket()
    waits = []
    for _ in range(_RATE.burst + extra):
        bucket, wait = bucket.take(1000.0, _RATE)
        waits.append(wait)
    assert waits[: _RATE.burst] == [0] * _RATE.burst
    assert all(wait > 0 for wait in waits[_RATE.burst :])


@given(st.integers(2, 200))
def test_those_who_must_wait_are_told_times_one_interval_apart(waiting: int) -> None:
    bucket, told = Bucket(full=1000.0 + _RATE.burst / _RATE.per_s), []
    for _ in range(waiting):
        bucket, wait = bucket.take(1000.0, _RATE)
        told.append(wait)
    assert told == pytest.approx([told[0] + number / _RATE.per_s for number in range(waiting)])


@given(st.floats(1, 20_000))
def test_nobody_calls_during_a_pause_and_all_are_told_its_end(seconds: float) -> None:
    bucket = Bucket().pause(1000.0, 1000.0 + seconds)
    _, wait = bucket.take(1000.0, _RATE)
    assert wait == pytest.approx(seconds)
    _, wait = bucket.take(1000.0 + seconds, _RATE)
    assert wait == 0


def test_a_shorter_pause_does_not_cut_a_longer_one() -> None:
    assert Bucket().pause(1000.0, 2000.0).pause(1000.0, 1500.0).paused == 2000.0


@pytest.fixture
def client() -> Iterator[Any]:
    with account() as aws:
        aws.crawls_table()
        yield aws.dynamodb


def test_workers_share_one_bucket(client: Any) -> None:
    workers = [RateLimiter(client, "crawls", {"deezer": Rate(0.01, burst=4)}) for _ in range(3)]
    for number in range(4):
        with workers[number % 3].call("deezer"):
            pass
    for worker in workers:
        with pytest.raises(ProviderThrottled) as caught, worker.call("deezer"):
            pytest.fail("there was no token left")
        assert caught.value.retry_after_s > 90


def test_workers_that_ask_at_the_same_time_get_no_token_twice(client: Any) -> None:
    limiter = RateLimiter(client, "crawls", {"deezer": Rate(0.01, burst=3)})
    outcomes: list[bool] = []

    def ask() -> None:
        try:
            with limiter.call("deezer"):
                outcomes.append(True)
        except ProviderThrottled:
            outcomes.append(False)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False] * 3 + [True] * 3


def test_a_throttled_answer_pauses_its_provider_for_everybody_and_no_other(client: Any) -> None:
    one, other = (RateLimiter(client, "crawls", {}) for _ in range(2))
    with pytest.raises(ProviderThrottled), one.call("spotify"):
        raise ProviderThrottled("slow down", retry_after_s=7200)
    with pytest.raises(ProviderThrottled) as caught, other.call("spotify"):
        pytest.fail("a paused provider was called")
    assert 7190 < caught.value.retry_after_s < 7210
    with other.call("deezer"):
        pass


def test_a_provider_that_asks_to_wait_again_and_again_for_hours_refuses_until_it_answers(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000_000.0
    monkeypatch.setattr("crawler.rate_limit.epoch", lambda: now)
    one, other = (RateLimiter(client, "crawls", {}) for _ in range(2))
    for _ in range(40):
        with pytest.raises(ProviderThrottled), one.call("itunes"):
            raise ProviderThrottled("403", retry_after_s=500)
        now += 501
    with pytest.raises(ProviderThrottled), one.call("spotify"):
        raise ProviderThrottled("once, for a day", retry_after_s=86_400)
    now += 8 * 3600
    with pytest.raises(ProviderRefused), one.call("itunes"):
        raise ProviderThrottled("403", retry_after_s=500)
    with pytest.raises(ProviderRefused), other.call("itunes"):
        pytest.fail("it was called during a pause")
    with pytest.raises(ProviderThrottled), other.call("spotify"):
        pytest.fail("it was called during a pause")
    now += 501
    with other.call("itunes"):
        pass
    with pytest.raises(ProviderThrottled), other.call("itunes"):
        raise ProviderThrottled("429", retry_after_s=30)


def test_a_token_comes_back_with_time(client: Any) -> None:
    limiter = RateLimiter(client, "crawls", {"deezer": Rate(5.0, burst=1)})
    with limiter.call("deezer"):
        pass
    time.sleep(0.25)
    with limiter.call("deezer"):
        pass
