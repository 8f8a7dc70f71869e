"""What building costs: `python -m bench.index.updates TRACKS FOLDER STEP` runs one step and prints JSON.

Each step is a process of its own, so that its peak memory is its own: `prepare` (the first base), `cold_fold` and
`warm_fold` (100 new tracks), `compact` (a full rebuild from the segments), `load` (a reader's cold and warm download).
"""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np

from annoy_service.bases import rebuilt
from annoy_service.builder import Builder, make_builder
from annoy_service.compact import compact
from annoy_service.fold import fold
from annoy_service.pointers import manifest_at, position, publish
from bench.index.catalogue import RECIPE, chunks
from bench.index.folder_s3 import FolderS3
from earshot.clock import Timestamp
from earshot.descriptors import Descriptors
from earshot.ids import TrackId
from earshot.index.reader import IndexReader
from earshot.index.row_sources import FreshRow, FreshRows, MergedRows, RowSource, StoredRows
from earshot.index.rows import track_to_line
from earshot.index.write import write_rows
from earshot.keys import KEYS
from earshot.track import Tag, Track, TrackInfo

BUCKET = "index"
BATCH = 100
Measured = Mapping[str, object]
"""A step's part of `bench.index.results.Result`."""

_TAGS = tuple(f"tag {number}" for number in range(50))


def track_id(number: int) -> str:
    """A file's id; numbers are scattered as hashes are."""
    return f"file:{number * 0x9E3779B97F4A7C15 % 2**64:016x}"


def rows(start: int, n: int, *, seed: int) -> Iterator[list[FreshRow]]:
    """Rows of `n` tracks with as much metadata as real ones have, a chunk at a time."""
    number = start
    rng = np.random.default_rng(seed)
    for raw in chunks(n, seed=seed):
        made = []
        for vectors in raw:
            made.append(_row(number, vectors.tobytes(), rng))
            number += 1
        yield made


def _row(number: int, vectors: bytes, rng: np.random.Generator) -> FreshRow:
    words = rng.integers(1 << 30, size=4)
    chosen = rng.permutation(len(_TAGS))[:10]
    tags = sorted((Tag(_TAGS[i], round(float(p), 6)) for i, p in zip(chosen, rng.random(10), strict=True)), key=str)
    info = TrackInfo(
        TrackId(track_id(number)),
        "deezer",
        title=f"Song {words[0]:x} of {words[1] % 5000}",
        artists=(f"Artist {words[2] % 50_000}",),
        album=f"Album {words[3] % 200_000}",
        isrc=f"DEA{words[0] % 10**9:09d}",
        duration_ms=int(words[1] % 400_000),
        genres=tuple(f"Genre {n}" for n in {int(words[0] % 60), int(words[2] % 7)}),
        year=1950 + int(words[2] % 75),
        album_artist=f"Artist {words[2] % 50_000}",
        track_number=1 + int(words[0] % 14),
        path=f"Artist {words[2] % 50_000}/Album {words[3] % 200_000}/{words[0] % 14:02d}.flac",
        url=f"https://www.example.org/track/{number}",
        artwork_url=f"https://images.example.org/{words[2]:08x}{words[3]:08x}/500x500.jpg",
    )
    heard, network = Timestamp("2026-11-20T07:00:00.000000Z"), RECIPE.network.name
    descriptors = Descriptors(
        bpm=float(60 + words[0] % 1200 / 10),
        other_bpm=float(120 + words[0] % 1200 / 5) if words[1] % 3 == 0 else None,
        pulse_clarity=0.5,
        key=KEYS[words[2] % len(KEYS)],
        key_confidence=0.7,
        loudness=float(-5 - words[3] % 150 / 10),
    )
    track = Track(info, model=network, tags=tuple(tags), preview_at=heard, provider="deezer", descriptors=descriptors)
    return FreshRow(info.track_id, track_to_line(track), vectors)


def _builder(folder: Path, name: str) -> Builder:
    return make_builder(FolderS3(folder / "s3").as_client(), BUCKET, RECIPE, folder / name)


def prepare(tracks: int, folder: Path) -> Measured:
    """The first version, from rows as a table would give them."""
    builder = _builder(folder, "prepare")
    with tempfile.TemporaryDirectory(dir=builder.work_dir) as spill:
        sources: list[RowSource] = []
        for number, chunk in enumerate(rows(0, tracks, seed=1)):
            part = Path(spill) / str(number)
            part.mkdir()
            fresh = FreshRows(chunk, RECIPE.network.dimensions)
            write_rows(part, MergedRows([fresh], RECIPE.network.dimensions))
            sources.append(StoredRows(part.joinpath, np.arange(len(chunk))))
        publish(builder, rebuilt(builder, sources, time.perf_counter()), position(builder))
    return {}


def cold_fold(tracks: int, folder: Path) -> Measured:
    """100 tracks into an index of which nothing is on this disk yet."""
    return _fold(_builder(folder, "fold"), tracks, seed=2)


def warm_fold(tracks: int, folder: Path) -> Measured:
    """100 more, in a process that has done it before."""
    builder = _builder(folder, "fold")
    _fold(builder, tracks + BATCH, seed=3)
    return _fold(builder, tracks + 2 * BATCH, seed=4)


def _fold(builder: Builder, start: int, *, seed: int) -> Measured:
    batch = {row.track_id: row for row in next(iter(rows(start, BATCH, seed=seed)))}
    cpu, wall = time.process_time(), time.perf_counter()
    fold(builder, lambda: batch)
    return {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall}


def compaction(_tracks: int, folder: Path) -> Measured:
    """A full rebuild."""
    builder = _builder(folder, "compact")
    cpu, wall = time.process_time(), time.perf_counter()
    compact(builder, on_demand=True)
    spent = {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall}
    manifest = manifest_at(builder, position(builder))
    if manifest is None:
        raise SystemExit("nothing to compact")
    (base,) = manifest.bases
    sizes = {name: stored.size for name, stored in base.objects.items()}
    return spent | {
        "engine": base.engine.name, "params": base.engine.params, "recall": base.recall, "bytes": sizes,
    }  # fmt: skip


def load(tracks: int, folder: Path) -> Measured:
    """Bytes and seconds of a reader that starts, and of one that gets 100 tracks more."""
    s3 = FolderS3(folder / "s3")
    reader = IndexReader(s3.as_client(), BUCKET, folder / "reader", check_every_s=0)
    wall = time.perf_counter()
    reader.current()
    cold_s, cold = time.perf_counter() - wall, sum(s3.read.values())
    _fold(_builder(folder, "fold"), tracks + 4 * BATCH, seed=5)
    s3.read.clear()
    wall = time.perf_counter()
    searcher = reader.current()
    result = {"cold_bytes": cold, "cold_s": cold_s, "warm_bytes": sum(s3.read.values())}
    return result | {"warm_s": time.perf_counter() - wall, "tracks": searcher.size}


STEPS: dict[str, Callable[[int, Path], Measured]] = {
    "prepare": prepare, "cold_fold": cold_fold, "warm_fold": warm_fold, "compact": compaction, "load": load,
}  # fmt: skip


def main() -> None:
    """One step."""
    tracks, folder, step = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    result = STEPS[step](tracks, folder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({**result, "peak_bytes": peak}))


if __name__ == "__main__":
    main()
