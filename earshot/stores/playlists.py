"""The playlists that have been crawled, as things of their own: their names, their latest crawls, when the next is due.

Kept in the crawls table, all in the partition ``playlists``, each under its id, which follows from its place
(`CrawlSummary.place`): whatever somebody calls it, it is one. `crawl_playlist` notes them, people change them.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from earshot.clock import Timestamp, after, now_iso
from earshot.crawls import CrawlSummary
from earshot.errors import PlaylistNotFound
from earshot.ids import CrawlId, PlaylistId, TrackId
from earshot.stores.dynamodb import Row, Table

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_PARTITION = "playlists"
_DIGITS = 16


class Again(StrEnum):
    """How often a playlist is crawled again without being asked for."""

    NEVER = "never"
    DAILY = "daily"
    WEEKLY = "weekly"


_PAUSES = {Again.DAILY: timedelta(days=1), Again.WEEKLY: timedelta(days=7)}


@dataclass(frozen=True, slots=True)
class Playlist:
    """A playlist. `playlist`: what a crawl of it is told. `crawl_id`: its latest crawl."""

    playlist_id: PlaylistId
    playlist: str
    crawl_id: CrawlId
    title: str = ""
    """What its source calls it; empty: it does not say."""
    name: str = ""
    """What a person calls it; empty: nobody has named it."""
    first: tuple[TrackId, ...] = ()
    """Its first tracks, of which the covers are shown."""
    again: Again = Again.NEVER
    due: Timestamp | None = None
    """When the next crawl is due, if any is."""


def playlist_id_of(place: str) -> PlaylistId:
    """The id of the playlist at a place: the first 16 hex digits of its SHA-256."""
    return PlaylistId(hashlib.sha256(place.encode("utf-8", "replace")).hexdigest()[:_DIGITS])


class Playlists:
    """Reads and writes playlists. Every write may be repeated.

    Args:
        client: a boto3 DynamoDB *client*.
        name: the crawls table's name.
    """

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self._table = Table(client, name)

    def note_crawl(self, summary: CrawlSummary, title: str) -> None:
        """Note that this crawl reads its playlist, unless a younger one does. `title`: what the source calls it, or
        empty, which changes nothing."""
        self._table.update(
            _key(playlist_id_of(summary.place)),
            set_={"crawl": summary.crawl_id, "playlist": summary.playlist, "started": summary.started}
            | ({"title": title} if title else {}),
            condition="attribute_not_exists(#started) OR #started <= :started",
        )

    def note_first(self, playlist_id: PlaylistId, track_ids: Sequence[TrackId]) -> None:
        """Note the first tracks of the playlist, if it is still there."""
        self._change(playlist_id, {"first": [*track_ids]})

    def get(self, playlist_id: str) -> Playlist:
        """The playlist.

        Raises:
            PlaylistNotFound: nobody has crawled it, or it is forgotten.
        """
        row = self._table.get(_key(PlaylistId(playlist_id)))
        if row is None:
            raise _unknown(playlist_id)
        return _playlist(row)

    def some(self, follows: str | None, count: int) -> list[Playlist]:
        """`count` playlists in the order of their ids, those after this one (None: from the first one on)."""
        first = f"{follows}0" if follows else "0"  # what follows all that begins like it
        return [_playlist(row) for row in self._table.some(_key(PlaylistId(first)), count)]

    def rename(self, playlist_id: str, name: str) -> None:
        """Call it so; with an empty name as its source does.

        Raises:
            PlaylistNotFound
        """
        if not self._change(PlaylistId(playlist_id), {"name": name}):
            raise _unknown(playlist_id)

    def schedule(self, playlist_id: str, again: Again) -> None:
        """Have it crawled again so often from now on; how it was scheduled before does not matter.

        Raises:
            PlaylistNotFound
        """
        due = {"due": after(_PAUSES[again])} if again in _PAUSES else {}
        if not self._change(PlaylistId(playlist_id), {"again": again.value, **due}, remove=() if due else ("due",)):
            raise _unknown(playlist_id)

    def due(self) -> Iterator[Playlist]:
        """Those of which a crawl is due. It costs what there are."""
        moment = now_iso()
        for row in self._table.query({"crawl_id": _PARTITION}):
            if "due" in row and row["due"] <= moment:
                yield _playlist(row)

    def put_off(self, playlist: Playlist) -> None:
        """Note that the crawl that is due has been asked for, unless the schedule has changed meanwhile."""
        self._table.update(
            _key(playlist.playlist_id),
            set_={"due": after(_PAUSES[playlist.again])},
            condition="#due = :before",
            values={":before": playlist.due},
        )

    def forget(self, playlist_id: PlaylistId, until: Timestamp) -> None:
        """Let it be none any more, unless a crawl reads it that began after `until`."""
        self._table.delete(_key(playlist_id), "attribute_not_exists(started) OR started <= :until", {":until": until})

    def _change(self, playlist_id: PlaylistId, said: Row, remove: Sequence[str] = ()) -> bool:
        written = self._table.update(_key(playlist_id), set_=said, remove=remove, condition="attribute_exists(started)")
        return written is not None


def _unknown(playlist_id: str) -> PlaylistNotFound:
    return PlaylistNotFound(f"no playlist {playlist_id[:80]!r}", hint="`GET /playlists` lists them.")


def _key(playlist_id: PlaylistId) -> Row:
    return {"crawl_id": _PARTITION, "entry": playlist_id}


def _playlist(row: Row) -> Playlist:
    return Playlist(
        playlist_id=row["entry"],
        playlist=row["playlist"],
        crawl_id=row["crawl"],
        title=row.get("title", ""),
        name=row.get("name", ""),
        first=tuple(row.get("first", ())),
        again=Again(row.get("again", Again.NEVER)),
        due=row.get("due"),
    )
