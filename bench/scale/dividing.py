"""Makes one index and its shards out of the same vectors: `python -m bench.scale.dividing FOLDER SHARDS`.

Of the index that `bench.scale.building` has made of one base, ids, vectors and engine; every track gets a line of its
own, and no shelf: nobody searches by words. The shards' engines are chosen anew, as `annoy_service divide` does.
"""

import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from annoy_service.choice import choose
from bench.index.folder_s3 import FolderS3
from bench.scale.building import Site
from earshot.clock import now_iso
from earshot.ids import TrackId
from earshot.index.arrays import Ids, mapped
from earshot.index.engines.engine import EngineEntry
from earshot.index.engines.registry import engine_named
from earshot.index.formats import manifest_from_bytes, named
from earshot.index.manifest import Manifest, StoredObject, transform_key
from earshot.index.rows import LINES, OFFSETS, track_to_line, write_lines
from earshot.index.segment import IDS, VECTORS
from earshot.index.store import IndexStore
from earshot.index.write import sealed, stored
from earshot.shards import Shard, shard_of
from earshot.track import Tag, Track, TrackInfo

WHOLE = "index"


def bucket_of(shard: Shard) -> str:
    """Where its index is."""
    return f"shard-{shard.number}"


def line_of(track_id: str, number: int) -> bytes:
    """As long as those of real tracks, about."""
    info = TrackInfo(
        TrackId(track_id), "file", title=f"Song {number} of the night", artists=(f"Artist {number % 90_001}",),
        album=f"Album {number % 200_003}", duration_ms=120_000 + number % 200_000, year=1950 + number % 75,
        url=f"https://www.example.org/track/{number}", genres=(f"Genre {number % 60}",),
    )  # fmt: skip
    tags = tuple(Tag(f"tag {(number * step) % 50}", 0.5) for step in (1, 3, 7, 11, 13))
    return track_to_line(Track(info, model="musicnn-msd@1", tags=tags))


class Publishing:
    """Into the bucket of one index, by way of a folder of files."""

    def __init__(self, site: Site, like: Manifest) -> None:
        self._s3 = FolderS3(site.folder / "s3").as_client()
        self._site = site
        self._like = like

    def publish(self, folder: Path, bucket: str, engine: EngineEntry, recall: float, shard: Shard | None) -> None:
        """What is in the folder as the only version of the bucket."""
        store = IndexStore(self._s3, bucket)
        objects = stored(folder, (IDS, VECTORS, LINES, OFFSETS, *engine_named(engine.name).files))
        rows = len(mapped(folder / IDS, np.bytes_))
        base = sealed("base", rows, objects, engine, recall=recall)
        for name in base.objects:
            store.upload(base.key(name), folder / name)
        body = self._site.common().transform.to_bytes()
        transform = store.put(transform_key(StoredObject.of(body)), body)
        new = replace(self._like, segments=(base,), transform=transform, built_at=now_iso(), shard=shard)
        store.move(store.put_manifest(named(new)), seen=None)


def main() -> None:
    """Divide."""
    site, of = Site(Path(sys.argv[1]), 0, 1), int(sys.argv[2])
    started, whole = time.process_time(), site.part(0)
    (base,) = (manifest := manifest_from_bytes((whole / "base.json").read_bytes())).segments
    ids: Ids = np.load(whole / IDS)
    names = [track_id.decode() for track_id in ids.tolist()]
    lines = [line_of(name, number) for number, name in enumerate(names)]
    publishing = Publishing(site, manifest)
    _write(whole, lines)
    publishing.publish(whole, WHOLE, base.engine, base.recall, None)
    numbers = np.array([shard_of(name, of) for name in names])
    vectors = mapped(whole / VECTORS, np.float16)
    told: dict[str, object] = {WHOLE: {"rows": len(ids), "engine": base.engine.name, "recall": base.recall}}
    for shard in (Shard(number, of) for number in range(of)):
        rows = np.flatnonzero(numbers == shard.number)
        folder = site.folder / "shards" / str(shard.number)
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / IDS, ids[rows])
        np.save(folder / VECTORS, vectors[rows])
        _write(folder, [lines[row] for row in rows.tolist()])
        choice = choose(folder)
        publishing.publish(folder, bucket_of(shard), choice.engine, choice.recall, shard)
        told[bucket_of(shard)] = {"rows": len(rows), "engine": choice.engine.name, "recall": choice.recall}
    print(json.dumps({**told, "cpu_s": time.process_time() - started}))


def _write(folder: Path, lines: list[bytes]) -> None:
    with (folder / LINES).open("wb") as file:
        np.save(folder / OFFSETS, write_lines(lines, file, len(lines)))


if __name__ == "__main__":
    main()
