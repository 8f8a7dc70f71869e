"""The one clock: times as texts that sort like the times they name."""

from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import NewType

Timestamp = NewType("Timestamp", str)
"""A UTC time, ISO 8601 with microseconds: sorts like the time it names."""

LONGEST_WAIT_S = 24 * 3600.0


def now() -> datetime:
    """The current time."""
    return datetime.now(UTC)


def now_iso() -> Timestamp:
    """The current time, as text."""
    return iso(now())


def iso(moment: datetime) -> Timestamp:
    """A time with a time zone, as text."""
    return Timestamp(moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"))


def in_seconds(seconds: float) -> Timestamp:
    """The time `seconds` from now, at most a day ahead."""
    return iso(now() + timedelta(seconds=min(max(seconds, 0.0), LONGEST_WAIT_S)))


def after(pause: timedelta) -> Timestamp:
    """The time that long from now."""
    return iso(now() + pause)


def seconds_until(moment: str) -> float:
    """Seconds from now to `moment` (ISO 8601, UTC), negative when it has passed."""
    return -age_of(moment).total_seconds()


def age(moment: datetime) -> timedelta:
    """How long ago `moment` was; it has a time zone."""
    return now() - moment


def age_of(moment: str) -> timedelta:
    """How long ago `moment` (ISO 8601, UTC) was."""
    return age(datetime.fromisoformat(moment))


def epoch() -> float:
    """The current time in epoch seconds."""
    return now().timestamp()


def epoch_of(moment: str) -> float:
    """A time (ISO 8601, UTC) in epoch seconds."""
    return datetime.fromisoformat(moment).timestamp()


def epoch_in(seconds: float) -> int:
    """Whole epoch seconds of the time `seconds` from now, as a table's TTL attribute has them."""
    return int(epoch() + seconds)


def stamp() -> str:
    """The current time to the second, for names that sort by their making: ``20261120T070000Z``."""
    return f"{now():%Y%m%dT%H%M%SZ}"


def moment_of(epoch_s: float) -> datetime:
    """A time in epoch seconds, in UTC."""
    return datetime.fromtimestamp(epoch_s, UTC)


def day_of(epoch_s: float) -> date:
    """The day of a time in epoch seconds, in UTC."""
    return moment_of(epoch_s).date()


def minute_of(epoch_s: float) -> str:
    """A time in epoch seconds for people to read: ``2026-11-20 07:00``, in UTC."""
    return f"{moment_of(epoch_s):%Y-%m-%d %H:%M}"


def day_named(text: str) -> date:
    """The day that ``2026-11-20`` names.

    Raises:
        ValueError: it names none.
    """
    return date.fromisoformat(text)


def iso_ms(epoch_s: float) -> str:
    """A time in epoch seconds to the millisecond, as Lambda's own messages have it."""
    return f"{iso(moment_of(epoch_s))[:-4]}Z"


def gateway_time() -> str:
    """The current time as API Gateway's events have it: ``20/Nov/2026:07:00:00 +0000``."""
    return f"{now():%d/%b/%Y:%H:%M:%S +0000}"


def http_date(text: str) -> datetime:
    """The time that an HTTP header names (RFC 9110, all three forms).

    Raises:
        ValueError: it names none.
    """
    date = parsedate_to_datetime(text)
    return date.replace(tzinfo=date.tzinfo or UTC)
