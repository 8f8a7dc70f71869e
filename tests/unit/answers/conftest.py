"""An index version on disk for each test: the real reader, without AWS and HTTP."""

from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from bench.index.folder_s3 import FolderS3
from earshot.colistening.table import ColisteningTable
from earshot.index.reader import IndexReader
from earshot.index.searcher import Searcher
from earshot.track import Track
from tests.colistening import on_disk, rows_of
from tests.unit.api.world import publish

TableOf = Callable[..., ColisteningTable]
IndexOf = Callable[[Sequence[Track], Sequence[npt.NDArray[np.float32]]], Searcher]


@pytest.fixture
def table_of(tmp_path: Path) -> TableOf:
    """Opens a table of what is played together."""
    numbers = count()
    return lambda links, listeners=None: on_disk(rows_of(links, listeners), tmp_path / f"table{next(numbers)}")


@pytest.fixture
def with_shelf() -> bool:
    """Whether versions are written as Earshot writes them now; a test may override this fixture."""
    return True


@pytest.fixture
def index_of(tmp_path: Path, *, with_shelf: bool) -> IndexOf:
    """Publishes tracks at vectors and opens the version."""
    s3 = FolderS3(tmp_path / "s3").as_client()
    versions: list[str] = []

    def opened(tracks: Sequence[Track], vectors: Sequence[npt.NDArray[np.float32]]) -> Searcher:
        versions.append(publish(s3, tracks, vectors, number=len(versions), with_shelf=with_shelf))
        return IndexReader(s3, "index", tmp_path / f"cache{len(versions)}").current()

    return opened
