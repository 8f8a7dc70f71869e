"""Builds a synthetic catalogue a base at a time: `python -m bench.scale.building FOLDER TRACKS BASES BASE STEP`.

Each step is a process of its own, so that its peak memory is its own, and leaves a file when it is done: `common` (what
the bases agree on), `titles` and `shelf` (what all of them show), `rows` (ids and vectors of one), `engine`, `publish`.
The pieces are those that the Spark door runs in its workers (`annoy_service.parts`).

What a reader does not read is left out: `raw.npy`, 25 GB at ten million, and the map. Titles are those of 100,000
tracks, again and again in each base: making ten million would cost as much as everything else and tell nothing new.
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
from earshot.index.rows import LINES, OFFSETS, write_lines
from earshot.index.segment import IDS, VECTORS
from earshot.index.shelf import SHELF
from earshot.index.write import sealed, stored, write_shelf

SHARED = (LINES, OFFSETS, SHELF)
_TITLES = 100_000
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

    @property
    def shared(self) -> Path:
        """The files that all bases have alike."""
        return self.folder / "shared"

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


def titles(site: Site, _part: int) -> None:
    """As many lines as a base has rows."""
    folder = site.shared
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LINES).open("wb") as file:
        made = min(_TITLES, site.rows)
        offsets = write_lines((row.line for chunk in rows(0, made, seed=0) for row in chunk), file)
    body, dictionary = (folder / LINES).read_bytes(), int(offsets[0])
    times = -(-site.rows // made)
    with (folder / LINES).open("wb") as file:
        file.write(body[:dictionary])
        for _ in range(times):
            file.write(body[dictionary:])
    lengths = np.tile(np.diff(offsets), times)[: site.rows]
    np.save(folder / OFFSETS, np.cumsum(np.concatenate([offsets[:1], lengths])).astype(np.uint64))


def shelf(site: Site, _part: int) -> None:
    """These, arranged for search by words."""
    write_shelf(site.shared)


def write_rows_of(site: Site, part: int) -> None:
    """Ids and vectors of a base."""
    folder, first, n = site.part(part), part * site.rows, site.rows
    folder.mkdir(parents=True, exist_ok=True)
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
    builder, shared = site.builder(), stored(site.shared, SHARED)

    def of(number: int) -> tuple[SegmentEntry, Survey]:
        (base,) = manifest_from_bytes((site.part(number) / "base.json").read_bytes()).segments
        with np.load(site.part(number) / "survey.npz") as arrays:
            return replace(base, objects={**shared, **base.objects}), Survey(arrays["true"], arrays["found"])

    manifest = composed(builder, site.common().transform, map(of, range(site.parts)), time.perf_counter())
    for number, base in enumerate(manifest.bases):
        for name in base.objects:
            target = site.folder / "s3" / BUCKET / base.key(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link((site.shared if name in SHARED else site.part(number)) / name, target)
    publish(builder, manifest, position(builder))


def _alone(site: Site, base: SegmentEntry) -> Manifest:
    transform = site.common().transform
    nothing = StoredObject.of(b"")
    return Manifest(RECIPE.network.name, RECIPE.name, transform.raw_dim, transform.dim, (base,), nothing, "")


STEPS: Mapping[str, Callable[[Site, int], None]] = {
    "common": common, "titles": titles, "shelf": shelf, "rows": write_rows_of, "engine": engine, "publish": publish_all,
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
