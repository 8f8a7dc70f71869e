"""A stretch of a segment's rows, fetched without the rest: ids ascend, so that a range of them is one stretch."""

import io
from pathlib import Path

import numpy as np

from earshot.errors import DamagedIndex
from earshot.index.manifest import SegmentEntry
from earshot.index.objects import ObjectStore
from earshot.index.row_sources import FINGERPRINTS, RAW, StoredRows
from earshot.index.rows import LINES, OFFSETS, fingerprint
from earshot.index.segment import IDS

_HEADER = 256
_CHUNK_ROWS = 4096


def fetched_slice(store: ObjectStore, entry: SegmentEntry, start: int, stop: int, folder: Path) -> StoredRows:
    """The living rows from `start` to before `stop`; their files are written into `folder`.

    What is checked elsewhere by the hash of a whole file is checked here by the fingerprint of each row.

    Raises:
        DamagedIndex: a file is missing, or a row is not what its fingerprint says.
    """
    for name in (IDS, FINGERPRINTS, RAW):
        _rows_of_array(store, entry, name, slice(start, stop), folder)
    width = _rows_of_array(store, entry, OFFSETS, slice(start, stop + 1), folder)
    offsets = np.load(folder / OFFSETS, allow_pickle=False)
    first = np.frombuffer(store.read_range(entry.key(OFFSETS), width.header, width.header + 8), np.uint64)[0]
    dictionary = store.read_range(entry.key(LINES), 0, int(first))
    with (folder / LINES).open("wb") as file:
        file.write(dictionary)
        store.copy_range(entry.key(LINES), int(offsets[0]), int(offsets[-1]), file)
    np.save(folder / OFFSETS, offsets - offsets[0] + first)
    dead = entry.dead[(entry.dead >= start) & (entry.dead < stop)].astype(np.intp) - start
    rows = StoredRows(folder.joinpath, np.delete(np.arange(stop - start), dead))
    _check(entry, rows)
    return rows


class _Layout:
    """Where an .npy file's rows begin, how long each is, and the header of a file of other rows."""

    def __init__(self, head: bytes, name: str) -> None:
        file = io.BytesIO(head)
        try:
            version = np.lib.format.read_magic(file)
            read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
            self.shape, _, self.dtype = read(file)
        except (ValueError, KeyError) as error:
            raise DamagedIndex(f"{name}: {error!r}") from None
        self.header = file.tell()
        self.bytes = self.dtype.itemsize * int(np.prod(self.shape[1:], dtype=np.int64))


def _rows_of_array(store: ObjectStore, entry: SegmentEntry, name: str, span: slice, folder: Path) -> _Layout:
    start, stop = span.start, span.stop
    key = entry.key(name)
    layout = _Layout(store.read_range(key, 0, min(_HEADER, entry.objects[name].size)), key)
    shape = (stop - start, *layout.shape[1:])
    with (folder / name).open("wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": np.lib.format.dtype_to_descr(layout.dtype), "fortran_order": False, "shape": shape}
        )
        store.copy_range(key, layout.header + start * layout.bytes, layout.header + stop * layout.bytes, file)
    return layout


def _check(entry: SegmentEntry, rows: StoredRows) -> None:
    expected = rows.fingerprints
    for start in range(0, len(rows), _CHUNK_ROWS):
        which = np.arange(start, min(start + _CHUNK_ROWS, len(rows)))
        for row, line, raw in zip(which.tolist(), rows.lines(which), rows.raw(which), strict=True):
            if fingerprint(line, raw.tobytes()) != expected[row]:
                raise DamagedIndex(f"segment {entry.id}: row {bytes(rows.ids[row]).decode()} was altered")
