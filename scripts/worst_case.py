"""What strangers can make a stage cost in an hour: what a request costs, times how many the gateway lets through.

What a request does is measured (tests/infra/worst_case.py); prices are those of `scripts.cost`, rates those of
serverless.yml. The table stands in docs/cost.md.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from earshot.stores.crawls_table import COUNTED_PER_S
from scripts import cost

HOUR_S = 3600
MOST = {"dev": 2.0, "prod": 8.0}
"""USD an hour that strangers may cause, by stage."""
MOST_WITH_KEYS = 1.1
"""USD an hour that who has a key may add."""
DEFAULT = "$default"
"""The gateway's route for everything that has none of its own."""

MEMORY_GB = 1.0
SECONDS, PLAYLIST_S, WATCHING_S, WAITING_S = 0.2, 0.5, 1.2, 3.3
"""A request's time in Lambda, twice what the dearest takes here (0.1 s of CPU); of a long playlist; where a track is
watched for a second; where a provider is waited for, three seconds."""
HEARING_S, HEARING_TRIES = 20.0, 3
"""The longest that the extractor tries to decode a clip that is made to take long, and how often."""
LOG_BYTES = 1100.0
"""Of the gateway and the function together."""
CONTAINERS = 50
"""Of the api at the same time, each of which looks for a new index version every three seconds."""
POINTER_EVERY_S, POINTERS = 3.0, 2.1
"""Of the index and of what was learned from plays; of a trial every tenth time."""

METERED_BYTES = 512 * 1024
"""A request costs the gateway's price for each of these that it and its answer have, or part of one."""
MOST_TO_GATEWAY = 10 * 1024**2
"""What the gateway takes of a request, whatever is refused behind it."""

# How DynamoDB rounds: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
_READ_BYTES, _WRITE_BYTES = 4096, 1024


@dataclass(frozen=True, slots=True)
class Units:
    """What AWS bills for some calls."""

    reads: float = 0.0
    writes: float = 0.0
    s3_puts: int = 0
    s3_gets: int = 0
    sqs: int = 0

    @property
    def usd(self) -> float:
        """At list price."""
        return (
            self.reads * cost.DYNAMODB_READ_UNIT
            + self.writes * cost.DYNAMODB_WRITE_UNIT
            + self.s3_puts * cost.S3_PUT
            + self.s3_gets * cost.S3_GET
            + self.sqs * cost.SQS_REQUEST
        )


def metered_usd(bytes_: int) -> float:
    """What the gateway takes for a request and its answer of so many bytes."""
    return max(1, math.ceil(bytes_ / METERED_BYTES)) * cost.HTTP_API_REQUEST


def too_large_usd() -> float:
    """Of a request that is as large as the gateway takes. Lambda takes no more than 6 MB: the function never sees it,
    and what it sees and refuses costs less."""
    return metered_usd(MOST_TO_GATEWAY) + LOG_BYTES / 1e9 * cost.LOGS_GB


def read_units(bytes_: int) -> int:
    """Of a strongly consistent read of so many bytes."""
    return max(1, math.ceil(bytes_ / _READ_BYTES))


def write_units(bytes_: int) -> int:
    """Of a write of an item with so many bytes."""
    return max(1, math.ceil(bytes_ / _WRITE_BYTES))


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and what it made AWS do. `route`: the gateway's; `calls`: names of calls and how often each came."""

    name: str
    calls: Mapping[str, int]
    units: Units
    answer_bytes: int
    route: str = DEFAULT
    body_bytes: int = 0
    """The most that may be sent with it."""
    seconds: float = SECONDS
    most_an_hour: int | None = None
    """A quota of the stage, where there is one below the route's rate."""
    quota: str = ""
    """Requests that name the same one spend it together: the dearest of them alone."""
    others_usd: float = 0.0
    """What others do because of it."""

    @property
    def usd(self) -> float:
        """Of one."""
        return (
            self.units.usd
            + metered_usd(self.body_bytes + self.answer_bytes)
            + cost.LAMBDA_REQUEST
            + self.seconds * MEMORY_GB * cost.LAMBDA_GB_S
            + LOG_BYTES / 1e9 * cost.LOGS_GB
            + cost.SAMPLED * cost.TRACE
            + self.answer_bytes / 1e9 * cost.TRAFFIC_OUT_GB
            + self.others_usd
        )

    def usd_an_hour(self, per_s: float) -> float:
        """At so many requests a second."""
        requests = per_s * HOUR_S
        return self.usd * (requests if self.most_an_hour is None else min(requests, self.most_an_hour))


@dataclass(frozen=True, slots=True)
class Rates:
    """Requests a second that the gateway lets through, by its routes."""

    per_s: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, stage: str, root: Path) -> "Rates":
        """As serverless.yml and serverless.resources.yml say it."""
        params = _read(root / "serverless.yml")["params"]
        values: dict[str, Any] = {**params["default"], **params.get(stage, {})}
        settings = _read(root / "serverless.resources.yml")["extensions"]["HttpApiStage"]["Properties"]
        found = {DEFAULT: settings["DefaultRouteSettings"], **settings["RouteSettings"]}
        named = {route: setting["ThrottlingRateLimit"] for route, setting in found.items()}
        return cls({route: float(values[name.removeprefix("${param:").rstrip("}")]) for route, name in named.items()})


def _read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def one_track_usd() -> float:
    """Of a track that is fetched, heard and indexed."""
    many = 1_000_000
    return cost.total(cost.embedding(many), free_tier=False) / many


def one_clip_usd() -> float:
    """Of a clip that is uploaded and cannot be decoded, as slowly as possible."""
    return cost.S3_PUT + HEARING_TRIES * HEARING_S * cost.EXTRACT_GB * cost.LAMBDA_GB_S


def plays_usd(count: int) -> float:
    """Of recording so many plays of as many days: of each an object of its day, the object that it is merged into, its
    item among the recent ones, and three looks for its track; and of receiving and removing the message."""
    of_one = 2 * cost.S3_PUT + cost.DYNAMODB_WRITE_UNIT + 3 * cost.DYNAMODB_READ_UNIT
    return count * of_one + 2 * cost.SQS_REQUEST + cost.LAMBDA_REQUEST


def crawling_usd_an_hour(root: Path) -> float:
    """Of crawls that fetch as fast as the fetching function is let. (What single requests ask for has its quota.)"""
    events = _read(root / "serverless.yml")["functions"]["fetch_preview"]["events"]
    (at_once,) = (event["sqs"]["maximumConcurrency"] for event in events if "/fetch-queue-arn" in event["sqs"]["arn"])
    return float(at_once / cost.FETCH_S * HOUR_S * one_track_usd())


def standing_usd_an_hour() -> float:
    """Of what requests make others do: counting crawls, and looking for new index versions."""
    counting = HOUR_S * COUNTED_PER_S * cost.DYNAMODB_READ_UNIT
    return counting + CONTAINERS * HOUR_S / POINTER_EVERY_S * POINTERS * cost.S3_GET


def usd_an_hour(asked: Iterable[Asked], rates: Rates) -> float:
    """The most that requests can cost: on each of the gateway's routes the dearest alone, or what is too large, and all
    that have a quota."""
    dearest: dict[str, float] = {}
    for one in asked:
        per_s = rates.per_s[one.route]
        if one.most_an_hour is None:
            least = max(dearest.get(one.route, 0.0), too_large_usd() * per_s * HOUR_S)
            dearest[one.route] = max(least, one.usd_an_hour(per_s))
        else:
            shared = one.quota or one.name
            dearest[shared] = max(dearest.get(shared, 0.0), one.usd_an_hour(per_s))
    return sum(dearest.values())


def table(public: Sequence[Asked], keyed: Sequence[Asked], rates: Mapping[str, Rates], root: Path) -> str:
    """The table of docs/cost.md."""
    stages = list(rates)
    heads = " | ".join(f"{stage}: per s | {stage}: USD an hour" for stage in stages)
    lines = [
        f"| request | calls of AWS | answer, kB | USD per million | {heads} |",
        "| --- | --- | ---: | ---: |" + " ---: | ---: |" * len(stages),
    ]
    lines += [_row(one, rates.values()) for one in public]
    too_large = [too_large_usd() * rates[stage].per_s[DEFAULT] * HOUR_S for stage in stages]
    lines.append(_sums("any, with 10 MB that are refused", too_large, f"{too_large_usd() * 1e6:,.1f}"))
    standing, crawling = standing_usd_an_hour(), crawling_usd_an_hour(root)
    lines.append(_sums("counting crawls, looking for index versions", [standing for _ in stages]))
    strangers = [usd_an_hour(public, rates[stage]) + standing for stage in stages]
    lines.append(_sums("**strangers: the dearest of each throttle**", strangers))
    lines += [_row(one, rates.values()) for one in keyed]
    lines.append(_sums("fetching, hearing and indexing, as fast as it goes", [crawling for _ in stages]))
    lines.append(_sums("**who has a key adds**", [usd_an_hour(keyed, rates[stage]) + crawling for stage in stages]))
    return "\n".join(lines)


def _row(one: Asked, rates: Iterable[Rates]) -> str:
    cells = [f"`{one.name}`", _calls(one.calls), f"{one.answer_bytes / 1000:,.0f}", f"{one.usd * 1e6:,.1f}"]
    for stage in rates:
        per_s = stage.per_s[one.route]
        allowed = min(per_s, (one.most_an_hour or math.inf) / HOUR_S)
        cells += [f"{allowed:.2g}", f"{one.usd_an_hour(per_s):.2f}"]
    return f"| {' | '.join(cells)} |"


def _sums(name: str, values: Iterable[float], each: str = "") -> str:
    return f"| {name} | | | {each} | " + " | ".join(f"| {usd:.2f}" for usd in values) + " |"


def _calls(calls: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(calls.items())) or "–"
