"""The same recording under several ids (same ISRC) shares one extraction."""

from enum import Enum, auto
from typing import Any

from botocore.exceptions import ClientError

from crawler.matching import MAX_DURATION_DIFFERENCE_MS
from crawler.waiting import LONGEST_WAIT_S, seconds_until
from earshot.track import Status, Track, TrackInfo
from earshot.tracks_table import TracksTable


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

    def __init__(self, client: Any, table: str, tracks: TracksTable, model: str) -> None:
        self._client = client
        self._table = table
        self._tracks = tracks
        self._model = model

    def share(self, info: TrackInfo) -> Sharing:
        """Give the track the embedding of its recording, if another id has it already."""
        isrc = None if info.source == "file" else info.isrc
        if not isrc or (first_id := self._first(isrc, info.track_id)) == info.track_id:
            return Sharing.ALONE
        first = self._tracks.get(first_id)
        if first is None or first.status in (Status.NO_PREVIEW, Status.FAILED):
            return Sharing.ALONE if self._replace(isrc, first_id, info.track_id) else Sharing.LATER
        if not _is_same_length(first.info, info):
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
        )

    def _first(self, isrc: str, track_id: str) -> str:
        """The first track of this ISRC; `track_id` becomes it when there is none."""
        if self._put(isrc, track_id, ConditionExpression="attribute_not_exists(crawl_id)"):
            return track_id
        item = self._client.get_item(TableName=self._table, Key=_key(isrc), ConsistentRead=True)["Item"]
        return str(item["track_id"]["S"])

    def _replace(self, isrc: str, old: str, new: str) -> bool:
        """Make `new` the first track of this ISRC. False when somebody else has taken the place of `old` already."""
        values = {":old": {"S": old}}
        return self._put(isrc, new, ConditionExpression="track_id = :old", ExpressionAttributeValues=values)

    def _put(self, isrc: str, track_id: str, **condition: Any) -> bool:
        item = {**_key(isrc), "track_id": {"S": track_id}}
        try:
            self._client.put_item(TableName=self._table, Item=item, **condition)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True


def _key(isrc: str) -> dict[str, dict[str, str]]:
    return {"crawl_id": {"S": f"isrc#{isrc}"}, "entry": {"S": "track"}}


def _is_throttled(track: Track) -> bool:
    """Whether a provider makes it wait. No wait is longer than a day: an older note is of a message that was lost."""
    noted = track.updated_at if track.reason == "throttled" else None
    return noted is not None and seconds_until(noted) > -LONGEST_WAIT_S


def _is_same_length(one: TrackInfo, other: TrackInfo) -> bool:
    if one.duration_ms is None or other.duration_ms is None:
        return True
    return abs(one.duration_ms - other.duration_ms) < MAX_DURATION_DIFFERENCE_MS
