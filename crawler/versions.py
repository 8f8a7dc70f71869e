"""The same recording under several ids (same ISRC) shares one extraction."""

from enum import Enum, auto
from typing import Any

from botocore.exceptions import ClientError

from crawler.matching import MAX_DURATION_DIFFERENCE_MS
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


class Versions:
    """Keeps, per ISRC, the first track that was fetched for it. Kept in the crawls table.

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
        if info.source == "file" or not info.isrc:
            return Sharing.ALONE
        first_id = self._first(info.isrc, info.track_id)
        first = self._tracks.get(first_id) if first_id != info.track_id else None
        if first is None or not _is_same_length(first.info, info):
            return Sharing.ALONE
        if first.status is Status.PENDING:
            return Sharing.LATER
        if first.status is not Status.READY or first.model != self._model:
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
        key = {"crawl_id": {"S": f"isrc#{isrc}"}, "entry": {"S": "track"}}
        try:
            self._client.put_item(
                TableName=self._table,
                Item={**key, "track_id": {"S": track_id}},
                ConditionExpression="attribute_not_exists(crawl_id)",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)["Item"]
            return str(item["track_id"]["S"])
        return track_id


def _is_same_length(one: TrackInfo, other: TrackInfo) -> bool:
    if one.duration_ms is None or other.duration_ms is None:
        return True
    return abs(one.duration_ms - other.duration_ms) < MAX_DURATION_DIFFERENCE_MS
