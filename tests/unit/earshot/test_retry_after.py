from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.web import retry_after_s

_DAY_S = 86_400


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7200", 7200),
        (" 12 ", 12),
        ("1.5", 1.5),
        ("0", 1),
        ("-5", 1),
        ("9" * 500, _DAY_S),
        ("Fri, 31 Dec 1999 23:59:59 GMT", 1),
        ("Fri, 31 Dec 9999 23:59:59 GMT", _DAY_S),
        (None, 30),
        ("", 30),
        ("soon", 30),
        ("Fri, 31 Dec 99999999999999999999 23:59:59 GMT", 30),
        ("nan", 30),
        ("inf", 30),
        ("1_0", 30),
        ("١٢", 30),
    ],
)
def test_a_wait_is_read_as_it_was_meant(header: str | None, seconds: float) -> None:
    assert retry_after_s(header) == seconds


def test_a_wait_may_be_given_as_a_date() -> None:
    date = datetime.now(UTC) + timedelta(hours=2)
    assert retry_after_s(format_datetime(date, usegmt=True)) == pytest.approx(7200, abs=5)
    assert retry_after_s(date.strftime("%A, %d-%b-%y %H:%M:%S GMT")) == pytest.approx(7200, abs=5)


@given(st.text(max_size=60))
def test_any_header_gives_a_wait_of_at_most_a_day(header: str) -> None:
    assert 1 <= retry_after_s(header) <= _DAY_S
