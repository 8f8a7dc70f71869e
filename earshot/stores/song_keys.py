"""By what names recordings are found in the catalogue: codes, MusicBrainz's ids, artists with titles.

Kept in the crawls table: one small item per key and track, under ``song#<digest of the key>`` and the track's id. A row
of a list is found by a query or three, however large the catalogue is. Items of tracks that have gone or were renamed
stay; whoever reads them looks at the tracks.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from earshot.ids import TrackId
from earshot.stores.dynamodb import Row, Table
from earshot.titles import song_keys
from earshot.track import TrackInfo

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_MOST = 50
"""Tracks that are looked at for a key."""


class SongKeys:
    """Notes and finds tracks by what names their recording.

    Args:
        client: a boto3 DynamoDB *client*.
        name: the crawls table's name.
    """

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self._table = Table(client, name)

    def note(self, infos: Iterable[TrackInfo], *, unless_known: Sequence[TrackInfo] = ()) -> None:
        """Note the tracks; of those that were registered before only what is missing.

        May be repeated, and may die at any line: the surest key of a track goes last, and tells that all are there.
        """
        earlier = {(_partition(keys[0]), info.track_id): info for info in unless_known if (keys := keys_of(info))}
        rows = [{"crawl_id": partition, "entry": track_id} for partition, track_id in earlier]
        noted = {(row["crawl_id"], row["entry"]) for row in self._table.get_many(rows, ("crawl_id", "entry"))}
        missing = [info for key, info in earlier.items() if key not in noted]
        by_track = [(keys_of(info), info.track_id) for info in (*infos, *missing)]
        for of_each in ([(keys[1:], i) for keys, i in by_track], [(keys[:1], i) for keys, i in by_track]):
            unique = {(key, track_id): None for keys, track_id in of_each for key in keys}
            self._table.put_many(_item(key, track_id) for key, track_id in unique)

    def find(self, info: TrackInfo) -> list[TrackId]:
        """Tracks that may be the recording `info`, those by the surest key first."""
        found: dict[TrackId, None] = {}
        for key in keys_of(info):
            for row in self._table.last({"crawl_id": _partition(key)}, _MOST):
                found[TrackId(row["entry"])] = None
        return [track_id for track_id in found if track_id != info.track_id]


def keys_of(info: TrackInfo) -> list[str]:
    """What the recording may be looked for by, the surest first."""
    codes = [f"mbid {info.mbid}"] if info.mbid else []
    codes += [f"isrc {info.isrc}"] if info.isrc else []
    return codes + [f"song {key}" for key in song_keys(info.artists, info.title)]


def _partition(key: str) -> str:
    return f"song#{hashlib.blake2b(key.encode(), digest_size=16).hexdigest()}"


def _item(key: str, track_id: TrackId) -> Row:
    return {"crawl_id": _partition(key), "entry": track_id}
