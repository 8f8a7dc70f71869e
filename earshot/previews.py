"""The previews bucket: audio on its way to the extractor. Nothing else ever holds audio.

Each object carries its track's description, so that an embedding can be stored even where the table was lost.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from botocore.exceptions import ClientError
from pydantic import TypeAdapter, ValidationError

from earshot.errors import AudioRejected, InvalidTrackId
from earshot.track import TrackInfo
from earshot.track_id import preview_key, source_of, track_id_of_preview_key
from earshot.tracks_table import now_iso

MAX_PREVIEW_BYTES = 10 * 1024 * 1024
_MAX_METADATA_BYTES = 1800  # S3 allows 2 KB in all
_MAX_TEXT = 120
_STORED_INFO = TypeAdapter(TrackInfo)


@dataclass(frozen=True, slots=True)
class Preview:
    """An object in the bucket. `fetched_at` (ISO 8601, UTC) orders previews of the same track."""

    info: TrackInfo
    audio: bytes
    fetched_at: str
    provider: str | None
    etag: str


class PreviewsBucket:
    """Puts, reads and removes previews.

    Args:
        client: a boto3 S3 client.
        name: the bucket's name.
    """

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def put(self, info: TrackInfo, audio: bytes, *, provider: str, fetched_at: str | None = None) -> None:
        """Store `audio` as the preview of the track, replacing an earlier one."""
        self._client.put_object(
            Bucket=self._name,
            Key=preview_key(info.track_id),
            Body=audio,
            ContentType="application/octet-stream",
            Metadata={"track": _describe(info), "fetched-at": fetched_at or now_iso(), "provider": provider},
        )

    def get(self, track_id: str, *, max_bytes: int = MAX_PREVIEW_BYTES) -> Preview | None:
        """The preview, or None when it is not (or no longer) there.

        Raises:
            AudioRejected: reason `too_large`, before reading a body over `max_bytes`.
        """
        try:
            answer = self._client.get_object(Bucket=self._name, Key=preview_key(track_id))
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return None
            raise
        with answer["Body"] as body:
            if answer["ContentLength"] > max_bytes:
                raise AudioRejected(
                    f"the preview has {answer['ContentLength']} bytes, the limit is {max_bytes}", reason="too_large"
                )
            audio: bytes = body.read()
        metadata = answer["Metadata"]
        return Preview(
            info=_info(track_id, metadata.get("track", "")),
            audio=audio,
            fetched_at=metadata.get("fetched-at") or answer["LastModified"].strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            provider=metadata.get("provider"),
            etag=answer["ETag"],
        )

    def exists(self, track_id: str) -> bool:
        """Whether a preview waits there."""
        try:
            self._client.head_object(Bucket=self._name, Key=preview_key(track_id))
        except ClientError as error:
            if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NotFound"):
                return False
            raise
        return True

    def delete(self, track_id: str, *, etag: str | None = None) -> None:
        """Remove the preview, if it is there; with `etag`, only that one: a newer preview has an event of its own."""
        condition = {"IfMatch": etag} if etag else {}
        try:
            self._client.delete_object(Bucket=self._name, Key=preview_key(track_id), **condition)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("PreconditionFailed", "NoSuchKey", "404", "412"):
                raise

    def track_ids(self) -> Iterator[str]:
        """Tracks whose preview waits for the extractor. Foreign objects are passed over."""
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix="previews/"):
            for entry in page.get("Contents", ()):
                try:
                    yield track_id_of_preview_key(entry["Key"])
                except InvalidTrackId:
                    continue


def _describe(info: TrackInfo) -> str:
    """ASCII JSON of what is known, shortened until it fits into S3 user metadata."""
    shortened = replace(
        info,
        title=info.title[:_MAX_TEXT],
        album=info.album[:_MAX_TEXT],
        artists=tuple(artist[:_MAX_TEXT] for artist in info.artists[:4]),
    )
    known = {name: value for name, value in asdict(shortened).items() if value}
    for expendable in ("preview_url", "artwork_url", "url", "album", "artists", "title"):
        text = json.dumps(known, separators=(",", ":"))
        if len(text) <= _MAX_METADATA_BYTES:
            break
        known.pop(expendable, None)
    return json.dumps(known, separators=(",", ":"))


def _info(track_id: str, text: str) -> TrackInfo:
    """The description in an object's metadata; of an object put by somebody else, just its id."""
    source = source_of(track_id)
    try:
        described = _STORED_INFO.validate_json(text)
    except ValidationError:
        return TrackInfo(track_id, source=source)
    return replace(described, track_id=track_id, source=described.source or source)
