"""What serving costs: bytes of a track, and 50 recent plays folded in, at a million tracks."""

import tempfile
import time
from pathlib import Path

import numpy as np

from bench.figures import Figures
from bench.index.folder_s3 import FolderS3
from earshot.colistening.manifest import Snapshot, Training, Verdict
from earshot.colistening.publish import publish
from earshot.colistening.reader import ColisteningReader
from earshot.colistening.rows import PER_TRACK, TableRows
from earshot.colistening.store import ColisteningStore
from earshot.colistening.table import ColisteningTable

TRACKS = 1_000_000
_PLAYS = (1, 50, 200)
_ROUNDS, _WARM = 1000, 200
_K = 100


def measure(tracks: int = TRACKS) -> Figures:
    """Median and 95th percentile by recent plays, milliseconds; bytes a track; seconds to open."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        s3 = FolderS3(folder / "s3").as_client()
        rows = invented(tracks)
        nothing = Training("invented", {}, Snapshot("", "", 0, 0, tracks, ""), {}, {}, {}, Verdict(True, "a bench"))
        manifest = publish(ColisteningStore(s3, "index"), rows, nothing, seen=None, work_dir=folder)
        ids = [name.decode() for name in rows.ids.tolist()]
        del rows
        stored = sum(found.size for found in manifest.table.objects.values())
        began = time.perf_counter()
        _opened(s3, folder)
        first_s = time.perf_counter() - began
        reader = ColisteningReader(s3, "index", folder / "cache")
        table = reader.current()
        if table is None:
            raise RuntimeError("the table that was published is not there")
        return {
            "tracks": tracks,
            "bytes_per_track": stored / tracks,
            "first_open_s": first_s,
            "plays": {str(count): _times(table, ids, count) for count in _PLAYS},
        }


def invented(tracks: int) -> TableRows:
    """A table of as many tracks, with neighbours by a steep law."""
    dice = np.random.default_rng(0)
    shape = (tracks, PER_TRACK)
    weights = -np.sort(-dice.random(shape, np.float32), axis=1)
    weights /= weights.sum(axis=1, keepdims=True)
    return TableRows(
        ids=np.array([f"{number:022d}".encode() for number in range(tracks)]),
        neighbours=(dice.random(shape, np.float32) ** 3 * (tracks - 1)).astype(np.uint32),
        weights=weights.astype(np.float16),
        listeners=dice.integers(0, 300, shape, np.uint16),
        heard=dice.integers(0, 1000, (tracks, 2), np.uint32),
    )


def _opened(s3: object, folder: Path) -> None:
    ColisteningReader(s3, "index", folder / "cache").current()  # type: ignore[arg-type]


def _times(table: ColisteningTable, ids: list[str], count: int) -> Figures:
    dice = np.random.default_rng(1)
    taken = []
    for _ in range(_ROUNDS):
        plays = [(ids[row], 1.0) for row in dice.integers(0, len(ids), count).tolist()]
        own = {track_id for track_id, _ in plays}
        began = time.perf_counter()
        table.fold_in(plays, _K, own)
        taken.append(1000 * (time.perf_counter() - began))
    taken = taken[_WARM:]
    return {"p50_ms": float(np.median(taken)), "p95_ms": float(np.percentile(taken, 95))}
