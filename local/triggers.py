"""What wakes a function, as serverless.yml says it. Anything unknown is an error that names the place."""

import re
from dataclasses import dataclass
from typing import Literal

from earshot.errors import InvalidSettings
from local.channel import Event
from local.filters import Pattern, checked
from local.keys import Keys

StartingPosition = Literal["TRIM_HORIZON", "LATEST"]

_SQS_MAX_RECEIVE = 10
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_UNITS_S = {"minute": 60, "hour": 3600, "day": 24 * 3600}


@dataclass(frozen=True, slots=True)
class SqsTrigger:
    """Messages of a queue, up to `batch_size` of them gathered for at most `window_s`."""

    queue_arn: str
    batch_size: int = 10
    window_s: float = 0
    maximum_concurrency: int | None = None
    partial_failures: bool = False

    @property
    def is_fifo(self) -> bool:
        """Whether one batch is worked on at a time (all its messages are of one group)."""
        return self.queue_arn.endswith(".fifo")


@dataclass(frozen=True, slots=True)
class StreamTrigger:
    """Records of a DynamoDB stream, in order. `retries` -1 means for ever."""

    stream_arn: str
    batch_size: int = 100
    window_s: float = 0
    starting_position: StartingPosition = "TRIM_HORIZON"
    retries: int = -1
    bisect: bool = False
    partial_failures: bool = False
    filters: tuple[Pattern, ...] = ()
    on_failure_queue_arn: str | None = None


@dataclass(frozen=True, slots=True)
class SnsTrigger:
    """Notifications of a topic."""

    topic_arn: str


@dataclass(frozen=True, slots=True)
class ScheduleTrigger:
    """The clock, every so many seconds, with the same event each time."""

    every_s: float
    event: Event


@dataclass(frozen=True, slots=True)
class HttpTrigger:
    """Requests to the HTTP API."""


Trigger = SqsTrigger | StreamTrigger | SnsTrigger | ScheduleTrigger | HttpTrigger


def read_trigger(event: object, where: str) -> Trigger:
    """The trigger of one entry of a function's `events`.

    Raises:
        InvalidSettings: the local event loop does not know it, or something in it.
    """
    if not isinstance(event, dict) or len(event) != 1:
        raise InvalidSettings(f"{where}: a trigger is an object with one key, not {event!r}")
    kind, body = next(iter(event.items()))
    where = f"{where}.{kind}"
    match kind:
        case "httpApi":
            return HttpTrigger()
        case "sqs":
            return _sqs(Keys(body, where))
        case "stream":
            return _stream(Keys(body, where))
        case "sns":
            return _sns(Keys(body, where))
        case "schedule":
            return _schedule(Keys(body, where))
    raise InvalidSettings(
        f"{where}: the local event loop does not know the trigger {kind!r}",
        hint="It knows sqs, stream, sns, schedule and httpApi; add it to local/ before using it.",
    )


def _sqs(keys: Keys) -> SqsTrigger:
    trigger = SqsTrigger(
        queue_arn=keys.take("arn", str),
        batch_size=keys.take("batchSize", int, 10),
        window_s=keys.take("maximumBatchingWindow", int, 0),
        maximum_concurrency=keys.take("maximumConcurrency", int, None),
        partial_failures=_partial_failures(keys),
    )
    keys.take("enabled", bool, True)
    keys.finish()
    if trigger.batch_size > _SQS_MAX_RECEIVE and not trigger.window_s:
        raise InvalidSettings(f"{keys.where}: batchSize over 10 needs maximumBatchingWindow, as in Lambda")
    return trigger


def _stream(keys: Keys) -> StreamTrigger:
    if (kind := keys.take("type", str)) != "dynamodb":
        raise InvalidSettings(f"{keys.where}.type: the local event loop knows dynamodb streams, not {kind!r}")
    if (factor := keys.take("parallelizationFactor", int, 1)) != 1:
        raise InvalidSettings(
            f"{keys.where}.parallelizationFactor: the local event loop keeps order, so 1, not {factor}"
        )
    patterns = keys.take("filterPatterns", list, [])
    keys.take("enabled", bool, True)
    trigger = StreamTrigger(
        stream_arn=keys.take("arn", str),
        batch_size=keys.take("batchSize", int, 100),
        window_s=keys.take("batchWindow", int, 0),
        starting_position=_starting_position(keys),
        retries=keys.take("maximumRetryAttempts", int, -1),
        bisect=keys.take("bisectBatchOnFunctionError", bool, False),
        partial_failures=_partial_failures(keys),
        filters=tuple(
            checked(pattern, f"{keys.where}.filterPatterns[{number}]") for number, pattern in enumerate(patterns)
        ),
        on_failure_queue_arn=_on_failure(keys),
    )
    keys.finish()
    return trigger


def _sns(keys: Keys) -> SnsTrigger:
    trigger = SnsTrigger(topic_arn=keys.take("arn", str))
    keys.take("topicName", str, "")
    keys.finish()
    return trigger


def _schedule(keys: Keys) -> ScheduleTrigger:
    text = keys.take("rate", str)
    trigger = ScheduleTrigger(_rate_s(text, keys.where), keys.take("input", dict, {}))
    keys.take("enabled", bool, True)
    keys.finish()
    return trigger


def _rate_s(text: str, where: str) -> float:
    rate = _RATE.fullmatch(text)
    if rate is None:
        raise InvalidSettings(f"{where}.rate: the local event loop knows rate(<number> <unit>), not {text!r}")
    return int(rate[1]) * _UNITS_S[rate[2]]


def _starting_position(keys: Keys) -> StartingPosition:
    match keys.take("startingPosition", str, "TRIM_HORIZON"):
        case "TRIM_HORIZON":
            return "TRIM_HORIZON"
        case "LATEST":
            return "LATEST"
        case other:
            raise InvalidSettings(f"{keys.where}.startingPosition: TRIM_HORIZON or LATEST, not {other!r}")


def _partial_failures(keys: Keys) -> bool:
    answer = keys.take("functionResponseType", str, None)
    if answer not in (None, "ReportBatchItemFailures"):
        raise InvalidSettings(f"{keys.where}.functionResponseType: unknown value {answer!r}")
    return answer is not None


def _on_failure(keys: Keys) -> str | None:
    destinations = Keys(keys.take("destinations", dict, {}), f"{keys.where}.destinations")
    target = destinations.take("onFailure", object, None)
    destinations.finish()
    if target is None or isinstance(target, str):
        arn = target
    else:
        inner = Keys(target, f"{keys.where}.destinations.onFailure")
        arn, kind = inner.take("arn", str), inner.take("type", str)
        inner.finish()
        if kind != "sqs":
            raise InvalidSettings(f"{inner.where}.type: the local event loop knows sqs, not {kind!r}")
    if arn is not None and ":sqs:" not in arn:
        raise InvalidSettings(f"{keys.where}.destinations.onFailure: not the ARN of a queue: {arn!r}")
    return arn
