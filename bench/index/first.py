"""The first answer of its kind from an index that is open: `python -m bench.index.first TRACKS FOLDER QUESTION`.

A process of its own each time, as a container is. Opening the index is not part of it.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from api.answers.filters import Filters
from api.answers.options import Options
from api.answers.query import Query
from api.answers.ranking import rank
from api.answers.search import search
from api.answers.seeds import seed_of
from api.http.routes.catalogue_map import drawn
from bench.index.folder_s3 import FolderS3
from bench.index.updates import BUCKET, track_id
from bench.memory import own_bytes
from earshot.ids import TrackId
from earshot.index.reader import IndexReader
from earshot.index.searcher import Searcher


def _search(searcher: Searcher, text: str, *tags: str) -> None:
    total, _ = search(searcher, text=text, filters=Filters(tags=tags), limit=20, offset=0)
    assert total


def _similar(searcher: Searcher, options: Options) -> None:
    seed = seed_of(searcher, lambda _: None, TrackId(track_id(0)))
    assert len(rank(searcher, Query.of([seed]), options).results) == options.k


QUESTIONS: Mapping[str, Callable[[Searcher], object]] = MappingProxyType({
    "search, a word": lambda searcher: _search(searcher, "song"),
    "search, two words": lambda searcher: _search(searcher, "artist 12"),
    "search, everything": lambda searcher: _search(searcher, ""),
    "search, a tag": lambda searcher: _search(searcher, "", "tag 7"),
    "similar, of a tag": lambda searcher: _similar(searcher, Options(filters=Filters(tags=["tag 7"]))),
    "similar, of a source": lambda searcher: _similar(searcher, Options(filters=Filters(source="deezer"))),
    "map": drawn,
})  # fmt: skip


def main() -> None:
    """One question."""
    folder, question = Path(sys.argv[2]), sys.argv[3]
    reader = IndexReader(FolderS3(folder / "s3").as_client(), BUCKET, folder / "reader", check_every_s=0)
    searcher = reader.current()
    before, cpu, wall = own_bytes(), time.process_time(), time.perf_counter()
    QUESTIONS[question](searcher)
    spent = {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall}
    print(json.dumps({**spent, "bytes": own_bytes() - before}))


if __name__ == "__main__":
    main()
