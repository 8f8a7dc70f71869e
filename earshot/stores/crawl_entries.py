"""What the playlists of crawls held, in the crawls table: entry by entry, fifty to an item.

Most crawls find what others have found: of those, what they write down is this. Older versions wrote an item for each
entry, which is read, too. An entry is always in the same item, whatever page brings it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from earshot.crawls import CrawlEntry
from earshot.ids import CrawlId, TrackId
from earshot.reasons import Reason
from earshot.stores.dynamodb import Row, Table

_ENTRIES = "entries"
_BLOCK = 50
"""Entries of an item. With the longest names they are 220 KB, and an item has room for 400."""


class CrawlEntries:
    """Writes and reads entries.

    Args:
        table: the crawls table.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def record(self, crawl_id: CrawlId, entries: Iterable[CrawlEntry]) -> None:
        """Write `entries`; those with a number that is there already are replaced, and no other."""
        ordered = sorted(entries, key=lambda entry: entry.number)
        for first, of_block in groupby(ordered, key=lambda entry: _first_of_block(entry.number)):
            self._record_block(_key(crawl_id, _number(first)), list(of_block))

    def _record_block(self, key: Row, entries: Sequence[CrawlEntry]) -> None:
        """Two deliveries of a page, or one and a count, may do this at once: nobody overwrites what he has not read."""
        written = self._table.put({**key, **_packed(entries)}, "attribute_not_exists(crawl_id)")
        while not written:
            row = self._table.get(key)
            merged = {entry.number: entry for entry in (*(_entries_in(row) if row else ()), *entries)}
            written = self._replace_block(row or key, [merged[number] for number in sorted(merged)])

    def _replace_block(self, row: Row, entries: Sequence[CrawlEntry]) -> bool:
        """False when the item does not hold any more what `row` holds."""
        key = _key(row["crawl_id"], row["entry"])
        expiry = {name: value for name, value in row.items() if name == "expires_at"}
        is_as_read = f"{_ENTRIES} = :seen" if _ENTRIES in row else f"attribute_not_exists({_ENTRIES})"
        seen = {":seen": row[_ENTRIES]} if _ENTRIES in row else None
        return self._table.put({**key, **expiry, **_packed(entries)}, is_as_read, seen)

    def new(self, crawl_id: CrawlId, entries: Sequence[CrawlEntry]) -> list[CrawlEntry]:
        """Those of `entries` that are not recorded with this very content, whatever counting has found since."""
        numbers = dict.fromkeys(_first_of_block(entry.number) for entry in entries)
        rows = list(self._table.get_many(_key(crawl_id, _number(number)) for number in numbers))
        if any(_ENTRIES not in row for row in rows):  # an older version has begun the crawl
            rows += self._table.get_many(_key(crawl_id, _number(e.number)) for e in entries if e.number not in numbers)
        recorded = {_as_it_came(entry) for row in rows for entry in _entries_in(row)}
        return [entry for entry in entries if entry not in recorded]

    def all(self, crawl_id: CrawlId) -> Iterator[CrawlEntry]:
        """The entries recorded so far, in order."""
        return (entry for _, entries in self.blocks(crawl_id) for entry in entries)

    def after(self, crawl_id: CrawlId, number: int | None, count: int) -> list[CrawlEntry]:
        """The first `count` entries that come after the one with this number (None: from the first one on)."""
        last = -1 if number is None else number
        found: list[CrawlEntry] = []
        start, at_once = _number(_first_of_block(last + 1)), count // _BLOCK + 2
        while len(found) < count and (rows := self._table.some(_key(crawl_id, start), at_once)):
            for row in rows:
                found += [entry for entry in _entries_in(row) if entry.number > last]
                last = found[-1].number if found else last
            start = f"{rows[-1]['entry']}+"
            at_once = at_once if _ENTRIES in rows[-1] else count
        return found[:count]

    def rows(self, crawl_id: CrawlId) -> Iterator[Row]:
        """The items of a crawl as they are stored, in order."""
        return self._table.query({"crawl_id": crawl_id})

    def blocks(self, crawl_id: CrawlId) -> Iterator[tuple[Row, list[CrawlEntry]]]:
        """Items with what each holds, in order. What an older version wrote of a page that came again says no more."""
        last = -1
        for row in self.rows(crawl_id):
            entries = [entry for entry in _entries_in(row) if entry.number > last]
            last = entries[-1].number if entries else last
            yield row, entries

    def mark(self, row: Row, again: Mapping[int, CrawlEntry]) -> None:
        """Write those entries of an item, by number, that say what others have said.

        An item that has changed meanwhile was written by the crawl, which is counted again for that.
        """
        if _ENTRIES in row:
            self._replace_block(row, [again.get(entry.number, entry) for entry in _entries_in(row)])
        else:
            self._table.put_many({**row, "reason": e.reason, "detail": e.detail} for e in again.values())


def _key(crawl_id: str, entry: str) -> Row:
    return {"crawl_id": crawl_id, "entry": entry}


def _number(number: int) -> str:
    return f"{number:08d}"


def _first_of_block(number: int) -> int:
    """An entry is always in the same item, whatever page brings it: numbered like the first that belongs there."""
    return number - number % _BLOCK


def _packed(entries: Iterable[CrawlEntry]) -> Row:
    rows = [(e.number, e.track_id or "", e.reason or "", e.name, e.detail) for e in entries]
    return {_ENTRIES: json.dumps(rows, ensure_ascii=False, separators=(",", ":"))}


def _entries_in(row: Row) -> list[CrawlEntry]:
    """What an item holds, in order."""
    if _ENTRIES in row:
        return [_entry(*said) for said in json.loads(row[_ENTRIES])]
    names = ("track_id", "reason", "name", "detail")
    return [_entry(int(row["entry"]), *(row.get(name, "") for name in names))]


def _entry(number: int, track_id: str, reason: str, name: str, detail: str) -> CrawlEntry:
    return CrawlEntry(number, TrackId(track_id) if track_id else None, Reason(reason) if reason else None, name, detail)


def _as_it_came(entry: CrawlEntry) -> CrawlEntry:
    """The entry before counting found that it says what another one has said."""
    if entry.track_id and entry.reason is Reason.DUPLICATE_ENTRY:
        return replace(entry, reason=None, detail="")
    return entry
