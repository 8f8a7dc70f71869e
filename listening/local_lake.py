"""Objects of the lake as files of this machine, some days at a time."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

from earshot.stores.plays_lake import LakeObject, PlaysLake, are_merged

_AT_A_TIME = 8
_MOST_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Days:
    """Whole days of the lake. `are_merged`: no play is in two of the files."""

    files: tuple[Path, ...]
    are_merged: bool


@contextmanager
def fetched(lake: PlaysLake, objects: Sequence[LakeObject], folder: Path) -> Iterator[dict[LakeObject, Path]]:
    """Files with the content of the objects that are still there, while the block runs."""
    with TemporaryDirectory(dir=folder) as place:

        def fetch(found: LakeObject) -> tuple[LakeObject, Path] | None:
            body = lake.read(found)
            if body is None:
                return None
            file = Path(place) / f"{found.day}-{found.name}.parquet"
            file.write_bytes(body)
            return found, file

        with ThreadPoolExecutor(_AT_A_TIME) as pool:
            yield dict(filter(None, pool.map(fetch, objects)))


def days(lake: PlaysLake, objects: Iterable[LakeObject], folder: Path) -> Iterator[Days]:
    """All days of these objects (which are in the order of days), as many at a time as 256 MB hold.

    A file is gone once the next ones are asked for.
    """
    for some in _portions(objects):
        by_day = groupby(some, key=lambda found: found.day)
        merged = all(are_merged(list(of_day)) for _, of_day in by_day)
        with fetched(lake, some, folder) as files:
            if files:
                yield Days(tuple(files.values()), merged)


def _portions(objects: Iterable[LakeObject]) -> Iterator[list[LakeObject]]:
    portion: list[LakeObject] = []
    for _, of_day in groupby(objects, key=lambda found: found.day):
        day = list(of_day)
        if portion and sum(found.size for found in (*portion, *day)) > _MOST_BYTES:
            yield portion
            portion = []
        portion += day
    if portion:
        yield portion
