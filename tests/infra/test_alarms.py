"""Each alarm is tried against what it is for: minutes of metrics as AWS has them, evaluated as CloudWatch does."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from tests.infra import terraform
from tests.infra.terraform import Alarm

Minutes = Mapping[str, Callable[[int], float | None]]
"""Of each metric, the sample of every minute; None: there is none."""

_HOUR, _DAY = 60, 24 * 60


def _always(value: float) -> Callable[[int], float]:
    return lambda minute: value  # noqa: ARG005


def _every(minutes: int, value: float = 1) -> Callable[[int], float | None]:
    return lambda minute: value if minute % minutes == 0 else None


def _once(value: float = 1) -> Callable[[int], float | None]:
    return lambda minute: value if minute == 1 else None


def _until(end: int, value: float) -> Callable[[int], float | None]:
    return lambda minute: value if minute < end else None


def _growing(per_minute: float) -> Callable[[int], float]:
    return lambda minute: minute * per_minute


_AGE, _VISIBLE, _DELAYED = (
    "ApproximateAgeOfOldestMessage",
    "ApproximateNumberOfMessagesVisible",
    "ApproximateNumberOfMessagesDelayed",
)
# What must be told, and within how many minutes.
_EVENTS: dict[str, tuple[Minutes, int]] = {
    "crawler-gave-up": ({"WorkGivenUp": _once()}, 5),
    "extractor-gave-up": ({"WorkGivenUp": _once()}, 5),
    "pending-too-long": ({"OldestPendingSeconds": _every(_DAY, 3.5 * 86400)}, _DAY),
    "index-gave-up": ({"WorkGivenUp": _once()}, 5),
    "listening-gave-up": ({"WorkGivenUp": _once()}, 5),
    "index-failed-records": ({_VISIBLE: _always(1)}, 5),
    "throttled": ({"Throttles": _every(4, 30)}, 30),
    "extract-backlog": ({_AGE: _growing(60)}, 90),
    "index-behind": ({_AGE: _growing(60)}, 45),
    "index-damaged": ({"IndexDamaged": _once()}, 5),
    "api-slow": ({"Duration": _every(2, 4000)}, 15),
    "index-not-published": ({"IndexNotPublished": _once()}, 5),
    "listening-not-published": ({"ColisteningNotPublished": _once()}, 5),
    "sound-drifted": ({"SoundDrifted": _once()}, 5),
    "listening-drifted": ({"ColisteningDrifted": _once()}, 5),
    "concurrency-used-up": ({"ClaimedAccountConcurrency": _always(950)}, 15),
    "reconcile-fails": ({"Errors": _every(15)}, _HOUR),
    # A throttled provider: whatever becomes visible goes back with a delay, as a new message that is never old.
    "fetch-stands-still": ({_VISIBLE: _every(15, 200), _DELAYED: _always(20_000), _AGE: _always(0)}, 6 * _HOUR),
    "dead-letters-expire": ({_AGE: lambda minute: 7 * 86400 - 300 + minute * 60}, _HOUR),
}
# What is in order, or mends itself.
_IN_ORDER: dict[str, Minutes] = {
    "pending-too-long": {"OldestPendingSeconds": _every(_DAY, 86400)},
    "throttled": {"Throttles": _until(20, 100)},
    "extract-backlog": {_AGE: _until(_HOUR, 3500)},
    "index-behind": {_AGE: _until(10, 1000)},
    "api-slow": {"Duration": _until(10, 20_000)},
    "concurrency-used-up": {"ClaimedAccountConcurrency": _until(10, 1000)},
    "reconcile-fails": {"Errors": _every(2 * _HOUR)},
    "fetch-stands-still": {_DELAYED: _always(20_000), "PreviewsFetched": _every(_HOUR // 2)},  # slow, but it goes on
    "dead-letters-expire": {_AGE: _always(86400)},
}


def _aggregated(samples: Callable[[int], float | None], alarm: Alarm, statistic: str, last: int) -> list[float | None]:
    """A value for each of the alarm's periods up to the minute `last`, the newest at the end."""
    width = alarm.period_s // 60
    periods = []
    for end in range(last, last - width * alarm.periods, -width):
        values = [value for minute in range(end - width, end) if minute >= 0 and (value := samples(minute)) is not None]
        periods.append(
            (sum(values) if statistic == "Sum" else max(values)) if values else None
        )  # p99 of few: the worst
    return periods[::-1]


def _fill(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def _fires(alarm: Alarm, minutes: Minutes, last: int) -> bool:
    """Whether the alarm is in ALARM at the minute `last`: the result exceeds the threshold in every period."""
    none: Callable[[int], float | None] = lambda minute: None  # noqa: E731, ARG005
    series: dict[str, Sequence[float | None]] = {
        key: _aggregated(minutes.get(metric.name, none), alarm, metric.statistic, last)
        for key, metric in alarm.metrics.items()
    }
    results = [_computed(alarm, {key: values[i] for key, values in series.items()}) for i in range(alarm.periods)]
    return all(result is not None and result > alarm.threshold for result in results)


def _computed(alarm: Alarm, values: Mapping[str, float | None]) -> float | None:
    """CloudWatch's expression over the values of one period; the functions that occur here, and no others."""
    expression = re.sub(r"\bAND\b", "and", alarm.expression)
    present = [value for value in values.values() if value is not None]
    names: dict[str, Any] = {
        **values,
        "FILL": _fill,
        "IF": lambda condition, then, otherwise: then if condition else otherwise,
        "METRICS": lambda: present,
        "MAX": lambda found: max(found, default=None),
    }
    result: float | None = eval(expression, {"__builtins__": {}}, names)  # noqa: S307 of our own file
    return result


def test_every_alarm_is_tried() -> None:
    assert set(_EVENTS) == set(terraform.alarms())


@pytest.mark.parametrize("key", sorted(_EVENTS))
def test_an_alarm_fires_at_what_it_is_for_and_in_time(key: str) -> None:
    alarm = terraform.alarms()[key]
    minutes, within = _EVENTS[key]
    assert any(_fires(alarm, minutes, last) for last in range(1, within + 1))


@pytest.mark.parametrize("key", sorted(_IN_ORDER))
def test_an_alarm_is_silent_at_what_is_in_order_or_mends_itself(key: str) -> None:
    alarm = terraform.alarms()[key]
    assert not any(_fires(alarm, _IN_ORDER[key], last) for last in range(1, 2 * _DAY, 7))


@pytest.mark.parametrize("key", sorted(_EVENTS))
def test_nothing_is_said_where_nothing_happens(key: str) -> None:
    assert not _fires(terraform.alarms()[key], {}, _DAY)


def test_the_age_of_messages_would_not_have_told_that_a_provider_throttles() -> None:
    minutes, within = _EVENTS["fetch-stands-still"]
    assert max(minutes[_AGE](minute) or 0 for minute in range(within)) == 0
    assert _AGE not in {metric.name for metric in terraform.alarms()["fetch-stands-still"].metrics.values()}


def test_letters_are_watched_in_every_queue_that_has_them() -> None:
    metrics = terraform.alarms()["dead-letters-expire"].metrics
    assert {"crawl", "fetch", "extract", "compact", "index_failed"} <= set(metrics)
    assert len(metrics) <= 10, "CloudWatch computes an alarm from no more"
    one = {_AGE: _always(8 * 86400)}
    assert _fires(terraform.alarms()["dead-letters-expire"], one, _DAY)
