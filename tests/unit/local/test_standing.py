"""What the commands say about how far tracks have come."""

from collections import Counter

import pytest

from ops.commands import summary
from ops.following import Standing, pause_s
from ops.progress import describe


def _standing(total: int, searchable: int, **states: int) -> Standing:
    return Standing(total=total, searchable=searchable, states=Counter(states))


@pytest.mark.parametrize(
    ("standing", "settled", "done"),
    [
        (_standing(0, 0), 0, True),
        (_standing(3, 0, pending=3), 0, False),
        (_standing(3, 1, ready=2, pending=1), 1, False),
        (_standing(3, 1, ready=2, no_preview=1), 2, False),  # one is embedded and not searchable yet
        (_standing(3, 2, ready=2, no_preview=1), 3, True),
        (_standing(4, 1, ready=1, skipped=2, failed=1), 4, True),
    ],
)
def test_a_track_has_settled_when_it_is_searchable_or_has_a_reason(
    standing: Standing, settled: int, done: bool
) -> None:
    assert (standing.settled, standing.done) == (settled, done)


def test_a_playlist_that_is_still_read_is_not_done() -> None:
    standing = _standing(2, 2, ready=2)
    standing.reading = True
    assert not standing.done


def test_rate_and_time_left_are_told_once_there_is_something_to_measure() -> None:
    standing = _standing(100, 10, ready=20, pending=80)
    assert "left" not in describe(standing, 1.0)
    assert "2.0/s, about 40 s left" in describe(standing, 10.0)
    assert "about 33 min left" in describe(standing, 500.0)
    standing.waiting_until = "2026-11-20T10:00:00.000000Z"
    assert "wait until 2026-11-20T10:00:00Z" in describe(standing, 10.0)


def test_the_summary_counts_reasons_and_says_when_nothing_moves_any_more() -> None:
    standing = _standing(5, 2, ready=2, no_preview=2, pending=1)
    standing.reasons = Counter(miss=2)
    assert summary(standing).splitlines() == ["2 of 5 are searchable", "       2  miss"]
    standing.stuck = True
    assert "1 have not settled" in summary(standing)
    assert "make extract" in summary(standing)
    standing.reading = True
    assert "crawl_playlist.log" in summary(standing)


def test_an_empty_playlist_is_no_success() -> None:
    assert "nothing in it" in summary(_standing(0, 0))


def test_looking_stays_a_small_part_of_the_work_but_an_outage_delays_the_next_look_by_seconds_only() -> None:
    assert pause_s(0.01) == pytest.approx(0.4)
    assert pause_s(2.0) == pytest.approx(6.0)
    assert pause_s(60.0) == pytest.approx(15.0)
