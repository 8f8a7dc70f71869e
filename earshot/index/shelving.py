"""Arranges a segment's rows for search by words and tags: makes the columns of a shelf (`earshot.index.shelf`)."""

import hashlib
from array import array
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from heapq import heappush, heappushpop

import numpy as np
import numpy.typing as npt

from earshot.errors import InvalidInput
from earshot.facts import known
from earshot.index.arrays import Column
from earshot.index.facets import MOST, folder_of, plain_folder
from earshot.index.rows import row_in
from earshot.index.shelf import MAX_ROWS, SAMPLE_ROWS, STRONGEST, Shown, spine
from earshot.titles import artist_keys, genre_key, plain
from earshot.track import Row


def arranged(lines: Iterable[bytes]) -> list[Column]:
    """The columns of a segment whose rows have these `lines`.

    Raises:
        InvalidInput: more rows than fit into the columns.
    """
    shelving = _Shelving()
    for number, line in enumerate(lines):
        shelving.add(number, known(row_in(line)))
    return shelving.columns()


def sample_key(track_id: str) -> int:
    """32 bits that decide whether a map shows the track: the same ones stay as others come and go."""
    return int.from_bytes(hashlib.blake2b(track_id.encode(), digest_size=4).digest(), "big")


class _Shelving:
    def __init__(self) -> None:
        self._spines: list[str] = []
        self._words, self._tags, self._sources = _Entries(), _Entries(), _Entries()
        self._strengths = array("f")
        self._plain_tag = _PlainNames()
        self._sample: list[tuple[int, int, Shown]] = []
        self._facets = _Facets()

    def add(self, number: int, row: Row) -> None:
        if number == MAX_ROWS:
            raise InvalidInput(f"a segment has at most {MAX_ROWS:,} rows")
        self._spines.append(text := spine(row))
        title, others = text.split("\t", 1)
        in_title = set(title.split())
        self._words.add(in_title, 2 * number + 1)
        self._words.add(set(others.split()) - in_title, 2 * number)
        tags: list[tuple[str, float]] = row.get("tags", [])
        self._tags.add([self._plain_tag[name] for name, _ in tags], number)
        self._strengths.extend([probability for _, probability in tags])
        self._sources.add((row["source"],), number)
        self._facets.add(number, row)
        shown = Shown(row.get("title", ""), ", ".join(row.get("artists", ())), tags[0][0] if tags else "")
        push = heappush if len(self._sample) < SAMPLE_ROWS else heappushpop
        push(self._sample, (-sample_key(row["track_id"]), -number, shown))

    def columns(self) -> list[Column]:
        order = np.array(sorted(range(len(self._spines)), key=self._spines.__getitem__), np.uint32)
        self._spines.clear()
        words, _ = self._words.columns()
        tags, as_they_came = self._tags.columns()
        strengths = np.ceil(np.frombuffer(self._strengths, np.float32)[as_they_came] * STRONGEST).astype(np.uint16)
        sources, _ = self._sources.columns()
        return [order, *words, *tags, strengths, *sources, *self._sample_columns(), *self._facets.columns()]

    def _sample_columns(self) -> list[Column]:
        sample = sorted(self._sample, reverse=True)
        numbers = np.array([(-row, -key) for key, row, _ in sample], np.uint32).reshape(-1, 2)
        return [numbers[:, 0], numbers[:, 1], *_texts([text for *_, shown in sample for text in shown])]


class _Facets:
    """What rows are filtered by (`earshot.index.facets`)."""

    def __init__(self) -> None:
        self._genres, self._artists = _Entries(), _Entries()
        self._written: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._years, self._seconds, self._folder_of = array("H"), array("H"), array("I")
        self._folders: dict[str, int] = {}

    def add(self, number: int, row: Row) -> None:
        keys = {key: name for name in row.get("genres", ()) if (key := genre_key(name))}
        for key, name in keys.items():
            self._written[key][name] += 1
        self._genres.add(keys, number)
        self._artists.add(artist_keys(row.get("artists", ()), row.get("title") or ""), number)
        self._years.append(min(max(row.get("year") or 0, 0), MOST))
        self._seconds.append(min(max(row.get("duration_ms") or 0, 0) // 1000, MOST))
        self._folder_of.append(self._folders.setdefault(folder_of(row), len(self._folders)))

    def columns(self) -> list[Column]:
        genres, _ = self._genres.columns()
        artists, _ = self._artists.columns()
        written = [min(names, key=lambda name: (-names[name], name)) for _, names in sorted(self._written.items())]
        folders = [plain_folder(folder) if folder else "" for folder in self._folders]
        numbers = [np.frombuffer(self._years, np.uint16), np.frombuffer(self._seconds, np.uint16)]
        return [
            *genres, *_texts(written), *artists, *numbers, np.frombuffer(self._folder_of, np.uintc), *_texts(folders)
        ]  # fmt: skip


class _PlainNames(dict[str, str]):
    """Plain forms of names that come again and again."""

    def __missing__(self, name: str) -> str:
        self[name] = plain(name)
        return self[name]


class _Entries:
    """Names with numbers, in the order in which they came."""

    def __init__(self) -> None:
        self._names: dict[str, int] = {}
        self._of = array("I")
        self._values = array("I")

    def add(self, names: Collection[str], value: int) -> None:
        """`value` to each of the `names`."""
        known = self._names
        self._of.extend([known.setdefault(name, len(known)) for name in names])
        self._values.extend([value] * len(names))

    def columns(self) -> tuple[list[Column], npt.NDArray[np.intp]]:
        """The names ascending, where the values of each begin, the values; and which of the entries each value was."""
        names = sorted(self._names)
        rank = np.empty(len(names), np.uint32)
        rank[[self._names[name] for name in names]] = np.arange(len(names), dtype=np.uint32)
        of = rank[np.frombuffer(self._of, np.uintc)]
        order = np.argsort(of, kind="stable")
        starts = _ends(np.bincount(of, minlength=len(names)))
        return [*_texts(names), starts, np.frombuffer(self._values, np.uintc)[order]], order


def _texts(texts: list[str]) -> list[Column]:
    encoded = [text.encode() for text in texts]
    return [np.frombuffer(b"".join(encoded), np.uint8), _ends(np.array([len(text) for text in encoded], np.uint64))]


def _ends(lengths: Column) -> npt.NDArray[np.uint64]:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.uint64)
