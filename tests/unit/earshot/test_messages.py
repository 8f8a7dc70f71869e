import pytest

from earshot.errors import InvalidInput
from earshot.messages import CrawlPlaylist, FetchPreview


def test_messages_round_trip_and_older_readers_ignore_new_fields() -> None:
    message = CrawlPlaylist("c1", "/music", cursor="page 2")
    assert CrawlPlaylist.from_json(message.to_json()) == message
    assert FetchPreview.from_json('{"track_id": "deezer:1", "colour": "red"}') == FetchPreview("deezer:1")


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", '"x"', "{"])
def test_anything_else_is_refused_with_what_it_was(text: str) -> None:
    with pytest.raises(InvalidInput, match="not a FetchPreview"):
        FetchPreview.from_json(text)
