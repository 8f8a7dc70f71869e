"""docs/architecture.md shows the house as the code is."""

from scripts.drawing import PAGE, drawn, rooms


def test_the_page_shows_the_house_as_it_is() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == drawn(page), "run: make drawing"


def test_every_room_says_what_it_is_for() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for room in rooms():
        assert f"| `{room.replace('.', '/')}/` | |" not in page
