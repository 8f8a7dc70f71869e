"""How far a crawl has come: counts that are kept, cost one read, and are exact once they say `done`."""

from collections.abc import Callable, Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.counting import Counting
from earshot.clock import Timestamp, now_iso
from earshot.crawls import CrawlEntry, CrawlProgress
from earshot.ids import CrawlId, TrackId
from earshot.messages import CountCrawl, CrawlPlaylist, parse_crawl
from earshot.reasons import Reason
from earshot.stores.crawls_table import CrawlsTable
from earshot.stores.tracks_table import TracksTable
from earshot.track import Status, TrackInfo
from tests.aws import Account, account

_ONE = CrawlId("one")


@pytest.fixture
def aws() -> Iterator[Account]:
    with account() as aws:
        yield aws


@pytest.fixture
def tracks(aws: Account) -> TracksTable:
    return aws.tracks_table()


@pytest.fixture
def crawls(aws: Account) -> CrawlsTable:
    table = aws.crawls_table()
    table.start(CrawlPlaylist(_ONE, "/music"))
    return table


def _read(crawls: CrawlsTable, tracks: TracksTable, numbers: Iterable[int]) -> None:
    """What the crawler does with a page."""
    for number in numbers:
        tracks.register(TrackInfo(TrackId(f"deezer:{number}"), "deezer"))
    crawls.record_entries(_ONE, [CrawlEntry(number, TrackId(f"deezer:{number}")) for number in numbers])


def _settle(tracks: TracksTable, number: int) -> None:
    tracks.mark_no_preview(TrackId(f"deezer:{number}"), reason=Reason.MISS)


def _counts(progress: CrawlProgress) -> tuple[object, ...]:
    return progress.total, dict(progress.states), dict(progress.reasons)


def test_nothing_has_been_counted_of_a_crawl_that_has_just_begun(crawls: CrawlsTable) -> None:
    progress = crawls.progress(_ONE)
    assert _counts(progress) == (0, {}, {})
    assert (progress.done, progress.is_due) == (False, True)


def test_what_was_counted_is_kept_with_states_and_reasons(crawls: CrawlsTable, tracks: TracksTable) -> None:
    _read(crawls, tracks, range(3))
    crawls.record_entries(_ONE, [CrawlEntry(3, TrackId("deezer:1")), CrawlEntry(4, reason=Reason.EPISODE)])
    _settle(tracks, 2)
    counted = crawls.count(_ONE, tracks)
    assert _counts(counted) == (
        5,
        {"pending": 2, "no_preview": 1, "skipped": 2},
        {"miss": 1, "duplicate_entry": 1, "episode": 1},
    )
    assert _counts(crawls.progress(_ONE)) == _counts(counted)


def test_a_crawl_is_not_done_before_it_was_counted_after_its_end(crawls: CrawlsTable, tracks: TracksTable) -> None:
    crawls.count(_ONE, tracks)  # of nothing
    _read(crawls, tracks, range(2))
    crawls.finish(_ONE)
    assert not crawls.progress(_ONE).done
    for number in range(2):
        _settle(tracks, number)
    assert crawls.count(_ONE, tracks).done
    assert crawls.progress(_ONE).done
    assert not crawls.progress(_ONE).is_due


def test_who_finishes_second_may_know_more_and_has_it_counted_again(crawls: CrawlsTable, tracks: TracksTable) -> None:
    crawls.finish(_ONE)
    assert crawls.count(_ONE, tracks).done
    _read(crawls, tracks, range(1))
    crawls.finish(_ONE)
    assert not crawls.progress(_ONE).done
    assert crawls.count(_ONE, tracks).pending == 1


def test_counts_stay_final_when_the_crawl_is_to_be_forgotten(crawls: CrawlsTable, tracks: TracksTable) -> None:
    """Because a later crawl of its playlist has replaced it."""
    crawls.finish(_ONE)
    assert crawls.count(_ONE, tracks).done
    crawls.expire(crawls.summary(_ONE))
    assert crawls.summary(_ONE).expires
    assert crawls.progress(_ONE).done


def test_a_crawl_that_has_been_forgotten_meanwhile_does_not_come_back(crawls: CrawlsTable, aws: Account) -> None:
    seen = crawls.summary(_ONE)
    aws.dynamodb.delete_item(TableName="crawls", Key={"crawl_id": {"S": "crawls"}, "entry": {"S": _ONE}})
    crawls.expire(seen)
    crawls.keep(seen)
    assert crawls.list() == []


def test_one_asks_for_a_count_and_the_others_wait(crawls: CrawlsTable) -> None:
    seen = crawls.progress(_ONE)
    assert [crawls.claim_count(seen) for _ in range(3)] == [True, False, False]
    assert not crawls.progress(_ONE).is_due


def test_large_crawls_leave_less_time_for_others(crawls: CrawlsTable) -> None:
    for name in ("two", "three"):
        crawls.start(CrawlPlaylist(CrawlId(name), "/music"))
    small, large = crawls.progress("two"), CrawlProgress(crawls.summary(_ONE), 30_000)
    assert crawls.claim_count(small)
    assert crawls.claim_count(large)
    assert not crawls.claim_count(crawls.progress("three"))  # for two hundred seconds


@pytest.mark.parametrize(("entries", "pause_s"), [(0, 2), (200, 2), (10_000, 100), (100_000, 1000)])
def test_the_more_there_is_the_more_seldom_it_is_counted(
    crawls: CrawlsTable, monkeypatch: pytest.MonkeyPatch, entries: int, pause_s: int
) -> None:
    assert crawls.claim_count(crawls.progress(_ONE))
    summary = crawls.summary(_ONE)
    progress = CrawlProgress(summary, entries, begun=now_iso(), of=None)
    for passed, due in ((pause_s - 0.5, False), (pause_s + 0.5, True)):
        monkeypatch.setattr("earshot.crawls.seconds_until", lambda _moment, passed=passed: -passed)
        assert progress.is_due is due


def test_a_question_that_was_answered_meanwhile_is_not_counted_again(crawls: CrawlsTable, tracks: TracksTable) -> None:
    asked = CountCrawl(_ONE, now_iso())
    _read(crawls, tracks, range(1))
    counting = Counting(tracks, crawls)
    counting.run(asked)
    before = crawls.progress(_ONE).begun
    _settle(tracks, 0)
    counting.run(asked)  # delivered twice
    assert crawls.progress(_ONE).begun == before
    counting.run(CountCrawl(_ONE, now_iso()))
    assert crawls.progress(_ONE).states == {Status.NO_PREVIEW: 1}


def test_a_crawl_that_has_expired_is_not_counted_and_does_not_come_back(
    crawls: CrawlsTable, tracks: TracksTable
) -> None:
    Counting(tracks, crawls).run(CountCrawl(CrawlId("gone"), now_iso()))
    assert [summary.crawl_id for summary in crawls.list()] == [_ONE]


def test_both_messages_of_the_queue_are_told_apart() -> None:
    for message in (CountCrawl(_ONE, Timestamp("2026-11-20")), CrawlPlaylist(_ONE, '/music/"asked"')):
        assert parse_crawl(message.to_json()) == message


class _Interrupted(TracksTable):
    """Lets other things happen while somebody counts."""

    meanwhile: Callable[[], None] = staticmethod(lambda: None)

    def states(self, track_ids: Iterable[TrackId]) -> dict[TrackId, tuple[Status, Reason | None]]:
        self.meanwhile()
        return super().states(track_ids)


def test_of_two_who_count_the_one_that_began_last_is_believed(aws: Account, crawls: CrawlsTable) -> None:
    tracks, slow = aws.tracks_table(), _Interrupted(aws.dynamodb, "tracks")
    _read(crawls, tracks, range(2))

    latest: list[CrawlProgress] = []

    def overtaken() -> None:
        slow.meanwhile = lambda: None
        latest.append(crawls.count(_ONE, tracks))

    slow.meanwhile = overtaken
    crawls.count(_ONE, slow)
    assert crawls.progress(_ONE).begun == latest[0].begun


_ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("page"), st.integers(0, 5)),
        st.tuples(st.just("settle"), st.integers(0, 5)),
        st.tuples(st.sampled_from(["finish", "hand_on", "count"]), st.just(0)),
    ),
    max_size=6,
)


@settings(max_examples=20)
@given(before=_ACTIONS, during=_ACTIONS, after=_ACTIONS)
def test_whatever_happens_in_between_counts_that_say_done_are_exact(
    before: list[tuple[str, int]], during: list[tuple[str, int]], after: list[tuple[str, int]]
) -> None:
    with account() as aws:
        aws.table("tracks", "track_id")
        tracks, slow, crawls = (
            TracksTable(aws.dynamodb, "tracks"),
            _Interrupted(aws.dynamodb, "tracks"),
            aws.crawls_table(),
        )
        message = CrawlPlaylist(_ONE, "/music")
        crawls.start(message)

        def happen(actions: list[tuple[str, int]]) -> None:
            for action, number in actions:
                if action == "page":  # read by a worker whose message was delivered twice, if the crawl has ended
                    _read(crawls, tracks, [number])
                    crawls.finish(_ONE) if crawls.summary(_ONE).finished else crawls.hand_on(message)
                elif action == "settle":
                    _settle(tracks, number)
                elif action == "finish":
                    crawls.finish(_ONE)
                elif action == "hand_on":
                    crawls.hand_on(message)
                else:
                    crawls.count(_ONE, tracks)
                if (kept := crawls.progress(_ONE)).done:
                    assert _counts(kept) == _counts(_counted_apart(crawls, tracks))

        def once() -> None:
            slow.meanwhile = lambda: None
            happen(during)

        slow.meanwhile = once
        happen(before)
        crawls.count(_ONE, slow)
        happen(after)
        happen([("settle", number) for number in range(6)] + [("finish", 0), ("count", 0)])
        assert crawls.progress(_ONE).done


def _counted_apart(crawls: CrawlsTable, tracks: TracksTable) -> CrawlProgress:
    """The truth, without touching what is kept."""
    entries = {entry.track_id for entry in crawls.entries(_ONE) if entry.track_id}
    states = tracks.states(entries)
    progress = CrawlProgress(crawls.summary(_ONE), len(entries))
    found: dict[str, dict[str, int]] = {"states": {}, "reasons": {}}
    for status, reason in states.values():
        found["states"][status] = found["states"].get(status, 0) + 1
        if reason:
            found["reasons"][reason] = found["reasons"].get(reason, 0) + 1
    return CrawlProgress(progress.summary, progress.total, found["states"], found["reasons"])  # type: ignore[arg-type]
