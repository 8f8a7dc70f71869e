"""A whole catalogue in one file: gzipped JSON lines that need neither AWS nor Earshot to be read.

First a header, then one track per line as DynamoDB holds it (binary attributes in base64), last a footer with the
number of tracks and the SHA-256 of their lines. A file without its footer was cut off and is refused as a whole.
"""

import base64
import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from earshot.clock import now_iso
from earshot.errors import DamagedCatalogueFile
from earshot.stores.dynamodb import Item

FORMAT = "earshot-catalogue@1"
_LEVEL = 3  # embeddings hardly compress; more only costs time


@dataclass(frozen=True, slots=True)
class Summary:
    """What a file holds."""

    tracks: int
    exported_at: str
    sha256: str


def write(path: Path, items: Iterable[Item]) -> Summary:
    """Write `items`; the file appears under its name only when it is complete."""
    exported_at = now_iso()
    digest, count = hashlib.sha256(), 0
    partial = path.with_name(path.name + ".partial")
    with gzip.open(partial, "wb", compresslevel=_LEVEL) as sink:
        sink.write(_line({"format": FORMAT, "exported_at": exported_at}))
        for item in items:
            line = _line(_encoded(item))
            sink.write(line)
            digest.update(line)
            count += 1
        sink.write(_line({"tracks": count, "sha256": digest.hexdigest()}))
    partial.replace(path)
    return Summary(count, exported_at, digest.hexdigest())


def verify(path: Path) -> Summary:
    """Read the whole file without keeping it.

    Raises:
        DamagedCatalogueFile: says what is wrong.
    """
    digest, count, footer = hashlib.sha256(), 0, None
    try:
        with gzip.open(path, "rb") as source:
            header = json.loads(source.readline() or b"{}")
            if header.get("format") != FORMAT:
                raise DamagedCatalogueFile(f"{path}: its format is {header.get('format')!r}, not {FORMAT}")
            for line in source:
                if footer is not None:
                    raise DamagedCatalogueFile(f"{path}: it goes on after its footer")
                if b'"track_id"' in line:
                    digest.update(line)
                    count += 1
                else:
                    footer = json.loads(line)
    except (EOFError, ValueError, gzip.BadGzipFile) as error:
        raise DamagedCatalogueFile(f"{path}: {error}") from None
    if footer is None:
        raise DamagedCatalogueFile(f"{path}: it was cut off after {count} tracks")
    if footer != {"tracks": count, "sha256": digest.hexdigest()}:
        raise DamagedCatalogueFile(f"{path}: {count} tracks that are not the {footer.get('tracks')} exported")
    return Summary(count, str(header["exported_at"]), digest.hexdigest())


def read(path: Path) -> Iterator[Item]:
    """The items of a file that `verify` has accepted."""
    with gzip.open(path, "rb") as source:
        source.readline()
        for line in source:
            if b'"track_id"' in line:
                yield cast("Item", _decoded(json.loads(line)))


def _line(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode() + b"\n"


def _encoded(value: object) -> object:
    if isinstance(value, dict):
        return {key: _encoded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_encoded(inner) for inner in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _decoded(value: object) -> object:
    if isinstance(value, dict):
        return {
            key: base64.b64decode(inner) if key == "B" and isinstance(inner, str) else _decoded(inner)
            for key, inner in value.items()
        }
    return [_decoded(inner) for inner in value] if isinstance(value, list) else value
