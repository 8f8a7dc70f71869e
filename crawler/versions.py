"""The same recording under several ids (same ISRC) shares one extraction."""

from enum import Enum, auto
from typing import TYPE_CHECKING

from earshot.clock import LONGEST_WAIT_S, seconds_until
from earshot.ids import TrackId
from earshot.reasons import Reason
from earshot.recordings import is_same_recording
from earshot.sources import SOURCES
from earshot.stores.dynamodb import Table
from earshot.stores.tracks_table import TracksTable
from earshot.track import Status, Track, TrackInfo

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class Sharing(Enum):
    """What to do for a track whose recording may be known under another id."""

    ALONE = auto()
    """Find its own preview."""
    SHARED = auto()
    """Done: it has the other's embedding."""
    LATER = auto()
    """The other is on its way."""
    THROTTLED = auto()
    """The other waits for a provider, perhaps for hours."""


class Versions:
    """Keeps, per ISRC, the track that was fetched for it. Kept in the crawls table.

    The first one asked for, until it turns out to have no preview or is deleted: then the next one takes its place.

    Files take no part: their ISRC tags are as often wrong as right, and their audio costs nothing to get.

    Args:
        client: a boto3 DynamoDB client.
        table: the crawls table's name.
        tracks: the tracks table.
        model: the network in use.
    """

    def __init__(self, client: "DynamoDBClient", table: str, tracks: TracksTable, model: str) -> None:
        self._table = Table(client, table)
        self._tracks = tracks
        self._model = model

    def share(self, info: TrackInfo) -> Sharing:
        """Give the track the embedding of its recording, if another id has it already."""
        isrc = info.isrc if SOURCES[info.source].is_trusted else None
        if not isrc or (first_id := self._first(isrc, info.track_id)) == info.track_id:
            return Sharing.ALONE
        first = self._tracks.get(first_id)
        if first is None or first.status in (Status.NO_PREVIEW, Status.FAILED):
            return Sharing.ALONE if self._replace(isrc, first_id, info.track_id) else Sharing.LATER
        if not is_same_recording(first.info, info):
            return Sharing.ALONE
        if first.status is Status.PENDING:
            return Sharing.THROTTLED if _is_throttled(first) else Sharing.LATER
        if first.model != self._model:
            return Sharing.ALONE
        return Sharing.SHARED if self._copy(first, info) else Sharing.ALONE

    def _copy(self, first: Track, info: TrackInfo) -> bool:
        if first.embedding is None or first.drift is None or first.preview_at is None:
            raise ValueError(f"{first.track_id} is ready without an embedding")
        return self._tracks.store_embedding(
            info,
            embedding=first.embedding,
            drift=first.drift,
            tags=first.tags,
            model=self._model,
            preview_at=first.preview_at,
            provider=first.provider,
            version_of=first.version_of or first.track_id,
            descriptors=first.descriptors,
        )

    def _first(self, isrc: str, track_id: TrackId) -> TrackId:
        """The first track of this ISRC; `track_id` becomes it when there is none."""
        if self._table.put({**_key(isrc), "track_id": track_id}, "attribute_not_exists(crawl_id)"):
            return track_id
        known = self._table.get(_key(isrc))
        return TrackId(known["track_id"]) if known else track_id

    def _replace(self, isrc: str, old: TrackId, new: TrackId) -> bool:
        """Make `new` the first track of this ISRC. False when somebody else has taken the place of `old` already."""
        return self._table.put({**_key(isrc), "track_id": new}, "track_id = :old", {":old": old})


def _key(isrc: str) -> dict[str, object]:
    return {"crawl_id": f"isrc#{isrc}", "entry": "track"}


def _is_throttled(track: Track) -> bool:
    """Whether a provider makes it wait. No wait is longer than a day: an older note is of a message that was lost."""
    noted = track.updated_at if track.reason is Reason.THROTTLED else None
    return noted is not None and seconds_until(noted) > -LONGEST_WAIT_S
