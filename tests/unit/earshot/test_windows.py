import pytest

from earshot.ids import TrackId, parse_track_id
from earshot.windows import Window

WHOLE = TrackId("file:2c26b46b68ffc68f")


@pytest.mark.parametrize("window", [Window(0, 1), Window(63_400, 187_000), Window(0), Window(9_999_999_999)])
def test_the_url_of_a_file_says_its_window(window: Window) -> None:
    assert Window.of_url(f"file:///a%23b.flac#{window.fragment}") == window


@pytest.mark.parametrize(
    "url", [None, "", "file:///a.flac", "file:///a.flac#t=1", "file:///a%23t=1.000", "x#t=1.0,2.0"]
)
def test_other_urls_mean_the_whole_file(url: str | None) -> None:
    assert Window.of_url(url) is None


def test_the_id_of_a_part_is_an_id_of_a_file_and_says_which_part_of_which() -> None:
    windows = (Window(0), Window(1), Window(0, 1), Window(1, 2))
    ids = {window.track_id(whole) for window in windows for whole in (WHOLE, TrackId("file:0000000000000000"))}
    assert len(ids) == 8
    assert {parse_track_id(track_id) for track_id in ids} == ids
    assert Window(63_400, 187_000).track_id(WHOLE) == "file:715564a2f306a30b"


def test_what_of_a_window_lies_in_a_file() -> None:
    assert Window(10).within(30) == Window(10, 30)
    assert Window(10, 20).within(30) == Window(10, 20)
    assert Window(10, 40).within(30) == Window(10, 30)
    assert Window(30, 40).within(30) is None
