"""What is to be heard: the files of a folder or of a bucket's prefix, or the rows of a manifest of any length.

A manifest (CSV, TSV, JSON lines, Parquet, or lines of keys) is read row by row, with the columns that every list may
have (`earshot.lists`); which of them says where the audio is, is its `path`, `location` or `file`, else its `key`.
"""

import csv
import io
import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile
from typing import BinaryIO

from earshot.errors import InvalidInput, InvalidTrackId
from earshot.ids import parse_track_id, source_of, track_id_of_preview_key
from earshot.lists.columns import columns_of, track_in
from earshot.lists.tracks import ListedTrack
from earshot.stores.parts import S3, parts_at, split_s3
from earshot.track import TrackInfo
from extractor.bulk.clients import s3

_MANIFESTS = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".parquet")
_BLOCK = 1 << 20
_SNIFFED = 64 * 1024
_ROWS = 4096
_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Wanted:
    """A key, an absolute path or ``s3://bucket/key``, and what is known of its track (`TrackInfo.to_row`), if anything.

    Of what cannot be wanted, `key` is its place in the manifest, and `why_not` says what it lacks.
    """

    key: str
    said: Mapping[str, object] | None = None
    why_not: str = ""


def wanted_at(source: str, suffixes: Collection[str]) -> Iterator[Wanted]:
    """Everything that `source` names: a folder, ``s3://bucket/prefix/``, or a manifest.

    Args:
        source: what is called like a manifest is one.
        suffixes: of files and objects that are taken for audio; previews are, whatever they are called.

    Raises:
        InvalidInput: there is nothing there, or no column of the manifest says where audio is.
    """
    if PurePosixPath(source).suffix.lower() in _MANIFESTS:
        return _rows(source)
    if not source.startswith(S3) and not Path(source).is_dir():
        raise InvalidInput(
            f"{source!r} is neither a folder nor a manifest",
            hint=f"Give a folder, s3://bucket/prefix/, or a list that ends in {', '.join(_MANIFESTS)}.",
        )
    base = source.rstrip("/") if source.startswith(S3) else str(Path(source).resolve())
    names = parts_at(base, s3).names()
    return (_named(f"{base}/{name}") for name in names if _is_audio(f"{base}/{name}", suffixes))


def preview_in(key: str) -> str | None:
    """The id of the track whose preview `key` is, as in the bucket of previews."""
    try:
        return track_id_of_preview_key(split_s3(key)[1]) if key.startswith(S3) else None
    except InvalidTrackId:
        return None


def _named(key: str) -> Wanted:
    shown = key.encode("utf-8", "backslashreplace").decode()
    return Wanted(key) if shown == key else Wanted(shown, why_not="its name is not UTF-8: rename it")


def _is_audio(key: str, suffixes: Collection[str]) -> bool:
    return PurePosixPath(key).suffix.lower() in suffixes or preview_in(key) is not None


def _rows(manifest: str) -> Iterator[Wanted]:
    suffix = PurePosixPath(manifest).suffix.lower()
    is_remote = manifest.startswith(S3)
    base = manifest.rpartition("/")[0] if is_remote else str(Path(manifest).resolve().parent)
    with _opened(manifest) as file:
        if suffix == ".parquet":
            rows = _of_parquet(file)
        elif suffix in (".jsonl", ".ndjson"):
            rows = _of_json_lines(file)
        else:
            rows = _of_table(io.TextIOWrapper(file, "utf-8-sig", errors="replace", newline=""))
        for number, row in enumerate(rows, 1):
            yield _wanted(row, base, f"{manifest}, row {number}")


@contextmanager
def _opened(manifest: str) -> Iterator[BinaryIO]:
    """The manifest as a file: one in a bucket is fetched into one that has no name."""
    if not manifest.startswith(S3):
        try:
            with Path(manifest).open("rb") as file:
                yield file
        except OSError as error:
            raise InvalidInput(f"{manifest}: {error.strerror}", hint="Give the path of a manifest.") from None
        return
    bucket, key = split_s3(manifest)
    with TemporaryFile() as file:
        s3().download_fileobj(bucket, key, file)
        file.seek(0)
        yield file


_Row = Mapping[str, object]
"""Cells by header."""


def _of_parquet(file: BinaryIO) -> Iterator[_Row]:
    import pyarrow as pa  # late: lists of other forms are read without it
    import pyarrow.parquet as pq

    try:
        parquet = pq.ParquetFile(file)
    except pa.ArrowInvalid as error:
        raise InvalidInput(f"the manifest is no Parquet: {error}") from None
    wanted = [name for name in parquet.schema_arrow.names if name not in ("embedding", "drift", "tags", "descriptors")]
    for batch in parquet.iter_batches(_ROWS, columns=wanted):
        yield from batch.to_pylist()


def _of_json_lines(file: BinaryIO) -> Iterator[_Row]:
    while line := file.readline(_BLOCK):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        yield row if isinstance(row, dict) else {}


def _of_table(text: io.TextIOWrapper) -> Iterator[_Row]:
    """Rows below a header; where there is none, every line is a key."""
    head = text.readline(_SNIFFED)
    delimiter = max(",;\t|", key=head.count)
    headers = next(csv.reader([head], delimiter=delimiter), [])
    if _place_of_key(headers) is None:
        yield from ({"key": line.strip()} for line in chain([head], text) if line.strip())
        return
    for cells in csv.reader(text, delimiter=delimiter):
        if cells:
            yield dict(zip(headers, cells, strict=False))


def _place_of_key(headers: Sequence[str]) -> int | None:
    """Which column says where the audio is."""
    for column in columns_of(headers):
        if column.field == "location":
            return column.place
    folded = [header.strip().lower() for header in headers]
    return folded.index("key") if "key" in folded else None


def _wanted(row: _Row, base: str, place: str) -> Wanted:
    headers = list(row)
    key_at = _place_of_key(headers)
    cell = row[headers[key_at]] if key_at is not None else None
    if not isinstance(cell, str) or not cell.strip():
        return Wanted(place, why_not="no column says where the audio is: path, location or key")
    key = _absolute(cell.strip(), base)
    if key is None:
        return Wanted(place, why_not=f"{cell[:_SHOWN]!r} is neither a path nor s3://bucket/key")
    if len(row) == 1:
        return Wanted(key)
    return Wanted(key, _info(row, track_in(list(row.values()), columns_of([_spaced(name) for name in headers]), "")))


def _absolute(cell: str, base: str) -> str | None:
    if cell.startswith(S3):
        return cell if split_s3(cell)[1] else None
    if "://" in cell:
        return None
    if base.startswith(S3):
        return f"{base}/{cell.removeprefix('./')}"
    return os.path.normpath(Path(base) / cell)


def _info(row: _Row, listed: ListedTrack) -> Mapping[str, object] | None:
    """What the row says of its track; an id that it gives itself counts, of whatever source it is."""
    given = row.get("track_id") or listed.id
    try:
        track_id = parse_track_id(given) if isinstance(given, str) and given else ""
    except InvalidTrackId:
        track_id = ""
    known = {
        name: value
        for name in ("title", "artists", "album", "isrc", "duration_ms", "mbid", "genres", "year", "album_artist")
        if (value := getattr(listed, name))
    }
    said = TrackInfo.from_row({**known, "track_id": track_id, "source": source_of(track_id) if track_id else ""})
    urls = {"url": listed.url, "artwork_url": listed.artwork_url}
    found = said.to_row() | {name: url for name, url in urls.items() if url}
    return found or None


def _spaced(key: str) -> str:
    return {"track_id": "id", "trackId": "id"}.get(key, key)


def pages_of(lines: Iterable[Mapping[str, object]], write: Callable[[int, bytes], None], rows: int) -> int:
    """Hand `lines` as JSON lines to `write`, so many at a time; the number of pages."""
    page: list[str] = []
    count = 0
    for line in lines:
        page.append(json.dumps(line, separators=(",", ":"), ensure_ascii=False))
        if len(page) == rows:
            write(count, "\n".join(page).encode())
            count, page = count + 1, []
    if page:
        write(count, "\n".join(page).encode())
        count += 1
    return count
