"""Manifests, pointers and the lines of a segment."""

import io
import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annoy_service.policy import Policy, UpkeepRequests, compaction_due
from earshot.errors import DamagedIndex
from earshot.ids import SegmentId
from earshot.index.engines.engine import Canary, EngineEntry
from earshot.index.formats import manifest_from_bytes, manifest_to_bytes, named
from earshot.index.manifest import NO_ROWS, Manifest, SegmentEntry, StoredObject
from earshot.index.pointer import Pointer
from earshot.index.rows import IndexedTrack, Lines, fingerprint, track_from_line, track_to_line, write_lines
from earshot.index.shelf import SHELF
from earshot.track import Status, Tag, Track, TrackInfo

OBJECT = StoredObject(7, "ab" * 32)
ANNOY = EngineEntry("annoy", {"n_trees": 10, "search_k": 5000}, (Canary(3, (3, 5)),))


def entry(name: str = "s", rows: int = 1000, dead: int = 0, kind: Any = "base") -> SegmentEntry:
    objects = {"ids.npy": OBJECT, SHELF: OBJECT}
    return SegmentEntry(SegmentId(name), kind, rows, objects, engine=ANNOY, recall=0.98).with_dead(range(dead))


def manifest(*segments: SegmentEntry) -> Manifest:
    unnamed = Manifest(
        model="musicnn-msd@1", recipe="musicnn-msd@1-64d", raw_dim=624, dim=64, segments=segments, transform=OBJECT,
        built_at="2026-11-20T07:00:00.000000Z",
    )  # fmt: skip
    return named(unnamed)


@given(st.sets(st.integers(0, 99_999)))
def test_dead_rows_survive_storage(dead: set[int]) -> None:
    there = manifest(replace(entry(rows=100_000), dead=NO_ROWS).with_dead(sorted(dead)))
    back = manifest_from_bytes(manifest_to_bytes(there))
    assert back.segments[0].dead.tolist() == sorted(dead)
    assert back.tracks == 100_000 - len(dead)


def test_a_hundred_thousand_dead_rows_fit_into_a_small_manifest() -> None:
    dead = np.random.default_rng(0).choice(1_000_000, 100_000, replace=False)
    assert len(manifest_to_bytes(manifest(entry(rows=1_000_000).with_dead(dead)))) < 150_000


def test_a_manifest_survives_storage() -> None:
    there = manifest(entry("a", dead=3), entry("b", 10, kind="delta"))
    back = manifest_from_bytes(manifest_to_bytes(there))
    assert manifest_to_bytes(back) == manifest_to_bytes(there)
    assert back.recipe == "musicnn-msd@1-64d"
    assert [(base.engine, base.recall) for base in back.bases] == [(ANNOY, 0.98)]
    assert [delta.id for delta in back.deltas] == ["b"]
    pointer = Pointer("v", "m", "r", OBJECT)
    assert Pointer.from_bytes(pointer.to_bytes()) == pointer


def test_recall_across_bases_is_kept_where_it_was_measured() -> None:
    there = manifest(entry("a"), entry("b"))
    assert there.recall == 0.98
    measured = replace(there, recall_across=0.99)
    back = manifest_from_bytes(manifest_to_bytes(measured))
    assert (back.recall_across, back.recall) == (0.99, 0.99)
    assert b"recall_across" not in manifest_to_bytes(there)


def test_files_of_which_this_code_knows_nothing_are_carried_on() -> None:
    """So that later Earshots may add some, and this one fold onto what they wrote."""
    there = manifest(replace(entry(), objects={"ids.npy": OBJECT, "of-some-later-day.bin": OBJECT}))
    back = manifest_from_bytes(manifest_to_bytes(there))
    assert back.segments[0].with_dead([1]).objects == there.segments[0].objects
    assert "segments/s/of-some-later-day.bin" in back.object_keys()


def test_a_pointer_that_names_no_recipe_means_the_default_one_of_its_network() -> None:
    def read(model: str) -> str:
        return Pointer.from_bytes(
            json.dumps({"version": "v", "model": model, "manifest": {"key": "k", "size": 7, "sha256": "ab"}}).encode()
        ).recipe

    assert read("musicnn-msd@1") == "musicnn-msd@1-128d"
    assert read("choi-2017@1") == "choi-2017@1-160d"
    assert read("of some later day@7") == "of some later day@7"


def with_engine(data: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """The manifest's first segment with its engine changed."""
    segment: dict[str, Any] = data["segments"][0]
    return segment | {"engine": segment["engine"] | changed}


DAMAGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "another format": lambda data: data | {"format": 99},
    "an engine of some later day": lambda data: data | {"segments": [with_engine(data, name="of glass")]},
    "an engine's parameter that is no number": lambda data: (
        data | {"segments": [with_engine(data, params={"search_k": "7"})]}
    ),
    "another metric": lambda data: data | {"metric": "euclidean"},
    "a key missing": lambda data: {key: value for key, value in data.items() if key != "dim"},
    "no segments": lambda data: data | {"segments": None},
    "a strange kind": lambda data: data | {"segments": [data["segments"][0] | {"kind": "gamma"}]},
    "dead rows beyond the end": lambda data: data | {"segments": [data["segments"][0] | {"rows": 2}]},
    "a list": lambda _: [],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_no_manifest_is_refused(damage: str) -> None:
    data = json.loads(manifest_to_bytes(manifest(entry(dead=5))))
    with pytest.raises(DamagedIndex):
        manifest_from_bytes(json.dumps(DAMAGES[damage](data)).encode())


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", b'{"version":"v","model":"m","manifest":{"key":"k"}}'])
def test_what_is_no_pointer_is_refused(body: bytes) -> None:
    with pytest.raises(DamagedIndex):
        Pointer.from_bytes(body)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
tracks = st.builds(
    Track,
    info=st.builds(
        TrackInfo, track_id=texts, source=texts, title=texts, artists=st.lists(texts, max_size=3).map(tuple),
        album=texts, isrc=st.none() | texts.filter(bool), duration_ms=st.none() | st.integers(0, 2**53),
        url=st.none() | texts.filter(bool), artwork_url=st.none(), preview_url=st.none() | texts.filter(bool),
    ),
    status=st.just(Status.READY),
    model=st.just("musicnn-msd@1"),
    tags=st.lists(st.builds(Tag, texts, st.floats(0, 1)), max_size=10).map(tuple),
    preview_at=st.just("2026-11-20T07:00:00.000000Z"),
)  # fmt: skip


@given(st.lists(tracks, min_size=1, max_size=40))
def test_a_track_comes_back_from_its_line_as_it_was(expected: list[Track]) -> None:
    buffer = io.BytesIO()
    offsets = write_lines((track_to_line(track) for track in expected), buffer)
    with tempfile.NamedTemporaryFile() as file:
        file.write(buffer.getvalue())
        file.flush()
        lines = Lines(Path(file.name), offsets)
    for row, track in enumerate(expected):
        back = track_from_line(lines[row], b"e", b"d")
        assert back == replace(track, embedding=b"e", drift=b"d")
        shown = IndexedTrack.from_line(lines[row])
        assert (shown.track_id, shown.title, shown.tags) == (track.track_id, track.info.title, track.tags)
    assert list(lines.read(range(len(expected)))) == [track_to_line(track) for track in expected]


def test_a_fingerprint_changes_with_any_part() -> None:
    line, vectors = b'{"title":"a"}', b"\x01\x02"
    prints = {fingerprint(line, vectors), fingerprint(line, b"\x01\x03"), fingerprint(b'{"title":"b"}', vectors)}
    assert len(prints) == 3


@pytest.mark.parametrize(
    ("segments", "due"),
    [
        ([entry(rows=100_000)], False),
        ([entry(rows=100_000), entry("d", 5_000, kind="delta")], False),
        ([entry(rows=100_000), entry("d", 5_001, kind="delta")], True),
        ([entry(rows=10_000_000), entry("d", 50_001, kind="delta")], True),
        ([entry(rows=1_000), entry("d", 250, kind="delta")], False),  # 25 %, but too few rows to matter
        ([entry(rows=1_000, dead=101)], True),
        ([entry(rows=400), entry("d", 90, kind="delta")], False),  # small catalogues are rebuilt at once
    ],
)
def test_compaction_is_due_by_the_thresholds(segments: list[SegmentEntry], due: bool) -> None:
    assert compaction_due(manifest(*segments), Policy()) is due


def test_compaction_is_due_where_a_base_lacks_the_shelf_of_this_edition() -> None:
    objects = {"ids.npy": OBJECT, "shelf-0.bin": OBJECT}
    assert compaction_due(manifest(entry("a"), replace(entry("b"), objects=objects)), Policy())
    assert not compaction_due(manifest(replace(entry(rows=500), objects=objects)), Policy()), "rebuilt at once anyway"


def test_upkeep_is_asked_for_once_per_base_and_once_an_hour() -> None:
    sent: list[float] = []
    now = [0.0]
    requests = UpkeepRequests(lambda: sent.append(now[0]), Policy(), clock=lambda: now[0])
    worn = manifest(entry(rows=100_000), entry("d", 6_000, kind="delta"))
    requests.after(worn)
    requests.after(worn)
    assert sent == [0.0]
    requests.after(manifest(entry("other", rows=100_000), entry("d", 6_000, kind="delta")))
    assert len(sent) == 2
    now[0] = 3600.0
    requests.after(manifest(entry(rows=100_000)))
    assert len(sent) == 3
