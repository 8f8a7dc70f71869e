"""What an SQS message announces: S3 notifications, as S3 writes them."""

import json
from dataclasses import dataclass
from urllib.parse import unquote_plus

from earshot.errors import InvalidInput, InvalidTrackId
from earshot.ids import QueryId, TrackId, track_id_of_preview_key
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
