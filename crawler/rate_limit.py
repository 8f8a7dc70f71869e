"""Token buckets that all workers share, one per provider, kept in the crawls table.

The bucket is the generic cell rate algorithm (ITU-T I.371): one number, the time at which it will be full again.
Whoever finds it empty is told a time of their own to come back, one interval after the last one told, so that a
thousand waiting messages return at the provider's pace and not all at once.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from earshot.clock import epoch
from earshot.errors import ProviderRefused, ProviderThrottled, ProviderUnavailable
from earshot.stores.dynamodb import Table

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_RACES = 10
_RACE_S = 0.01
_TIMES = ("full", "promised", "paused", "silent_since", "waits")
_PATIENCE_S, _PATIENCE_WAITS = 6 * 3600.0, 30
"""A provider that has answered nothing but "wait" for so long, and so often, refuses: iTunes says 403 for either."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls per second on average, `burst` of them at once."""

    per_s: float
    burst: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """Times in epoch seconds: `full` again at, last `promised` return, `paused` by the provider until.

    `silent_since`: when the provider first asked to wait and has answered nothing else from then on (0: it answers),
    `waits`: how often.
    """

    full: float = 0.0
    promised: float = 0.0
    paused: float = 0.0
    silent_since: float = 0.0
    waits: float = 0.0

    def take(self, now: float, rate: Rate) -> tuple["Bucket", float]:
        """The bucket after a call at `now` asks for a token, and how long the call must wait (0: it got one)."""
        interval = 1.0 / rate.per_s
        full = max(self.full, now)
        if self.paused <= now and full - now <= (rate.burst - 1) * interval + 1e-9:
            return replace(self, full=full + interval), 0.0
        earliest = max(self.paused, full - (rate.burst - 1) * interval)
        promised = max(earliest, self.promised + interval)
        return replace(self, promised=promised), max(promised - now, 1e-3)

    def pause(self, now: float, until: float) -> "Bucket":
        """The bucket after the provider has asked to wait until then."""
        since = self.silent_since or now
        return replace(self, paused=max(self.paused, until), silent_since=since, waits=self.waits + 1)

    def answered(self) -> "Bucket":
        """The bucket after the provider has answered."""
        return replace(self, silent_since=0.0, waits=0.0)

    def refuses(self, now: float) -> bool:
        """Whether there is no point in waiting any longer."""
        return self.waits >= _PATIENCE_WAITS and self.paused > now and now - self.silent_since > _PATIENCE_S


class RateLimiter:
    """Lets calls through at each provider's rate.

    Args:
        client: a boto3 DynamoDB client.
        table: the crawls table's name.
        rates: by provider; one without a rate is only held back by its own pauses.
    """

    def __init__(self, client: "DynamoDBClient", table: str, rates: Mapping[str, Rate]) -> None:
        self._table = Table(client, table)
        self._rates = rates
        self._seen: dict[str, tuple[Bucket, int]] = {}

    @contextmanager
    def call(self, provider: str) -> Iterator[None]:
        """One call of the provider's API. When it answers that it is throttled, all workers pause for it.

        Raises:
            ProviderThrottled: there is no token now; nothing has been sent.
            ProviderRefused: it has answered nothing but "wait" for hours.
        """
        self._take(provider)
        try:
            yield
        except ProviderThrottled as error:
            self.pause(provider, error.retry_after_s)
            self._refuse_if_silent(provider)
            raise
        if self._seen[provider][0].waits:
            self._change(provider, lambda bucket: (bucket.answered(), 0.0))

    def pause(self, provider: str, seconds: float) -> None:
        """No worker calls the provider for so long."""
        now = epoch()
        self._change(provider, lambda bucket: (bucket.pause(now, now + seconds), 0.0))

    def _take(self, provider: str) -> None:
        rate = self._rates.get(provider, Rate(1000.0, 1000))
        wait = self._change(provider, lambda bucket: bucket.take(epoch(), rate))
        if wait > 0:
            self._refuse_if_silent(provider)
            raise ProviderThrottled(f"{provider} takes no more calls for {wait:.0f} s", retry_after_s=wait)

    def _refuse_if_silent(self, provider: str) -> None:
        if self._seen[provider][0].refuses(epoch()):
            raise ProviderRefused(f"{provider} has answered nothing but to wait for {_PATIENCE_S / 3600:.0f} hours")

    def _change(self, provider: str, change: Callable[[Bucket], tuple[Bucket, float]]) -> float:
        """Apply `change` to the stored bucket; whoever has lost a race does it again on what the winner wrote."""
        for attempt in range(_RACES):
            bucket, version = self._seen.get(provider) or self._read(provider)
            bucket, wait = change(bucket)
            if self._write(provider, bucket, version):
                self._seen[provider] = bucket, version + 1
                return wait
            self._seen.pop(provider, None)
            time.sleep(random.uniform(0, _RACE_S * attempt))  # noqa: S311
        raise ProviderUnavailable(f"too many workers ask for {provider} at once")

    def _read(self, provider: str) -> tuple[Bucket, int]:
        row = self._table.get(_key(provider)) or {}
        return Bucket(*(float(row.get(name, 0)) for name in _TIMES)), int(row.get("version", 0))

    def _write(self, provider: str, bucket: Bucket, version: int) -> bool:
        """False when the stored bucket is no longer the one of `version`."""
        times = {name: round(getattr(bucket, name), 6) for name in _TIMES}
        row = _key(provider) | times | {"version": version + 1}
        if not version:
            return self._table.put(row, "attribute_not_exists(version)")
        return self._table.put(row, "version = :version", {":version": version})


def _key(provider: str) -> dict[str, object]:
    return {"crawl_id": f"provider#{provider}", "entry": "bucket"}
