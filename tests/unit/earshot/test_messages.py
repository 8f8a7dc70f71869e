import pytest

from earshot.errors import InvalidInput
from earshot.ids import CrawlId, TrackId
from earshot.messages import CrawlPlaylist, FetchPreview
from earshot.reasons import Reason


def test_messages_round_trip_and_older_readers_ignore_new_fields() -> None:
    message = CrawlPlaylist(CrawlId("c1"), "/music", cursor="page 2")
    assert CrawlPlaylist.from_json(message.to_json()) == message
    assert FetchPreview.from_json('{"track_id": "deezer:1", "colour": "red"}') == FetchPreview(TrackId("deezer:1"))


def test_outcomes_are_reasons_again_also_those_that_a_newer_function_gave() -> None:
    message = FetchPreview(TrackId("deezer:1"), outcomes={"own": Reason.MISS})
    (outcome,) = (FetchPreview.from_json(message.to_json()).outcomes or {}).values()
    assert outcome is Reason.MISS
    newer = FetchPreview.from_json('{"track_id": "deezer:1", "outcomes": {"own": "of_another_day"}}')
    assert newer.outcomes == {"own": "of_another_day"}


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", '"x"', "{", '{"track_id": ["deezer:1"]}'])
def test_anything_else_is_refused_with_what_it_was(text: str) -> None:
    with pytest.raises(InvalidInput, match="not a FetchPreview"):
        FetchPreview.from_json(text)
