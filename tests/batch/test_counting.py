"""What workers do with parts of what is played adds up to what one machine does with all of it."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import sparse

from earshot.errors import InvalidInput
from listening.bulk import arrow, blocks, reading
from listening.models.interactions import Interactions
from listening.models.knn import co_counts, cosine_neighbours
from listening.models.strongest import products
from listening.models.table import laid_out, table_rows
from tests.unit.listening.people import ITEMS, people


@pytest.fixture(scope="module")
def known() -> Interactions:
    return people(120, each=6)


@pytest.fixture(scope="module")
def pairs(known: Interactions) -> list[pa.RecordBatch]:
    """Counted in three parts, added up, both ways, by row and column; in small batches, as they may come."""
    some = np.array_split(np.arange(known.n_listeners), 3)
    baskets = (known.of(part) for part in some)
    lists = (pa.ListArray.from_arrays(pa.array(one.starts, pa.int32()), pa.array(one.items)) for one in baskets)
    found = [
        batch.to_pandas()
        for one in lists
        for batch in arrow.pairs_in(iter([pa.RecordBatch.from_arrays([one], ["items"])]), ITEMS)
    ]
    upper = pa.Table.from_batches([pa.RecordBatch.from_pandas(frame) for frame in found])
    added = upper.group_by(["i", "j"]).aggregate([("n", "sum")]).rename_columns(["i", "j", "n"])
    both = pa.concat_tables([added, added.select(["j", "i", "n"]).rename_columns(["i", "j", "n"])])
    table = both.sort_by([("i", "ascending"), ("j", "ascending")])
    batches: list[pa.RecordBatch] = table.set_column(2, "n", table["n"].cast(pa.float32())).to_batches(max_chunksize=97)
    return batches


def read(found: Iterator[pa.RecordBatch]) -> Iterator[blocks.Block]:
    for batch in found:
        row: dict[str, Any] = batch.to_pylist()[0]
        items = np.frombuffer(row["items"], np.int32).astype(np.intp)
        cells = np.frombuffer(row["cells"], np.float32), np.frombuffer(row["columns"], np.int32)
        starts = np.frombuffer(row["starts"], np.int64)
        yield blocks.Block(items, sparse.csr_array((*cells, starts), shape=(len(items), ITEMS)))


def test_neighbours_are_the_same_to_the_last_bit(
    known: Interactions, pairs: list[pa.RecordBatch], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "_CELLS", 500)
    listeners = known.listeners_of_items()
    ours = cosine_neighbours(co_counts(known), listeners, shrinkage=3.0, k=10)
    found = arrow.cosines_in(iter(pairs), SimpleNamespace(value=listeners), 3.0, 10)
    theirs = blocks.assembled(read(found), ITEMS)
    assert (ours != theirs).nnz == 0
    np.testing.assert_array_equal(ours.indptr, theirs.indptr)


def test_so_is_how_many_listeners_share_them(known: Interactions, pairs: list[pa.RecordBatch]) -> None:
    rows = cosine_neighbours(co_counts(known), known.listeners_of_items(), shrinkage=3.0, k=50)
    ours = table_rows(rows, known, np.arange(1000, 1000 + ITEMS).astype("S4"), np.ones(ITEMS, np.int64))
    neighbours, weights = laid_out(rows)
    shared = np.zeros(neighbours.shape, np.uint32)
    for batch in arrow.shared_in(iter(pairs), SimpleNamespace(value=neighbours)):
        row = batch.to_pylist()[0]
        items = np.frombuffer(row["items"], np.int32)
        shared[items] = np.frombuffer(row["shared"], np.uint32).reshape(len(items), -1)
    shared[weights == 0] = 0
    np.testing.assert_array_equal(ours.listeners, shared)


def test_products_in_blocks_are_those_of_all() -> None:
    vectors = np.random.default_rng(0).normal(size=(ITEMS, 8)).astype(np.float32)
    numbers = pa.RecordBatch.from_pydict({"id": [0, 1, 2, 3]})
    found = read(arrow.products_in(iter([numbers]), SimpleNamespace(value=vectors), 60, 10))
    assert abs(products(vectors, vectors, 10) - blocks.assembled(found, ITEMS)).max() < 1e-5


def test_names_become_places_and_worth_confidence() -> None:
    plays = pa.RecordBatch.from_pydict({"listener": ["b", "a"], "track": ["y", "x"], "worth": [3.0, 1.0], "at": [7, 8]})
    names = SimpleNamespace(value=np.array([b"a", b"b"])), SimpleNamespace(value=np.array([b"x", b"y"]))
    (found,) = arrow.numbered_in(iter([plays]), *names)
    assert found.to_pylist() == [
        {"user": 1, "item": 1, "confidence": 2.0, "at": 7},
        {"user": 0, "item": 0, "confidence": 1.0, "at": 8},
    ]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"listener": ["a", "b"], "track": ["x", None]}, [("a", "x", 0, 1.0)]),
        ({"listener": [1], "track": [2], "time": [5], "weight": [2]}, [("1", "2", 5, 2.0)]),
        (
            {"listener": ["a"], "track_id": ["x"], "listened_at": [5], "skip": [True], "song": [1], "accepted_at": [2]},
            [("a", "x", 5, -1.0)],
        ),
    ],
)
def test_plays_are_read_as_the_lake_and_as_others_have_them(
    columns: dict[str, list[object]], expected: list[tuple[object, ...]], tmp_path: Any
) -> None:
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    (found,) = reading.plays_in(iter([pa.RecordBatch.from_pydict({"name": ["a.parquet"]})]), str(tmp_path))
    assert [tuple(row.values())[:4] for row in found.to_pylist()] == expected


def test_parquet_of_anything_else_is_refused(tmp_path: Any) -> None:
    pq.write_table(pa.table({"who": ["a"]}), tmp_path / "a.parquet")
    with pytest.raises(InvalidInput, match="has columns who"):
        list(reading.plays_in(iter([pa.RecordBatch.from_pydict({"name": ["a.parquet"]})]), str(tmp_path)))
