"""Brings a table into the bucket: first its files, then its manifest, at last, if the verdict lets it, the pointer."""

import hashlib
import tempfile
from pathlib import Path

from earshot.clock import now_iso
from earshot.colistening.manifest import Manifest, Pointer, TableEntry, Training, stamp_of
from earshot.colistening.rows import TableRows
from earshot.colistening.store import ColisteningStore, Head
from earshot.index.formats import dump, object_to_json
from earshot.telemetry import emit, logger

_log = logger()


def publish(
    store: ColisteningStore, rows: TableRows, training: Training, *, seen: Head | None, work_dir: Path
) -> Manifest:
    """Store the table and what is to be known of it; one whose verdict lets it enter serves from then on.

    Whatever dies on the way leaves the version that serves as it was, and objects that `garbage` collects.

    Args:
        store: where to.
        rows: the table.
        training: how it came about.
        seen: the pointer that the verdict was made against; None: nothing had been published.
        work_dir: room for its files.

    Raises:
        IndexRace: another version was published since `seen`. Judge against that one.
    """
    manifest, pointer = keep(store, rows, training, previous=seen.pointer.version if seen else "", work_dir=work_dir)
    if training.verdict.enters:
        store.move(pointer, seen=seen)
        emit("ColisteningTracks", manifest.table.rows)
    else:
        emit("ColisteningNotPublished", 1)
    return manifest


def keep(
    store: ColisteningStore, rows: TableRows, training: Training, *, previous: str, work_dir: Path
) -> tuple[Manifest, Pointer]:
    """Store a version that nobody is answered from yet, and return it with the pointer to it; see `publish`."""
    built_at = now_iso()
    with tempfile.TemporaryDirectory(dir=work_dir) as place:
        folder = Path(place)
        objects = rows.write(folder)
        digest = hashlib.sha256(dump({name: object_to_json(stored) for name, stored in objects.items()})).hexdigest()
        table = TableEntry(f"{stamp_of(built_at)}-{digest[:8]}", len(rows.ids), objects)
        for name in objects:
            store.upload(table.key(name), folder / name)
    manifest = Manifest(table, training, built_at, previous=previous).named()
    pointer = store.put_manifest(manifest)
    _log.info("a co-listening table was learned", version=manifest.version, verdict=training.verdict.reason)
    return manifest, pointer
