"""A build in bulk: into which base a row goes, and which of two rows of a track counts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annoy_service.bulk.plan import Count, Inputs, Plan
from annoy_service.bulk.sources import heard_rows, newest_of_both, spilled
from earshot.clock import Timestamp
from earshot.ids import SegmentId, TrackId
from earshot.index.arrays import Ids
from earshot.index.manifest import Manifest, SegmentEntry, StoredObject
from earshot.index.row_sources import FreshRow, MergedRows, StoredRows
from earshot.index.rows import row_in
from earshot.networks import CHOI, MUSICNN
from earshot.track import Track, TrackInfo

OBJECT = StoredObject(7, "ab" * 32)
EARLY, LATE = Timestamp("2026-11-20T07:00:00.000000Z"), Timestamp("2026-11-27T07:00:00.000000Z")


class Folder:
    """Stands for a cache: gives the ids of segments."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fetch(self, entry: SegmentEntry, name: str) -> Path:
        return self._folder / f"{entry.id}-{name}"


def planned(folder: Path, segments: Sequence[Ids], files: Sequence[Ids], rows_per_base: int) -> Plan:
    entries = []
    for number, ids in enumerate(segments):
        entries.append(SegmentEntry(SegmentId(str(number)), "base", len(ids), {}))
        np.save(folder / f"{number}-ids.npy", ids)
    before = Manifest("m", "r", 624, 128, tuple(entries), OBJECT, "2026-11-27T07:00:00Z", version="v")
    inputs = Inputs("r", rows_per_base, "/somewhere", tuple(map(str, range(len(files)))))
    cache: Any = Folder(folder)
    return Plan.of(inputs, [Count.of(ids) for ids in files if len(ids)], before if entries else None, cache)


_IDS = st.sets(st.integers(0, 5000), min_size=1, max_size=60).map(
    lambda numbers: np.array(sorted(f"{number * 7919 % 5003:05}".encode() for number in numbers))
)


@settings(max_examples=40, deadline=None)
@given(st.lists(_IDS, max_size=3), st.lists(_IDS, max_size=3), st.integers(1, 100))
def test_every_row_goes_into_one_base(
    tmp_path_factory: pytest.TempPathFactory, segments: list[Ids], files: list[Ids], rows_per_base: int
) -> None:
    plan = planned(tmp_path_factory.mktemp("ids"), segments, files, rows_per_base)
    assert plan == Plan.from_bytes(plan.to_bytes())
    assert plan.total == sum(map(len, (*segments, *files)))
    assert plan.bases <= max(1, -(-plan.total // rows_per_base))
    for number, ids in enumerate(segments):
        stretches = [
            (base, each) for base, of_base in enumerate(plan.slices) for each in of_base if each.segment == number
        ]
        assert [row for _, each in stretches for row in range(each.start, each.stop)] == list(range(len(ids)))
        for base, each in stretches:
            assert set(plan.base_of(ids[each.start : each.stop])) == {base}
    for ids in files:
        bases = plan.base_of(ids)
        assert (np.diff(bases) >= 0).all()
        assert bases.min() >= 0
        assert bases.max() < plan.bases


def test_bases_are_of_about_one_size(tmp_path: Path) -> None:
    ids = np.array(sorted(f"file:{i * 0x9E3779B97F4A7C15 % 2**64:016x}".encode() for i in range(20_000)))
    plan = planned(tmp_path, [ids[::2]], [ids[1::4], ids[3::4]], 4_000)
    sizes = np.bincount(plan.base_of(ids))
    assert plan.bases == 5
    assert sizes.min() > 3_600
    assert sizes.max() < 4_400


def test_who_asks_for_the_same_build_again_goes_on_with_it() -> None:
    asked = Inputs("r", 1000, "s3://b/p", ("a", "b"))
    assert asked.build_id("v1") == asked.build_id("v2"), "the stream moves the index meanwhile"
    assert asked.build_id("v1") != Inputs("r", 1000, "s3://b/p", ("a", "b", "c")).build_id("v1")
    assert Inputs("r", 1000).build_id("v1") != Inputs("r", 1000).build_id("v2")


def track(track_id: str, at: Timestamp, title: str = "", model: str = MUSICNN.name) -> Track:
    raw = np.full(MUSICNN.dimensions, 0.5, "<f2").tobytes()
    info = TrackInfo(TrackId(track_id), "file", title=title)
    return Track(info, model=model, preview_at=at, embedding=raw, drift=raw)


def stored(folder: Path, *tracks: Track) -> list[StoredRows]:
    return spilled(heard_rows(tracks, MUSICNN), MUSICNN, folder)


def titles(sources: Sequence[Any]) -> dict[str, str]:
    merged = MergedRows(sources, MUSICNN.dimensions)
    rows = map(row_in, merged.lines())
    return {row["track_id"]: row["title"] for row in rows}


def test_the_newer_preview_wins_and_among_equals_what_the_index_has(tmp_path: Path) -> None:
    heard = stored(tmp_path, track("a", LATE, "heard"), track("b", EARLY, "heard"), track("c", EARLY, "heard"),
                   track("d", EARLY, "heard"))  # fmt: skip
    indexed = stored(tmp_path, track("a", EARLY, "indexed"), track("b", LATE, "indexed"))
    indexed += stored(tmp_path, track("c", EARLY, "indexed"), track("e", EARLY, "indexed"))
    assert titles(newest_of_both(heard, indexed)) == {
        "a": "heard", "b": "indexed", "c": "indexed", "d": "heard", "e": "indexed"
    }  # fmt: skip


def test_of_a_track_that_was_heard_twice_the_last_one_counts(tmp_path: Path) -> None:
    heard = stored(tmp_path, track("a", EARLY, "first"), track("a", LATE, "second"), track("b", EARLY, "only"))
    assert titles(heard) == {"a": "second", "b": "only"}


def test_rows_are_spilled_by_the_thousands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annoy_service.bulk.sources._SPILL", 2)
    parts = stored(tmp_path, *(track(name, EARLY) for name in "abcde"))
    assert [len(part) for part in parts] == [2, 2, 1]


def test_what_cannot_be_indexed_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    short = FreshRow(TrackId("x"), b"", bytes(4))
    bad = Track(TrackInfo(TrackId("b"), "file"), model=MUSICNN.name, embedding=short.vectors, drift=short.vectors)
    other, silent = track("c", EARLY, model=CHOI.name), Track(TrackInfo(TrackId("d"), "file"))
    assert [row.track_id for row in heard_rows([track("a", EARLY), bad, other, silent], MUSICNN)] == ["a"]
    assert "a track cannot be indexed" in caplog.text
