"""What serverless.yml says of the functions and their triggers.

The local stack runs from the same file as the cloud, so the two cannot drift apart. Whatever it does not know is an
error that names the place: a trigger that is silently ignored here would be found in production.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from earshot.errors import InvalidSettings
from local.keys import Keys
from local.triggers import HttpTrigger, ScheduleTrigger, SnsTrigger, SqsTrigger, StreamTrigger, read_trigger
from local.variables import Lookup, Resolver

_DEFAULT_TIMEOUT_S = 6
_DEFAULT_MEMORY_MB = 1024
# What only a deployment needs; everything else must be understood here.
_DEPLOYMENT_ONLY = frozenset({
    "description", "architecture", "runtime", "tracing", "tags", "package", "layers", "image", "role",
    "ephemeralStorageSize", "logRetentionInDays", "provisionedConcurrency", "snapStart", "maximumRetryAttempts",
    "maximumEventAge", "onError", "condition", "dependsOn", "iamRoleStatements", "iamRoleStatementsInherit",
    "iamRoleStatementsName", "disableLogs", "vpc", "versionFunction", "name",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Function:
    """One function. `serves_http` marks the one behind the HTTP API."""

    name: str
    handler: str
    timeout_s: float = _DEFAULT_TIMEOUT_S
    memory_mb: int = _DEFAULT_MEMORY_MB
    reserved_concurrency: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    sqs: tuple[SqsTrigger, ...] = ()
    streams: tuple[StreamTrigger, ...] = ()
    sns: tuple[SnsTrigger, ...] = ()
    schedules: tuple[ScheduleTrigger, ...] = ()
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
        document = Keys(yaml.safe_load(path.read_text(encoding="utf-8")), path.name)
    except (OSError, yaml.YAMLError) as error:
        raise InvalidSettings(f"{path}: {error}") from error
    # Only what runs here is resolved: the rest may hold variables that mean something to a deployment alone.
    resolver = Resolver(stage=stage, ssm=ssm, document=document.left.copy(), folder=path.parent)
    provider = Keys(document.take("provider", dict, {}), "provider")
    where = "provider.environment"
    shared = Keys(resolver.resolve(provider.take("environment", dict, {}), where), where).left
    functions = []
    for name, written in document.take("functions", dict, {}).items():
        where = f"functions.{name}"
        runs_here = {key: value for key, value in Keys(written, where).left.items() if key not in _DEPLOYMENT_ONLY}
        functions.append(_function(name, Keys(resolver.resolve(runs_here, where), where), shared))
    if not functions:
        raise InvalidSettings(f"{path}: it has no functions")
    return functions


def _function(name: str, keys: Keys, shared: Mapping[str, object]) -> Function:
    events = keys.take("events", list, [])
    triggers = [read_trigger(event, f"{keys.where}.events[{number}]") for number, event in enumerate(events)]
    environment = {**shared, **keys.take("environment", dict, {})}
    function = Function(
        name=name,
        handler=keys.take("handler", str),
        timeout_s=keys.take("timeout", int, _DEFAULT_TIMEOUT_S),
        memory_mb=keys.take("memorySize", int, _DEFAULT_MEMORY_MB),
        reserved_concurrency=keys.take("reservedConcurrency", int, None),
        environment={variable: _environment_text(value) for variable, value in environment.items()},
        sqs=tuple(trigger for trigger in triggers if isinstance(trigger, SqsTrigger)),
        streams=tuple(trigger for trigger in triggers if isinstance(trigger, StreamTrigger)),
        sns=tuple(trigger for trigger in triggers if isinstance(trigger, SnsTrigger)),
        schedules=tuple(trigger for trigger in triggers if isinstance(trigger, ScheduleTrigger)),
        serves_http=any(isinstance(trigger, HttpTrigger) for trigger in triggers),
    )
    keys.finish()
    return function


def _environment_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
