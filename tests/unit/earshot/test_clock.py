import re
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from earshot.clock import (
    LONGEST_WAIT_S,
    age,
    epoch_in,
    http_date,
    in_seconds,
    iso,
    iso_ms,
    now_iso,
    seconds_until,
    stamp,
)

_ROOT = Path(__file__).parents[3]
_ROOMS = (
    "earshot", "config", "crawler", "extractor", "annoy_service", "listening", "api", "ops", "local", "demo", "cli",
    "batch", "proxy", "simulator", "scripts",
)  # fmt: skip
_CLOCKWORK = re.compile(
    r"strftime|strptime|isoformat|fromtimestamp|utcnow|gmtime|localtime|datetime\.now|parsedate|%[YHMS]"
)


def test_nobody_else_tells_formats_or_parses_times() -> None:
    modules = (path for room in _ROOMS for path in (_ROOT / room).rglob("*.py"))
    clockmakers = [
        str(path.relative_to(_ROOT)) for path in modules if _CLOCKWORK.search(path.read_text(encoding="utf-8"))
    ]
    what_others_write = "earshot/histories/times.py"
    assert sorted(clockmakers) == ["earshot/clock.py", what_others_write]


def test_times_sort_like_what_they_name_whatever_their_zone() -> None:
    moments = [datetime(2026, 11, 20, hour, tzinfo=timezone(timedelta(hours=zone))) for hour, zone in ((9, 5), (7, 0))]
    texts = [iso(moment) for moment in moments]
    assert texts == sorted(texts) == ["2026-11-20T04:00:00.000000Z", "2026-11-20T07:00:00.000000Z"]


def test_a_wait_is_never_negative_and_at_most_a_day() -> None:
    assert in_seconds(-5) <= now_iso()
    assert seconds_until(in_seconds(60)) == pytest.approx(60, abs=1)
    assert seconds_until(in_seconds(1e9)) == pytest.approx(LONGEST_WAIT_S, abs=1)
    assert seconds_until("2026-01-01T00:00:00Z") < 0


def test_the_other_forms_name_the_same_moment() -> None:
    epoch_s = 1_795_158_000.25
    assert iso_ms(epoch_s) == "2026-11-20T07:00:00.250Z"
    assert age(datetime.fromtimestamp(time.time() - 60, UTC)).total_seconds() == pytest.approx(60, abs=1)
    assert epoch_in(90) == pytest.approx(time.time() + 90, abs=1)
    assert re.fullmatch(r"\d{8}T\d{6}Z", stamp())
    assert http_date("Fri, 20 Nov 2026 07:00:00 GMT") == datetime(2026, 11, 20, 7, tzinfo=UTC)
