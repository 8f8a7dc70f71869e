"""The previews bucket: audio on its way to the extractor. Nothing else ever holds audio.

Each object carries its track's description, so that an embedding can be stored even where the table was lost.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from pydantic import TypeAdapter, ValidationError

from earshot.clock import Timestamp, iso, now_iso
from earshot.errors import AudioRejected, InvalidTrackId
from earshot.ids import TrackId, preview_key, source_of, track_id_of_preview_key
from earshot.reasons import Reason
from earshot.stores.s3 import ABSENT, REPLACED, code_of, get_object
from earshot.track import Row, TrackInfo

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

MAX_PREVIEW_BYTES = 10 * 1024 * 1024
_MAX_METADATA_BYTES = 1800  # S3 allows 2 KB in all
_MAX_TEXT = 120
_MAX_ARTISTS = 4
_MAX_GENRES = 6
_BY_WORTH = (
    "track_id", "source", "isrc", "mbid", "duration_ms", "year", "track_number", "disc_number", "title", "artists",
    "album", "album_artist", "genres", "url",
)  # fmt: skip
"""What goes into the metadata first; there may be no room for the rest."""
_STORED_INFO = TypeAdapter(TrackInfo)


@dataclass(frozen=True, slots=True)
class Preview:
    """An object in the bucket. `fetched_at` orders previews of the same track."""

    info: TrackInfo
    audio: bytes
    fetched_at: Timestamp
    provider: str | None
    etag: str


class PreviewsBucket:
    """Puts, reads and removes previews.

    Args:
        client: a boto3 S3 client.
        name: the bucket's name.
    """

    def __init__(self, client: "S3Client", name: str) -> None:
        self._client = client
        self._name = name

    def put(self, info: TrackInfo, audio: bytes, *, provider: str, fetched_at: Timestamp | None = None) -> None:
        """Store `audio` as the preview of the track, replacing an earlier one."""
        self._client.put_object(
            Bucket=self._name,
            Key=preview_key(info.track_id),
            Body=audio,
            ContentType="application/octet-stream",
            Metadata={"track": _describe(info), "fetched-at": fetched_at or now_iso(), "provider": provider},
        )

    def get(self, track_id: TrackId, *, max_bytes: int = MAX_PREVIEW_BYTES) -> Preview | None:
        """The preview, or None when it is not (or no longer) there.

        Raises:
            AudioRejected: reason `too_large`, before reading a body over `max_bytes`.
        """
        answer = get_object(self._client, self._name, preview_key(track_id))
        if answer is None:
            return None
        with answer["Body"] as body:
            if answer["ContentLength"] > max_bytes:
                raise AudioRejected(
                    f"the preview has {answer['ContentLength']} bytes, the limit is {max_bytes}",
                    reason=Reason.TOO_LARGE,
                )
            audio = body.read()
        metadata = answer["Metadata"]
        return Preview(
            info=_info(track_id, metadata.get("track", "")),
            audio=audio,
            fetched_at=Timestamp(metadata.get("fetched-at") or iso(answer["LastModified"])),
            provider=metadata.get("provider"),
            etag=answer["ETag"],
        )

    def exists(self, track_id: TrackId) -> bool:
        """Whether a preview waits there."""
        try:
            self._client.head_object(Bucket=self._name, Key=preview_key(track_id))
        except ClientError as error:
            if code_of(error) in ABSENT:
                return False
            raise
        return True

    def delete(self, track_id: TrackId, *, etag: str | None = None) -> None:
        """Remove the preview, if it is there; with `etag`, only that one: a newer preview has an event of its own."""
        key = preview_key(track_id)
        try:
            if etag:
                self._client.delete_object(Bucket=self._name, Key=key, IfMatch=etag)
            else:
                self._client.delete_object(Bucket=self._name, Key=key)
        except ClientError as error:
            if code_of(error) not in ABSENT | REPLACED:
                raise

    def track_ids(self) -> Iterator[TrackId]:
        """Tracks whose preview waits for the extractor. Foreign objects are passed over."""
        return (track_id for track_id, _ in self.held())

    def held(self) -> Iterator[tuple[TrackId, Timestamp]]:
        """The same, each with the time when its preview was put there."""
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix="previews/"):
            for entry in page.get("Contents", ()):
                try:
                    yield track_id_of_preview_key(entry["Key"]), iso(entry["LastModified"])
                except InvalidTrackId:
                    continue


def _describe(info: TrackInfo) -> str:
    """ASCII JSON of what is known, shortened until it fits into S3 user metadata."""
    shortened = replace(
        info,
        title=info.title[:_MAX_TEXT],
        album=info.album[:_MAX_TEXT],
        artists=tuple(artist[:_MAX_TEXT] for artist in info.artists[:_MAX_ARTISTS]),
        album_artist=info.album_artist[:_MAX_TEXT],
        genres=tuple(genre[:_MAX_TEXT] for genre in info.genres[:_MAX_GENRES]),
    )
    kept: dict[str, object] = {}
    for name, value in sorted(shortened.to_row().items(), key=_by_worth):
        if len(_json({**kept, name: value})) <= _MAX_METADATA_BYTES:
            kept[name] = value
    return _json(kept)


def _json(row: Row) -> str:
    return json.dumps(row, separators=(",", ":"))


def _by_worth(field: tuple[str, object]) -> int:
    name, _ = field
    return _BY_WORTH.index(name) if name in _BY_WORTH else len(_BY_WORTH)


def _info(track_id: TrackId, text: str) -> TrackInfo:
    """The description in an object's metadata; of an object put by somebody else, just its id."""
    source = source_of(track_id)
    try:
        described = _STORED_INFO.validate_json(text)
    except ValidationError:
        return TrackInfo(track_id, source=source)
    return replace(described, track_id=track_id, source=described.source or source)
