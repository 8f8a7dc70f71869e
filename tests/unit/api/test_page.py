"""What the page is served with, and what people see where nothing is."""

import pytest

from tests.unit.api.world import World

_BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize("path", ["/nonsense", "/map/nonsense", "/index.php"])
def test_a_browser_is_shown_a_page_where_nothing_is_and_a_program_is_told_so(world: World, path: str) -> None:
    seen = world.request("GET", path, headers=_BROWSER)
    assert (seen.status_code, seen.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert 'href="/"' in seen.text
    assert "script-src 'self'" in seen.headers["content-security-policy"]
    assert "Accept" in seen.headers["vary"]
    told = world.get(path)
    assert (told.status_code, told.json()["error"]["code"]) == (404, "route_not_found")


def test_what_is_there_is_answered_the_same_to_browsers(world: World) -> None:
    assert world.request("GET", "/tracks/deezer:77", headers=_BROWSER).json()["error"]["code"] == "track_not_found"
    assert world.request("DELETE", "/map", headers=_BROWSER).status_code == 405


def test_the_cloud_has_no_folders_to_choose_from(world: World) -> None:
    assert world.get("/folders").json()["error"]["code"] == "route_not_found"
