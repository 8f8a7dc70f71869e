"""What serverless.yml says of the functions and their triggers.

The local stack runs from the same file as the cloud, so the two cannot drift apart. Whatever it does not know is an
error that names the place: a trigger that is silently ignored here would be found in production.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from earshot.errors import InvalidSettings
from local.filters import check_pattern
from local.variables import Lookup, Resolver

_DEFAULT_TIMEOUT_S = 6
_SQS_MAX_RECEIVE = 10
# What only a deployment needs; everything else must be understood here.
_DEPLOYMENT_ONLY = frozenset({
    "memorySize", "description", "architecture", "runtime", "tracing", "tags", "package", "layers", "image", "role",
    "ephemeralStorageSize", "logRetentionInDays", "provisionedConcurrency", "snapStart", "maximumRetryAttempts",
    "maximumEventAge", "onError", "condition", "dependsOn", "iamRoleStatements", "iamRoleStatementsInherit",
    "iamRoleStatementsName", "disableLogs", "vpc", "versionFunction", "name",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class SqsTrigger:
    """Messages of a queue, up to `batch_size` of them gathered for at most `window_s`."""

    queue_arn: str
    batch_size: int = 10
    window_s: float = 0
    maximum_concurrency: int | None = None
    partial_failures: bool = False


@dataclass(frozen=True, slots=True)
class StreamTrigger:
    """Records of a DynamoDB stream, in order. `retries` -1 means for ever."""

    stream_arn: str
    batch_size: int = 100
    window_s: float = 0
    starting_position: str = "TRIM_HORIZON"
    retries: int = -1
    bisect: bool = False
    partial_failures: bool = False
    filters: tuple[Mapping[str, Any], ...] = ()
    on_failure_queue_arn: str | None = None


@dataclass(frozen=True, slots=True)
class SnsTrigger:
    """Notifications of a topic."""

    topic_arn: str


@dataclass(frozen=True, slots=True)
class Function:
    """One function. `serves_http` marks the one behind the HTTP API."""

    name: str
    handler: str
    timeout_s: float = _DEFAULT_TIMEOUT_S
    memory_mb: int = 1024
    reserved_concurrency: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    sqs: tuple[SqsTrigger, ...] = ()
    streams: tuple[StreamTrigger, ...] = ()
    sns: tuple[SnsTrigger, ...] = ()
    serves_http: bool = False


def read_functions(path: Path, *, stage: str, ssm: Lookup) -> list[Function]:
    """The functions of a serverless.yml with every variable resolved.

    Args:
        path: the file.
        stage: value of `${sls:stage}`.
        ssm: looks up `${ssm:…}`.

    Raises:
        InvalidSettings: the file cannot be read, or holds something the local stack does not know.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise InvalidSettings(f"{path}: {error}") from error
    # Only what runs here is resolved: the rest may hold variables that mean something to a deployment alone.
    resolver = Resolver(stage=stage, ssm=ssm, document=document)
    shared = resolver.resolve((document.get("provider") or {}).get("environment") or {}, "provider.environment")
    functions = []
    for name, body in (document.get("functions") or {}).items():
        relevant = {key: value for key, value in body.items() if key not in _DEPLOYMENT_ONLY}
        memory = resolver.resolve(body.get("memorySize", 1024), f"functions.{name}.memorySize")
        functions.append(
            _function(name, resolver.resolve(relevant, f"functions.{name}"), shared=shared, memory_mb=int(memory))
        )
    if not functions:
        raise InvalidSettings(f"{path}: it has no functions")
    return functions


def _function(name: str, body: dict[str, Any], *, shared: Mapping[str, Any], memory_mb: int) -> Function:
    where = f"functions.{name}"
    taken = _Keys(body, where)
    handler = taken.take("handler", str)
    environment = {**shared, **taken.take("environment", dict, {})}
    timeout = taken.take("timeout", int, _DEFAULT_TIMEOUT_S)
    reserved = taken.take("reservedConcurrency", int, None)
    events = taken.take("events", list, [])
    taken.finish()
    triggers: dict[str, list[Any]] = {"sqs": [], "stream": [], "sns": []}
    serves_http = False
    for number, event in enumerate(events):
        kind, trigger = _trigger(event, f"{where}.events[{number}]")
        if kind == "httpApi":
            serves_http = True
        else:
            triggers[kind].append(trigger)
    return Function(
        name=name,
        handler=handler,
        timeout_s=timeout,
        memory_mb=memory_mb,
        reserved_concurrency=reserved,
        environment={key: _environment_text(value) for key, value in environment.items()},
        sqs=tuple(triggers["sqs"]),
        streams=tuple(triggers["stream"]),
        sns=tuple(triggers["sns"]),
        serves_http=serves_http,
    )


def _environment_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _trigger(event: Any, where: str) -> tuple[str, Any]:
    if not isinstance(event, dict) or len(event) != 1:
        raise InvalidSettings(f"{where}: a trigger is an object with one key, not {event!r}")
    kind, body = next(iter(event.items()))
    where = f"{where}.{kind}"
    match kind:
        case "httpApi":
            return kind, None
        case "sqs":
            return kind, _sqs(_Keys(body, where))
        case "stream":
            return kind, _stream(_Keys(body, where))
        case "sns":
            return kind, _sns(_Keys(body, where))
    raise InvalidSettings(
        f"{where}: the local event loop does not know the trigger {kind!r}",
        hint="It knows sqs, stream, sns and httpApi; add it to local/ before using it.",
    )


def _sqs(keys: "_Keys") -> SqsTrigger:
    trigger = SqsTrigger(
        queue_arn=keys.take("arn", str),
        batch_size=keys.take("batchSize", int, 10),
        window_s=keys.take("maximumBatchingWindow", int, 0),
        maximum_concurrency=keys.take("maximumConcurrency", int, None),
        partial_failures=keys.partial_failures(),
    )
    keys.take("enabled", bool, True)
    keys.finish()
    if trigger.batch_size > _SQS_MAX_RECEIVE and not trigger.window_s:
        raise InvalidSettings(f"{keys.where}: batchSize over 10 needs maximumBatchingWindow, as in Lambda")
    return trigger


def _stream(keys: "_Keys") -> StreamTrigger:
    if (kind := keys.take("type", str)) != "dynamodb":
        raise InvalidSettings(f"{keys.where}.type: the local event loop knows dynamodb streams, not {kind!r}")
    if (factor := keys.take("parallelizationFactor", int, 1)) != 1:
        raise InvalidSettings(
            f"{keys.where}.parallelizationFactor: the local event loop keeps order, so 1, not {factor}"
        )
    filters = keys.take("filterPatterns", list, [])
    for number, pattern in enumerate(filters):
        check_pattern(pattern, f"{keys.where}.filterPatterns[{number}]")
    position = keys.take("startingPosition", str, "TRIM_HORIZON")
    if position not in ("TRIM_HORIZON", "LATEST"):
        raise InvalidSettings(f"{keys.where}.startingPosition: TRIM_HORIZON or LATEST, not {position!r}")
    keys.take("enabled", bool, True)
    trigger = StreamTrigger(
        stream_arn=keys.take("arn", str),
        batch_size=keys.take("batchSize", int, 100),
        window_s=keys.take("batchWindow", int, 0),
        starting_position=position,
        retries=keys.take("maximumRetryAttempts", int, -1),
        bisect=keys.take("bisectBatchOnFunctionError", bool, False),
        partial_failures=keys.partial_failures(),
        filters=tuple(filters),
        on_failure_queue_arn=_on_failure(keys),
    )
    keys.finish()
    return trigger


def _on_failure(keys: "_Keys") -> str | None:
    destinations = _Keys(keys.take("destinations", dict, {}), f"{keys.where}.destinations")
    target = destinations.take("onFailure", object, None)
    destinations.finish()
    if target is None or isinstance(target, str):
        arn = target
    else:
        inner = _Keys(target, f"{keys.where}.destinations.onFailure")
        arn, kind = inner.take("arn", str), inner.take("type", str)
        inner.finish()
        if kind != "sqs":
            raise InvalidSettings(f"{inner.where}.type: the local event loop knows sqs, not {kind!r}")
    if arn is not None and ":sqs:" not in arn:
        raise InvalidSettings(f"{keys.where}.destinations.onFailure: not the ARN of a queue: {arn!r}")
    return arn


def _sns(keys: "_Keys") -> SnsTrigger:
    trigger = SnsTrigger(topic_arn=keys.take("arn", str))
    keys.take("topicName", str, "")
    keys.finish()
    return trigger


class _Keys:
    """The keys of one object, each taken once; what is left over at the end is unknown."""

    def __init__(self, body: Any, where: str) -> None:
        if not isinstance(body, dict):
            raise InvalidSettings(f"{where}: expected an object, found {body!r}")
        self._left = dict(body)
        self.where = where

    def take(self, key: str, kind: type, *default: Any) -> Any:
        if key not in self._left:
            if not default:
                raise InvalidSettings(f"{self.where}: {key} is missing")
            return default[0]
        value = self._left.pop(key)
        wrong_bool = kind is int and isinstance(value, bool)
        if not isinstance(value, kind) or wrong_bool:
            raise InvalidSettings(f"{self.where}.{key}: expected {kind.__name__}, found {value!r}")
        return value

    def partial_failures(self) -> bool:
        answer: str | None = self.take("functionResponseType", str, None)
        if answer not in (None, "ReportBatchItemFailures"):
            raise InvalidSettings(f"{self.where}.functionResponseType: unknown value {answer!r}")
        return answer is not None

    def finish(self) -> None:
        if self._left:
            raise InvalidSettings(
                f"{self.where}: the local stack does not know {', '.join(sorted(map(str, self._left)))}",
                hint="Teach local/serverless.py what it means, or list it there as needed by a deployment only.",
            )
