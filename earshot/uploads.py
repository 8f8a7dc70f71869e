"""What an SQS message announces: S3 notifications, as S3 writes them."""

import json
from dataclasses import dataclass
from urllib.parse import quote_plus, unquote_plus

from earshot.clock import now_iso
from earshot.errors import InvalidInput, InvalidTrackId
from earshot.ids import QueryId, TrackId, preview_key, track_id_of_preview_key
from earshot.stores.sound_queries import query_id_of_key


@dataclass(frozen=True, slots=True)
class Uploads:
    """The tracks whose previews, and the queries by sound whose clips have been uploaded."""

    tracks: tuple[TrackId, ...] = ()
    queries: tuple[QueryId, ...] = ()


def read_uploads(body: str) -> Uploads:
    """What a message announces; nothing, for the `s3:TestEvent` of a new notification.

    Keys of foreign objects are passed over: they are none of the extractor's business.

    Raises:
        InvalidInput: the message is not an S3 notification.
    """
    tracks: list[TrackId] = []
    queries: list[QueryId] = []
    for key in _uploaded_keys(body):
        if query_id := query_id_of_key(key):
            queries.append(query_id)
            continue
        try:
            tracks.append(track_id_of_preview_key(key))
        except InvalidTrackId:
            continue
    return Uploads(tuple(tracks), tuple(queries))


def _uploaded_keys(body: str) -> list[str]:
    try:
        message = json.loads(body)
        if message.get("Event") == "s3:TestEvent":
            return []
        return [
            unquote_plus(record["s3"]["object"]["key"])
            for record in message["Records"]
            if record["eventName"].startswith("ObjectCreated:")
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidInput(f"not an S3 notification ({error!r}): {body[:200]!r}") from None


@dataclass(frozen=True, slots=True)
class PreviewUploaded:
    """The S3 notification about a preview, for one whose own has been lost."""

    bucket: str
    track_id: TrackId
    region: str

    def to_json(self) -> str:
        """The notification as S3 writes it; keys in it are form-encoded."""
        record = {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": self.region,
            "eventTime": now_iso(),
            "eventName": "ObjectCreated:Put",
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": "reconcile",
                "bucket": {"name": self.bucket, "arn": f"arn:aws:s3:::{self.bucket}"},
                "object": {"key": quote_plus(preview_key(self.track_id), safe="/")},
            },
        }
        return json.dumps({"Records": [record]})
