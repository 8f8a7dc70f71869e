"""Entries of crawls as the table keeps them: fifty to an item, and one to an item as older versions wrote them."""

from collections.abc import Iterator

import pytest

from earshot.crawls import CrawlEntry
from earshot.ids import CrawlId, TrackId
from earshot.reasons import Reason
from earshot.stores.crawls_table import CrawlsTable
from earshot.stores.dynamodb import Table
from tests.aws import Account, account

_ONE = CrawlId("one")
_ALL = [CrawlEntry(n, TrackId(f"deezer:{n}"), name=f"Söng {n}.mp3") for n in range(120)]
_GONE = CrawlEntry(7, reason=Reason.UNREADABLE_FILE, name="7", detail="no")


@pytest.fixture
def aws() -> Iterator[Account]:
    with account() as aws:
        yield aws


@pytest.fixture
def crawls(aws: Account) -> CrawlsTable:
    return aws.crawls_table()


def _as_older_versions_wrote(aws: Account, entries: list[CrawlEntry]) -> None:
    name = next(name for name in aws.dynamodb.list_tables()["TableNames"] if "crawls" in name)
    Table(aws.dynamodb, name).put_many(
        {"crawl_id": _ONE, "entry": f"{e.number:08d}", "track_id": e.track_id, "name": e.name} for e in entries
    )


def test_entries_come_back_as_they_were_in_whatever_parts_they_came(crawls: CrawlsTable) -> None:
    for first, last in ((100, 120), (0, 30), (30, 75), (75, 100)):
        crawls.record_entries(_ONE, _ALL[first:last])
    assert list(crawls.entries(_ONE)) == _ALL
    assert crawls.new_entries(_ONE, _ALL) == []


def test_a_part_that_comes_again_replaces_its_own_entries_and_no_other(crawls: CrawlsTable) -> None:
    crawls.record_entries(_ONE, _ALL)
    assert crawls.new_entries(_ONE, [_GONE, _ALL[8]]) == [_GONE]
    crawls.record_entries(_ONE, [_GONE])
    assert list(crawls.entries(_ONE)) == [*_ALL[:7], _GONE, *_ALL[8:]]


@pytest.mark.parametrize("number", [None, 0, 48, 49, 50, 99, 118, 119])
@pytest.mark.parametrize("count", [1, 50, 100])
@pytest.mark.parametrize("older", [0, 60, 120])
def test_some_entries_are_those_after_any_number(
    aws: Account, crawls: CrawlsTable, number: int | None, count: int, older: int
) -> None:
    _as_older_versions_wrote(aws, _ALL[:50] if older == 60 else _ALL[:older])
    crawls.record_entries(_ONE, _ALL[50:] if older == 60 else _ALL[older:])
    first = 0 if number is None else number + 1
    assert crawls.entries_after(_ONE, number, count) == _ALL[first : first + count]


def test_a_crawl_that_an_older_version_began_goes_on(aws: Account, crawls: CrawlsTable) -> None:
    _as_older_versions_wrote(aws, _ALL[:50])
    assert crawls.new_entries(_ONE, _ALL[:50]) == []
    assert crawls.new_entries(_ONE, _ALL[:60]) == _ALL[50:60]
    crawls.record_entries(_ONE, _ALL[:50])  # its page is delivered again
    crawls.record_entries(_ONE, _ALL[50:])
    assert list(crawls.entries(_ONE)) == _ALL


def test_a_full_item_of_the_longest_names_is_stored(crawls: CrawlsTable) -> None:
    longest = [CrawlEntry(n, reason=Reason.BAD_ROW, name="\x01" * 500, detail="𝄞" * 200) for n in range(50)]
    crawls.record_entries(_ONE, longest)
    assert list(crawls.entries(_ONE)) == longest
