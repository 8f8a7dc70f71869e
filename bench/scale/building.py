"""Builds a synthetic catalogue a base at a time: `python -m bench.scale.building FOLDER TRACKS BASES BASE STEP`.

Each step is a process of its own, so that its peak memory is its own, and leaves a file when it is done: `common` (what
the bases agree on), `rows` (all files of a base but its engine's), `engine`, `publish`. The pieces are those that the
Spark door runs in its workers (`annoy_service.parts`).

The first base is complete. The others share its titles and its map, whose making costs as much as everything else and
tells nothing new, and leave out `raw.npy`, which no reader reads: 25 GB at ten million.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from annoy_service.bases import composed
from annoy_service.builder import Builder, make_builder
from annoy_service.choice import choose
from annoy_service.parts import Common, Summary
from annoy_service.pointers import position, publish
from annoy_service.recall import Survey, surveyed
from bench.index.catalogue import CHUNK, RECIPE, chunks
from bench.index.folder_s3 import FolderS3
from bench.index.updates import BUCKET, rows, track_id
from earshot.ids import TrackId
from earshot.index.engines.registry import engine_named
from earshot.index.formats import manifest_from_bytes, manifest_to_bytes
from earshot.index.manifest import Manifest, SegmentEntry, StoredObject
from earshot.index.row_sources import FreshRow, FreshRows, MergedRows
from earshot.index.rows import LINES, OFFSETS
from earshot.index.segment import IDS, MAP, VECTORS
from earshot.index.shelf import SHELF
from earshot.index.write import sealed, stored, write_map, write_rows, write_shelf, write_vectors

SHARED = (LINES, OFFSETS, SHELF, MAP)
_SAMPLE_CHUNKS = 25


class Site:
    """Where the catalogue is built."""

    def __init__(self, folder: Path, tracks: int, parts: int) -> None:
        self.folder = folder
        self.parts = parts
        self.rows = tracks // parts
        """Of each base."""

    def part(self, number: int) -> Path:
        """The files of a base."""
        return self.folder / "parts" / str(number)

    def builder(self) -> Builder:
        """Publishes."""
        return make_builder(FolderS3(self.folder / "s3").as_client(), BUCKET, RECIPE, self.folder / "builder")

    def common(self) -> Common:
        """What the bases agree on."""
        return Common.from_bytes((self.folder / "common.npz").read_bytes())


def common(site: Site, _part: int) -> None:
    """From a fiftieth of ten million tracks, as from a smaller part of more."""
    some: Summary | None = None
    for number in range(min(_SAMPLE_CHUNKS, -(-site.rows // CHUNK))):
        raw = next(iter(chunks(CHUNK, seed=100 + number)))
        made = [
            FreshRow(TrackId(track_id((1 << 40) + number * CHUNK + i)), b"{}", each.tobytes())
            for i, each in enumerate(raw)
        ]
        merged = MergedRows([FreshRows(made, RECIPE.network.dimensions)], RECIPE.network.dimensions)
        summary = Summary.of(merged, RECIPE, total=len(merged))
        some = some + summary if some else summary
    assert some is not None
    (site.folder / "common.npz").write_bytes(Common.of(some, RECIPE).to_bytes())


def write_rows_of(site: Site, part: int) -> None:
    """All files of a base but its engine's."""
    folder, first, n = site.part(part), part * site.rows, site.rows
    folder.mkdir(parents=True, exist_ok=True)
    if part == 0:
        fresh = FreshRows((row for chunk in rows(first, n, seed=part) for row in chunk), RECIPE.network.dimensions)
        merged = MergedRows([fresh], RECIPE.network.dimensions)
        write_rows(folder, merged)
        write_shelf(folder)
        write_vectors(folder, site.common().transform)
        write_map(folder, merged, site.common().lay)
        return
    ids = np.array([track_id(first + i).encode() for i in range(n)])
    order, transform = np.argsort(ids), site.common().transform
    vectors = np.concatenate([transform(chunk[:, 0]).astype("<f2") for chunk in chunks(n, seed=part)])
    np.save(folder / IDS, ids[order])
    np.save(folder / VECTORS, vectors[order])


def engine(site: Site, part: int) -> None:
    """The engine's files, its gate, and what the base says of the common queries."""
    folder = site.part(part)
    choice = choose(folder)
    own = [path.name for path in folder.iterdir() if path.suffix in {".npy", ".bin"}]
    objects = stored(folder, [*own, *engine_named(choice.engine.name).files])
    base = sealed("base", site.rows, objects, choice.engine, recall=choice.recall, trials=choice.trials)
    survey = surveyed(folder, base, site.common().queries)
    np.savez(folder / "survey.npz", true=survey.true, found=survey.found)
    (folder / "base.json").write_bytes(manifest_to_bytes(_alone(site, base)))


def publish_all(site: Site, _part: int) -> None:
    """All bases as one version."""
    builder, shared = site.builder(), stored(site.part(0), SHARED)

    def of(number: int) -> tuple[SegmentEntry, Survey]:
        (base,) = manifest_from_bytes((site.part(number) / "base.json").read_bytes()).segments
        with np.load(site.part(number) / "survey.npz") as arrays:
            return replace(base, objects={**shared, **base.objects}), Survey(arrays["true"], arrays["found"])

    manifest = composed(builder, site.common().transform, map(of, range(site.parts)), time.perf_counter())
    for number, base in enumerate(manifest.bases):
        for name in base.objects:
            target = site.folder / "s3" / BUCKET / base.key(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(site.part(0 if name in SHARED else number) / name, target)
    publish(builder, manifest, position(builder))


def _alone(site: Site, base: SegmentEntry) -> Manifest:
    transform = site.common().transform
    nothing = StoredObject.of(b"")
    return Manifest(RECIPE.network.name, RECIPE.name, transform.raw_dim, transform.dim, (base,), nothing, "")


STEPS: Mapping[str, Callable[[Site, int], None]] = {
    "common": common, "rows": write_rows_of, "engine": engine, "publish": publish_all,
}  # fmt: skip


def main() -> None:
    """One step, unless it is done."""
    site, part, step = Site(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])), int(sys.argv[4]), sys.argv[5]
    done = site.folder / "done" / f"{step}-{part}.json"
    if not done.exists():
        done.parent.mkdir(parents=True, exist_ok=True)
        cpu, wall = time.process_time(), time.perf_counter()
        STEPS[step](site, part)
        spent = {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall}
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        done.write_text(json.dumps({**spent, "peak_bytes": peak}))
    print(done.read_text())


if __name__ == "__main__":
    main()
