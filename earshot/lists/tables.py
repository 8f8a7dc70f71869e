"""Tables as text (CSV, TSV and their kin), and lines of "artist – title"."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from earshot.errors import InvalidPlaylist
from earshot.lists.columns import KNOWN, Column, columns_of, is_usable, track_in
from earshot.lists.tracks import ListedTrack, TrackList
from earshot.lists.values import isrc_of, length_of, mbid_of, text_of, track_id_of

MAX_CELL = 64 * 1024
_DELIMITERS = (",", ";", "\t", "|")
_MAX_LINE = 2000
_SHOWN = 120
_HEADER_WITHIN = 10
"""Rows above the header: a title, a date."""
_LOOKED_AT = 30
_MOST_WITHOUT_HEADER = 3
"""Columns of words that can be told apart without a header: title, artist, album."""
_IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(?:[_ ][a-z0-9]+)*")
_SEPARATOR = re.compile(r"\t+|\s[-–—―|~]{1,2}\s|\s*[–—]\s*")
_NUMBERING = re.compile(r"\s*(?:#?\d{1,4}\s*[.)\]:]|[-*•·])\s+")
_LENGTH_AT_END = re.compile(r"\s*[(\[]?\b(\d{1,2}:[0-5]\d(?::[0-5]\d)?)[)\]]?\s*$")
_BY = re.compile(r"(?P<title>.+?)\s+by\s+(?P<artist>.+)", re.IGNORECASE)

_Cells = list[str]


class _Bad(list[str]):
    """The cells of a row that is broken."""


def table_in(text: str, what: str, encoding: str) -> TrackList:
    """The tracks of a table, or of lines of words.

    Raises:
        InvalidPlaylist: none of its columns says what a track is.
    """
    text, said = _without_sep(text)
    delimiter = said or _delimiter(text)
    if delimiter is None:
        return lines_in(text, what, encoding)
    rows = [row for row in rows_in(text, delimiter) if row != [""]]
    if found := _header(rows):
        place, columns = found
        headers, body = rows[place], rows[place + 1 :]
    else:
        columns = _guessed(rows, what)
        headers, body = [], rows
    tracks = tuple(_track(row, columns) for row in body)
    if headers and tracks and not any(track.names_a_recording for track in tracks):
        raise _not_understood(what, headers)
    understood = {column.header: column.field for column in columns}
    ignored = tuple(header for header in headers if header.strip() and header not in understood)
    return TrackList(tracks, "csv", "", understood, ignored, encoding, delimiter)


def lines_in(text: str, what: str, encoding: str) -> TrackList:
    """Lines of "artist – title", of ids or of links. Empty ones, and comments ("# …"), are passed over.

    Raises:
        InvalidPlaylist: none of them is that.
    """
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("# ")]
    if lines and columns_of(lines[:1]) and is_usable(columns_of(lines[:1])):
        columns, lines = columns_of(lines[:1]), lines[1:]
        tracks = tuple(_track([line], columns) for line in lines)
    else:
        columns, tracks = [], tuple(map(_track_in_line, lines))
    if tracks and not any(track.names_a_recording for track in tracks):
        raise InvalidPlaylist(
            f"{what} is no list of tracks: {lines[0][:80]!r}",
            hint=f'Write lines such as "Artist - Title", or a table with a header: {KNOWN}.',
        )
    return TrackList(tracks, "lines", "", {c.header: c.field for c in columns}, (), encoding)


def rows_in(text: str, delimiter: str) -> Iterator[_Cells]:
    """The rows of a table. One that is broken (a cell of more than 64 KiB, a NUL) is a `_Bad` one, and costs no other.

    Cells may be quoted, quotes in them doubled, and then hold line breaks. A quote that nobody closes, or that is
    closed in the middle of a later row, is a character like any other.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    at, end, cells, is_bad = 0, len(text), [], False
    while at < end:
        cell, at, ends_row = _cell(text, at, delimiter)
        is_bad = is_bad or len(cell) > MAX_CELL or "\0" in cell
        cells.append(cell[:MAX_CELL])
        if ends_row:
            yield _Bad(cells) if is_bad else cells
            cells, is_bad = [], False
    if cells:
        yield _Bad(cells) if is_bad else cells


def _cell(text: str, at: int, delimiter: str) -> tuple[str, int, bool]:
    """The cell that begins at `at`, where the next one does, and whether the row ends here."""
    start = at
    while text.startswith(" ", start):
        start += 1
    if text.startswith('"', start):
        quoted = _quoted(text, start + 1, delimiter) or _carelessly_quoted(text, start + 1, delimiter)
        if quoted:
            return quoted
    line_end = text.find("\n", at)
    line_end = len(text) if line_end < 0 else line_end
    stop = text.find(delimiter, at, line_end)
    if stop < 0:
        return text[at:line_end].strip(), line_end + 1, True
    return text[at:stop].strip(), stop + 1, False


def _quoted(text: str, at: int, delimiter: str) -> tuple[str, int, bool] | None:
    """The quoted cell whose first character is at `at`; None where its quotes make no sense."""
    start = at
    while (quote := text.find('"', at)) >= 0:
        if text.startswith('""', quote) and not _ends_cell(text, quote + 1, delimiter):
            at = quote + 2
            continue
        if text.startswith('"""', quote):
            at = quote + 2
            continue
        after = _ends_cell(text, quote + 1, delimiter)
        if after:
            return text[start:quote].replace('""', '"').strip(), after[0], after[1]
        if "\n" in text[start:quote]:
            return None  # the beginning of a later row's cell
        at = quote + 1
    return None


def _carelessly_quoted(text: str, at: int, delimiter: str) -> tuple[str, int, bool] | None:
    """The cell up to the first quote on its line that is followed by the end of a cell: ``"Say "Yes"",Otto``."""
    line_end = text.find("\n", at)
    line_end = len(text) if line_end < 0 else line_end
    match = re.compile(rf'"\s*(?:{re.escape(delimiter)}|$)').search(text, at, line_end)
    if not match:
        return None
    ends_row = not match[0].endswith(delimiter)
    cell = text[at : match.start()].replace('""', '"').strip()
    return cell, line_end + 1 if ends_row else match.end(), ends_row


def _ends_cell(text: str, at: int, delimiter: str) -> tuple[int, bool] | None:
    """Where the next cell begins and whether the row ends, if a cell ends at `at` (but for spaces)."""
    while text.startswith(" ", at):
        at += 1
    if at >= len(text) or text[at] == "\n":
        return at + 1, True
    return (at + 1, False) if text[at] == delimiter else None


def _without_sep(text: str) -> tuple[str, str | None]:
    """Excel's first line ``sep=;``."""
    match = re.match(r'"?sep=(.)"?\s*\r?\n?', text, re.IGNORECASE)
    return (text[match.end() :], match[1]) if match else (text, None)


def _delimiter(text: str) -> str | None:
    """What parts the columns: by which a header is understood best, else by which all rows have as many columns."""
    best: tuple[int, int, str] | None = None
    for delimiter in _DELIMITERS:
        rows = [row for row in islice(rows_in(text[: 4 * MAX_CELL], delimiter), _LOOKED_AT) if any(row)]
        header = _header(rows)
        counts = {len(row) for row in rows}
        even = min(counts) if len(counts) == 1 and min(counts) > 1 else 0
        understood = len(header[1]) if header and len(rows[header[0]]) > 1 else 0
        if (understood or even) and (best is None or (understood, even) > best[:2]):
            best = (understood, even, delimiter)
    return best[2] if best else None


def _header(rows: Sequence[_Cells]) -> tuple[int, list[Column]] | None:
    """The place of the header, and what its columns are."""
    for place, row in enumerate(rows[:_HEADER_WITHIN]):
        columns = columns_of(row)
        if columns and is_usable(columns) and 2 * len(columns) >= min(len(row), 2):
            return place, columns
    return None


def _guessed(rows: Sequence[_Cells], what: str) -> list[Column]:
    """What the columns of a table without a header are: codes, ids and lengths by their looks, words by their order.

    Raises:
        InvalidPlaylist: there are more columns of words than can be told apart, or the first row is a header after all.
    """
    looked_at = rows[:_LOOKED_AT]
    width = max(map(len, looked_at), default=0)
    words, columns = iter(("title", "artists", "album")), []
    texts = 0
    for place in range(width):
        values = [row[place] for row in looked_at if place < len(row) and row[place]]
        field = _looks_like(values)
        if field == "text":
            texts += 1
            field = next(words, "")
        if field:
            columns.append(Column(place, f"column {place + 1}", field, several=field == "artists"))
    first = rows[0] if rows else []
    is_header = all(_IDENTIFIER.fullmatch(cell) for cell in first if cell) or (
        texts == len(columns) and len(looked_at) > 1 and not any(map(_has_words, looked_at[1:]))
    )
    if texts > _MOST_WITHOUT_HEADER or is_header or not is_usable(columns):
        raise _not_understood(what, first)
    return columns


def _looks_like(values: Sequence[str]) -> str:
    if not values:
        return ""
    for field, reads in (("isrc", isrc_of), ("id", track_id_of), ("mbid", mbid_of), ("duration", length_of)):
        if all(map(reads, values)):
            return field
    if all(value.startswith(("https://", "http://")) for value in values):
        return "url"
    return "text" if _has_words(values) else ""


def _has_words(values: Sequence[str]) -> bool:
    return any(character.isalpha() for value in values for character in value)


def _not_understood(what: str, headers: Sequence[str]) -> InvalidPlaylist:
    shown = ", ".join(text_of(header)[:40] or "(empty)" for header in headers[:20])
    return InvalidPlaylist(
        f"none of the columns of {what} says what a track is: {shown}",
        hint=f"Known are {KNOWN}, and what Exportify, TuneMyMusic, Soundiiz, Shazam and Apple Music call them. "
        "A row needs artist and title, an ISRC, an id, a URL or a path.",
    )


def _track(cells: _Cells, columns: Sequence[Column]) -> ListedTrack:
    text = text_of(" | ".join(filter(None, cells)))[:_SHOWN]
    if isinstance(cells, _Bad) or any("\ufffd" in cell for cell in cells):
        return ListedTrack(is_bad=True, text=text)
    return track_in(cells, columns, text)


def _track_in_line(line: str) -> ListedTrack:
    line = line[:_MAX_LINE]
    text = text_of(line)
    if track_id := track_id_of(text):
        return ListedTrack(id=track_id, text=text[:_SHOWN])
    if isrc := isrc_of(text):
        return ListedTrack(isrc=isrc, text=text[:_SHOWN])
    if mbid := mbid_of(text):
        return ListedTrack(mbid=mbid, text=text[:_SHOWN])
    length = None
    if end := _LENGTH_AT_END.search(line):
        length, line = length_of(end[1]), line[: end.start()]
    line = _NUMBERING.sub("", line, count=1) if _NUMBERING.match(line) else line
    artist, *rest = _SEPARATOR.split(line.strip(), maxsplit=1)
    if rest and artist.strip():
        return ListedTrack(text_of(rest[0]), (text_of(artist),), duration_ms=length, text=text[:_SHOWN])
    if by := _BY.fullmatch(line.strip()):
        return ListedTrack(
            text_of(by["title"].strip('"“”')), (text_of(by["artist"]),), duration_ms=length, text=text[:_SHOWN]
        )
    return ListedTrack(text=text[:_SHOWN])
