"""The previews an SQS message names: S3 notifications, as S3 writes them."""

import json
from urllib.parse import unquote_plus

from earshot.errors import InvalidInput, InvalidTrackId
from earshot.sound_queries import query_id_of_key
from earshot.track_id import track_id_of_preview_key


def uploaded_tracks(body: str) -> list[str]:
    """Track ids of the previews that a message announces; none for the `s3:TestEvent` of a new notification.

    Keys of foreign objects are passed over: they are none of the extractor's business.

    Raises:
        InvalidInput: the message is not an S3 notification.
    """
    track_ids = []
    for key in _uploaded_keys(body):
        try:
            track_ids.append(track_id_of_preview_key(key))
        except InvalidTrackId:
            continue
    return track_ids


def uploaded_queries(body: str) -> list[str]:
    """Ids of the queries by sound whose clips a message announces.

    Raises:
        InvalidInput: the message is not an S3 notification.
    """
    return [query_id for key in _uploaded_keys(body) if (query_id := query_id_of_key(key))]


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
