import copy
import json
from pathlib import Path
from typing import Any

import pytest

from earshot.errors import InvalidInput
from earshot.ids import TrackId
from earshot.uploads import Uploads, read_uploads

_EVENTS = Path(__file__).parents[2] / "events"
UPLOAD: dict[str, Any] = json.loads((_EVENTS / "s3_preview_uploaded.json").read_text())


def upload_of(*keys: str) -> str:
    records = []
    for key in keys:
        record = copy.deepcopy(UPLOAD["Records"][0])
        record["s3"]["object"]["key"] = key
        records.append(record)
    return json.dumps({"Records": records})


def test_the_key_of_an_event_is_form_encoded_once_more() -> None:
    assert read_uploads(json.dumps(UPLOAD)).tracks == ("file:2c26b46b68ffc68f",)


def test_several_records_in_one_message_all_count() -> None:
    query = "0123456789abcdef0123456789abcdef"
    keys = ("previews/deezer%253A5", f"clips/{query}", "previews/11dFghVXANMlKmJXsNCbNl")
    uploads = read_uploads(upload_of(*keys))
    assert (uploads.tracks, uploads.queries) == (("deezer:5", "11dFghVXANMlKmJXsNCbNl"), (query,))


def test_the_test_event_of_a_new_notification_names_nothing() -> None:
    assert read_uploads((_EVENTS / "s3_test_event.json").read_text()) == Uploads()


def test_foreign_objects_are_passed_over() -> None:
    keys = ("logs/2026", "previews/..%2F..%2Fetc", "clips/x", "previews/deezer%253A5")
    assert read_uploads(upload_of(*keys)) == Uploads(tracks=(TrackId("deezer:5"),))


def test_a_deletion_is_no_upload() -> None:
    event = copy.deepcopy(UPLOAD)
    event["Records"][0]["eventName"] = "ObjectRemoved:Delete"
    assert read_uploads(json.dumps(event)) == Uploads()


@pytest.mark.parametrize("body", ["", "not json", "[]", "{}", '{"Records": [{}]}', '{"Records": 5}', "null"])
def test_what_is_no_notification_is_said_to_be_none(body: str) -> None:
    with pytest.raises(InvalidInput, match="not an S3 notification"):
        read_uploads(body)
