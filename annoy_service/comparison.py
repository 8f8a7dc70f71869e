"""Where table and index differ, found by fingerprints: of the index only ids and fingerprints are read."""

import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from annoy_service.changes import wanted_of_items
from annoy_service.fold import in_portions
from annoy_service.pointers import manifest_at, position
from annoy_service.services import Services
from earshot.ids import TrackId
from earshot.index.directory import Directory
from earshot.index.manifest import Manifest
from earshot.stores.dynamodb import Item

_CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class Differing:
    """Of the tracks `looked_at`, those that an index holds differently, and those whose items cannot be read (with the
    reason)."""

    looked_at: list[TrackId]
    tracks: list[TrackId]
    unreadable: Mapping[TrackId, str]


@dataclass(frozen=True, slots=True)
class Slice:
    """One of `of` parts of all tracks."""

    number: int
    of: int

    def __contains__(self, track_id: TrackId) -> bool:
        return zlib.crc32(track_id.encode()) % self.of == self.number


class Comparison:
    """The table against the newest versions of all recipes that are kept.

    Raises:
        DamagedIndex: a version cannot be read.
    """

    def __init__(self, services: Services) -> None:
        self._network = services.network
        self._kept = [Directory(each.cache, manifest_at(each, position(each))) for each in services.builders]
        self._in_use = [Directory(services.leading.cache, manifest) for manifest in in_use(services)]

    def differing(self, items: Iterable[Item]) -> Iterator[Differing]:
        """What differs, a thousand items of the table at a time."""
        for portion in in_portions(items, _CHUNK):
            wanted = wanted_of_items(portion, self._network)
            prints = {track_id: row.fingerprint if row else None for track_id, row in wanted.rows.items()}
            located = [directory.locate(prints) for directory in self._kept]
            tracks = [
                track_id
                for track_id, fingerprint in prints.items()
                if any((there[track_id].fingerprint if track_id in there else None) != fingerprint for there in located)
            ]
            yield Differing([TrackId(item["track_id"]["S"]) for item in portion], tracks, wanted.unreadable)

    def indexed(self) -> Iterator[TrackId]:
        """Every track of the versions in use; those of several come several times."""
        for directory in self._in_use:
            yield from (TrackId(track_id.decode()) for track_id in directory.ids().tolist())


def in_use(services: Services) -> list[Manifest]:
    """The version that readers use, and those that are kept beside it."""
    store = services.leading.store
    heads = (store.head(), *(position(builder).head for builder in services.builders))
    return [store.manifest(pointer) for pointer in dict.fromkeys(head.pointer for head in heads if head)]
