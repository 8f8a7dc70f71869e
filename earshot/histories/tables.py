"""Tables of plays: what programs make of Last.fm's pages, logs of portable players, and anybody's own."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from earshot.errors import InvalidInput
from earshot.histories.left_out import LeftOut
from earshot.histories.records import play_of
from earshot.histories.times import is_as_lastfm, unix_of
from earshot.lists.columns import columns_of, track_in
from earshot.lists.tables import rows_in
from earshot.lists.values import text_of
from earshot.plays import Play
from earshot.titles import plain

_DELIMITERS = (",", ";", "\t", "|")
_MAX_LINES = 5
"""Of one row, by line breaks in quoted cells; a quote that is open for longer is a damaged one."""
_SCROBBLER_LOG = "#AUDIOSCROBBLER/"
_LASTFM_TO_CSV = ("artist", "album", "title", "date")
_UNIVERSAL_SCROBBLER = ("artist", "title", "album", "date", "", "duration")
_OF_LOGS = ("artist", "album", "title", "", "duration s", "rating", "date", "mbid")

_OURS = {
    "date": (
        "date", "time", "timestamp", "uts", "utc time", "unix time", "unixtime", "iso time", "listened at", "played at",
        "date time", "datetime", "date and time", "scrobbled at", "scrobble time", "played", "zeit", "datum", "ts",
    ),
    "played": ("ms played", "played ms", "msplayed", "duration played", "listened ms"),
    "skipped": ("skipped", "skip", "is skipped"),
    "rating": ("rating",),
    "mbid": ("track mbid",),
}  # fmt: skip
_FIELD_OF = {name: field for field, names in _OURS.items() for name in names}
_EXACT = ("uts", "unix time", "unixtime", "timestamp", "ts", "listened at")
"""Of several columns of times those that need no reading go first."""
_YES, _NO = ("1", "true", "yes", "s"), ("0", "false", "no", "l")
"""Also as logs of players rate: skipped, listened."""


def plays_in(lines: Iterable[str], what: str) -> Iterator[Play | LeftOut]:
    """The plays of a table's rows.

    Raises:
        InvalidInput: nobody can say which column is what.
    """
    rows = iter(lines)
    first = next((row for row in rows if row.startswith(_SCROBBLER_LOG) or not row.startswith("#")), "")
    if first.startswith(_SCROBBLER_LOG):
        table = _Table("\t", _OF_LOGS)
        yield from (table.play(row) for row in rows if row.strip() and not row.startswith("#"))
        return
    delimiter = max(_DELIMITERS, key=first.count)
    cells = next(rows_in(first, delimiter), [])
    table = _Table(delimiter, cells)
    if not table.is_usable:
        table = _Table(delimiter, _guessed(cells, what))
        yield table.play(first)
    yield from map(table.play, _whole(rows))


class _Table:
    """Which column is what."""

    def __init__(self, delimiter: str, headers: Sequence[str]) -> None:
        self._delimiter = delimiter
        names = [plain(header.partition("#")[0]) for header in headers]  # lastfmstats.com: Date#somebody
        self._ours: dict[str, int] = {}
        for place, name in sorted(enumerate(names), key=lambda column: column[1] not in _EXACT):
            if field := _FIELD_OF.get(name):
                self._ours.setdefault(field, place)
        theirs = ["" if name in _FIELD_OF else header for name, header in zip(names, headers, strict=True)]
        self._columns = columns_of(theirs)

    @property
    def is_usable(self) -> bool:
        """Whether rows can say what was played when."""
        fields = {column.field for column in self._columns} | self._ours.keys()
        return "date" in fields and ({"title", "artists"} <= fields or bool(fields & {"id", "mbid", "isrc", "url"}))

    def play(self, row: str) -> Play | LeftOut:
        """The play of a row."""
        cells = next(rows_in(row, self._delimiter), [])
        if len(cells) < 2 or "\ufffd" in row:
            return LeftOut.DAMAGED
        track = track_in(cells, self._columns, "")
        skipped = (self._cell(cells, "skipped") or self._cell(cells, "rating")).lower()
        return play_of(
            unix_of(self._cell(cells, "date")),
            title=track.title,
            artists=track.artists,
            album=track.album,
            mbid=track.mbid or self._cell(cells, "mbid"),
            isrc=track.isrc,
            named=track.id,
            duration_ms=track.duration_ms,
            played_ms=self._cell(cells, "played"),
            skipped=True if skipped in _YES else False if skipped in _NO else None,
        )

    def _cell(self, cells: Sequence[str], field: str) -> str:
        place = self._ours.get(field, len(cells))
        return cells[place] if place < len(cells) else ""


def _whole(lines: Iterator[str]) -> Iterator[str]:
    """The rows of which `lines` are made: cells may hold line breaks where they are quoted."""
    waiting: deque[str] = deque()
    while line := waiting.popleft() if waiting else next(lines, ""):
        more: list[str] = []
        row = line
        while (
            row.count('"') % 2
            and len(more) < _MAX_LINES
            and (rest := waiting.popleft() if waiting else next(lines, ""))
        ):
            more.append(rest)
            row += rest
        if row.count('"') % 2:  # nobody closes the quote: the line stands for itself, and so do the others
            waiting.extendleft(reversed(more))
            row = line
        if row.strip():
            yield row


def _guessed(cells: Sequence[str], what: str) -> Sequence[str]:
    """The headers of a table that has none, as the two programs write it that do so.

    Raises:
        InvalidInput: it is of neither.
    """
    for headers in (_LASTFM_TO_CSV, _UNIVERSAL_SCROBBLER):
        at = headers.index("date")
        if len(cells) == len(headers) and unix_of(cells[at]) and is_as_lastfm(cells[at]) is (headers is _LASTFM_TO_CSV):
            return headers
    shown = ", ".join(text_of(cell)[:40] or "(empty)" for cell in cells[:20])
    raise InvalidInput(
        f"{what} is no listening history that can be read: {shown[:200]}",
        hint="A table needs a header that names a time and artist and title, or a time and an id: "
        "listened_at, artist, title, album, isrc, mbid, id, duration, ms_played, skipped.",
    )
