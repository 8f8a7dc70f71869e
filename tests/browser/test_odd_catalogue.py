"""The page when names are hostile or long, tracks live elsewhere, nothing was crawled, or the server is in trouble."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Route, expect

from api.bootstrap import services
from tests.browser.conftest import OpenPage
from tests.browser.site import Site
from tests.unit.api.world import direction, track

_NAMES = (
    "<img src=x onerror=alert(1)>",
    "'\"><svg onload=alert(1)>",
    "Donaudampfschifffahrtsgesellschaft" * 6,
    "A title that goes on and on " * 9,
    "\u202eمرحبا",
    "周杰倫" * 30,
    "",
)
_URLS = ("javascript:alert(1)", "https://open.spotify.com/track/x", "file:///etc/passwd", None)
_ELSEWHERE = f"{1:022d}"


@pytest.fixture(scope="module")
def odd_site(site: Site) -> Site:
    """A catalogue of Spotify's tracks with names that nobody would choose."""
    tracks = [
        track(
            0,
            track_id=f"{number:022d}",
            source="spotify",
            title=_NAMES[number % len(_NAMES)],
            artists=(_NAMES[(number + 1) % len(_NAMES)],),
            album=_NAMES[(number + 2) % len(_NAMES)],
            url=_URLS[number % len(_URLS)],
            tags={_NAMES[number % 2]: 0.9},
        )
        for number in range(28)
    ]
    site.world.publish(tracks, [direction(a0=1, **{f"a{number + 1}": 1}) for number in range(28)])
    time.sleep(0.2)
    return site


@pytest.mark.usefixtures("odd_site")
@pytest.mark.parametrize("width", ["desktop", "phone"])
def test_names_are_text_and_fit_the_screen(open_page: OpenPage, width: str) -> None:
    end = f"{2:022d}"
    for address in ("#/", f"#/?like={_ELSEWHERE},{end}", f"#/path?from={_ELSEWHERE}&to={end}", f"#/map?track={end}"):
        page = open_page(address, width=width)
        page.on("dialog", lambda dialog: pytest.fail(f"a name was run as code: {dialog.message}"))
        expect(page.locator(".track").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        assert page.locator("main img, main script").count() == 0
        links = page.locator("main a").evaluate_all("links => links.map((link) => link.protocol)")
        assert set(links) <= {"http:", "https:"}


@pytest.mark.usefixtures("odd_site")
@pytest.mark.parametrize("width", ["desktop", "phone"])
def test_what_cannot_be_heard_here_is_linked(open_page: OpenPage, width: str) -> None:
    page = open_page(f"#/?like={_ELSEWHERE}", width=width)
    link = page.locator(".seed").get_by_role("link", name="at Spotify")
    expect(link).to_be_visible()
    expect(link).to_have_attribute("href", "https://open.spotify.com/track/x")
    expect(page.locator(".pages").get_by_role("link", name="at Spotify").first).to_be_visible()


@pytest.fixture
def empty_site(site: Site) -> Iterator[None]:
    """Nothing has been indexed."""
    pointer = site.world.s3.get_object(Bucket="index", Key="latest.json")["Body"].read()
    site.world.s3.delete_object(Bucket="index", Key="latest.json")
    services.cache_clear()
    yield
    site.world.s3.put_object(Bucket="index", Key="latest.json", Body=pointer)
    services.cache_clear()


@pytest.mark.usefixtures("empty_site")
@pytest.mark.parametrize("address", ["#/", "#/map"])
def test_who_comes_first_is_told_how_to_begin(open_page: OpenPage, address: str) -> None:
    page = open_page(address, refusals=(503,))
    expect(page.locator("main")).to_contain_text("Nothing has been heard yet")
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("link", name="Add a playlist").click()
    expect(page.get_by_role("button", name="Add it")).to_be_visible()


def test_a_gateways_own_refusals_are_said_in_words(open_page: OpenPage) -> None:
    page = open_page("#/playlists", refusals=(429, 502))
    page.route("**/map", lambda route: route.fulfill(status=502, body="<html>Bad Gateway</html>"))
    page.get_by_role("link", name="Map").click()
    expect(page.get_by_role("alert")).to_contain_text("The server answered 502.")
    page.route("**/search*", lambda route: route.fulfill(status=429, body='{"message": "Too Many Requests"}'))
    page.get_by_role("link", name="Explore").click()
    expect(page.get_by_role("alert")).to_contain_text("The server answered 429.")


def test_a_stage_with_keys_asks_for_one(open_page: OpenPage) -> None:
    page = open_page("#/playlists", refusals=(401,))
    problem = '{"error": {"code": "key_required", "message": "this needs a valid API key", "hint": ""}}'
    sent: list[str | None] = []

    def answer(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        sent.append(route.request.headers.get("x-api-key"))
        route.fulfill(status=401, body=problem)

    page.route("**/crawls*", answer)
    page.get_by_label("Playlist", exact=True).fill("deezer:playlist:1")
    page.get_by_role("button", name="Add it").click()
    page.get_by_label("API key").fill("secret")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("button", name="Add it")).to_be_enabled()
    assert sent == [None, "secret"]
