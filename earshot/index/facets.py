"""What the rows of a segment are filtered by: genres, year, length, artists, folder. A part of the shelf.

Texts that many rows share are kept once: a row has the number of its folder, and an artist has the numbers of its rows.
"""

from collections.abc import Collection, Sequence
from functools import cached_property
from urllib.parse import unquote, urlsplit

import numpy as np
import numpy.typing as npt

from earshot.errors import DamagedIndex
from earshot.index.arrays import Column, Mask
from earshot.index.postings import POSTINGS, TEXTS, Numbers, Postings, Texts, all_below
from earshot.titles import plain
from earshot.track import Row

FACET_KINDS: tuple[type[np.generic], ...] = (
    *POSTINGS, *TEXTS, *POSTINGS, np.uint16, np.uint16, np.uint32, *TEXTS,
)  # fmt: skip
"""Genres (key, rows), how the genres are written, artists (key, rows), years, seconds, folders of rows, folders."""
MOST = int(np.iinfo(np.uint16).max)
"""Greater years and lengths (18 hours) count as this."""

Range = tuple[int | None, int | None]
"""The first and the last number, both included; None: no end."""


class Facets:
    """Masks of the rows that a filter lets through, dead rows included. What is unknown of a row lets it through none.

    Args:
        columns: as `shelving.arranged` makes them, of `FACET_KINDS`.
        rows: how many rows the segment has.

    Raises:
        DamagedIndex: the columns do not fit each other or the rows.
    """

    def __init__(self, columns: Sequence[Column], rows: int) -> None:
        self._rows = rows
        self._genres = Postings(*columns[0:4], most=rows)
        self._written = Texts(*columns[4:6])
        self._artists = Postings(*columns[6:10], most=rows)
        self._years: npt.NDArray[np.uint16] = columns[10]
        self._seconds: npt.NDArray[np.uint16] = columns[11]
        self._folder_of: Numbers = columns[12]
        self._folder_text: npt.NDArray[np.uint8] = columns[13]
        self._folder_ends: npt.NDArray[np.uint64] = columns[14]
        folders = Texts(self._folder_text, self._folder_ends)
        if (
            len(self._written) != len(self._genres.names)
            or {len(self._years), len(self._seconds), len(self._folder_of)} != {rows}
            or not all_below(self._folder_of, len(folders))
        ):
            raise DamagedIndex(f"facets that do not fit {rows} rows")

    @cached_property
    def genres(self) -> dict[str, str]:
        """How most rows write each genre, by its key (`titles.genre_key`)."""
        numbers = np.arange(len(self._written))
        return dict(zip(self._genres.names.at(numbers), self._written.at(numbers), strict=True))

    def rows_of_genre(self, key: str) -> Numbers:
        """The rows of a genre."""
        return self._genres.values[self._genres.of(key)]

    def of_genres(self, keys: Collection[str]) -> Mask:
        """Rows of any of the genres."""
        return self._any_of(self._genres, keys)

    def of_artists(self, keys: Collection[str]) -> Mask:
        """Rows that any of the artists plays on (`titles.artist_keys`)."""
        return self._any_of(self._artists, keys)

    def knows_artist(self, key: str) -> bool:
        """Whether any row is by the artist."""
        found = self._artists.of(key)
        return bool(found.start < found.stop)

    def year_counts(self, live: Mask) -> dict[int, int]:
        """How many of the rows in the mask are of each year."""
        years, counts = np.unique(self._years[live & (self._years > 0)], return_counts=True)
        return dict(zip(years.tolist(), counts.tolist(), strict=True))

    def genre_counts(self, live: Mask) -> dict[str, int]:
        """How many of the rows in the mask are of each genre, by its key; of none where there are none."""
        return {key: int(np.count_nonzero(live[self.rows_of_genre(key)])) for key in self.genres}

    def in_years(self, years: Range) -> Mask:
        """Rows of these years."""
        return _within(self._years, years)

    def as_long_as(self, seconds: Range) -> Mask:
        """Rows that last so many whole seconds."""
        return _within(self._seconds, seconds)

    def in_folder(self, folder: str) -> Mask:
        """Rows whose file lies in the folder or below: from the root where it begins with a slash, else anywhere.

        Whole names of folders count, whatever their case and accents.
        """
        wanted, text = plain_folder(folder).encode("utf-8", "replace"), self._folder_text.tobytes()
        starts, found, at = self._folder_ends[:-1], [], text.find(wanted)
        while at >= 0:  # folders begin and end with a slash, so that nothing is found across two of them
            found.append(at)
            at = text.find(wanted, at + 1)
        places = np.array(found, np.uint64)
        numbers = np.searchsorted(self._folder_ends, places, side="right") - 1
        if folder.startswith("/"):
            numbers = numbers[starts[numbers] == places]
        admitted = np.zeros(len(starts), np.bool_)
        admitted[numbers] = True
        mask: Mask = admitted[self._folder_of]
        return mask

    def _any_of(self, postings: Postings, keys: Collection[str]) -> Mask:
        mask = np.zeros(self._rows, np.bool_)
        for key in keys:
            mask[postings.values[postings.of(key)]] = True
        return mask


def _within(numbers: npt.NDArray[np.uint16], wanted: Range) -> Mask:
    first, last = wanted
    mask = numbers > 0
    if first is not None:
        mask &= numbers >= min(first, MOST)
    if last is not None:
        mask &= numbers <= min(last, MOST)
    return mask


def plain_folder(path: str) -> str:
    """The path of a folder for comparison: each name plain, a slash before, between and after them."""
    names = [plain(name) or name for name in path.split("/") if name]
    return f"/{'/'.join(names)}/" if names else "/"


def folder_of(row: Row) -> str:
    """Where the row's file lies, as its server or the file's URL says; empty where it has none."""
    if path := str(row.get("path") or ""):
        return path.rpartition("/")[0] or "/"
    url = str(row.get("preview_url") or "")
    return (unquote(urlsplit(url).path).rpartition("/")[0] or "/") if url.startswith("file:") else ""
