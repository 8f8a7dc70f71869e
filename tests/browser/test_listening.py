"""What the page makes of plays: the slider, For you, and telling what it plays itself."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from api.bootstrap import services
from api.http.keys import digest_of
from earshot.colistening.manifest import POINTER_KEY
from earshot.ids import TrackId
from earshot.plays import listener_of
from earshot.stores.listeners_table import Opinion
from tests.browser.conftest import OpenPage, both_widths
from tests.browser.site import Site
from tests.colistening import published, rows_of

_PICTURE = "canvas => new Promise((done) => requestAnimationFrame(() => done(canvas.toDataURL())))"
"""What a canvas shows once the next frame is drawn."""


@pytest.fixture
def learned(site: Site, tmp_path: Path) -> Iterator[None]:
    """Two tracks of different styles are played together; afterwards as if that had never been learned."""
    published(site.world.s3, rows_of({"deezer:1000": {"deezer:1200": (1.0, 12)}}), tmp_path)
    services().colistening.look_again()
    yield
    site.world.s3.delete_object(Bucket="index", Key=POINTER_KEY)
    services.cache_clear()


@pytest.mark.usefixtures("learned")
def test_the_slider_leads_from_what_sounds_alike_to_what_is_played_together(open_page: OpenPage) -> None:
    page = open_page("#/?like=deezer:1000")
    slider = page.get_by_label("From what sounds alike to what is played together")
    first = page.locator(".pages .tracks > .track").first
    expect(first).not_to_have_attribute("data-track", "deezer:1200")
    slider.fill("0.9")
    expect(page).to_have_url(re.compile("listening=0.9"))
    expect(page.locator(".pages .tracks > .track").first).to_have_attribute("data-track", "deezer:1200")
    expect(page.locator(".why").first).to_contain_text("by 12 listeners")


def test_without_anything_learned_there_is_no_slider(open_page: OpenPage) -> None:
    page = open_page("#/?like=deezer:1000")
    expect(page.get_by_label("Variety")).to_be_visible()
    expect(page.get_by_label("From what sounds alike to what is played together")).to_have_count(0)


def test_for_you_shows_why_hears_what_is_loved_and_banned_and_forgets_everything(
    open_page: OpenPage, site: Site
) -> None:
    page = open_page("#/you")
    expect(page.get_by_role("heading", name="Something of everything")).to_be_visible()
    loved = page.locator(".track").first.get_attribute("data-track")
    page.locator(".track").first.get_by_role("button", name="Love").click()
    expect(page.locator(".track").first.get_by_role("button", name="Love")).to_have_attribute("aria-pressed", "true")
    banned = page.locator(".track").nth(1).get_attribute("data-track")
    page.locator(".track").nth(1).get_by_role("button", name="Never again").click()
    expect(page.locator(f".track[data-track='{banned}']")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("heading", name="You may like")).to_be_visible()
    expect(page.locator(f"a[href*='{quote(loved or '', safe='')}'][title*='map']")).to_be_visible()
    expect(page.locator(f".track[data-track='{banned}']")).to_have_count(0)
    page.get_by_text("What you played").click()
    expect(page.get_by_text("No plays so far.")).to_be_visible()
    page.get_by_role("button", name="Delete everything of me").click()
    page.get_by_role("button", name="Keep it").click()
    page.get_by_role("button", name="Delete everything of me").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("heading", name="Something of everything")).to_be_visible()


def test_what_is_played_on_the_page_is_told_as_a_play_or_a_skip(open_page: OpenPage, site: Site) -> None:
    page = open_page(f"#/?like={site.own_track}")
    page.get_by_role("button", name="Play Café del Próprio").first.click()
    with page.expect_request(lambda sent: sent.url.endswith("/listens") and sent.method == "POST") as told:
        expect(page.locator(".clock")).to_contain_text("0:02 /")
        page.get_by_role("button", name="Close the player").click()
    (play,) = json.loads(told.value.post_data or "")["listens"]
    assert (play["track_id"], play["skipped"]) == (site.own_track, False)
    assert 1_500 < play["played_ms"] < 3_200


@pytest.fixture
def liking(site: Site) -> Iterator[None]:
    """The house loves three tracks of jazz and two of metal; afterwards nothing is known of it."""
    house = listener_of(digest_of(""))
    for number in (1105, 1106, 1107, 1180, 1181):
        services().listeners.say(house, TrackId(f"deezer:{number}"), Opinion.LOVED)
    yield
    services().listeners.forget(house)


@pytest.mark.usefixtures("liking")
@both_widths
def test_what_one_likes_is_shaded_on_the_map_and_said_in_words(open_page: OpenPage, width: str) -> None:
    page = open_page("#/you", width=width)
    regions = page.get_by_role("list", name="Regions of the map").get_by_role("listitem")
    expect(regions.first).to_contain_text(re.compile(r"^\d+ % jazz: around "))
    expect(page.get_by_role("list", name="Regions of the map")).to_contain_text("metal")
    page.get_by_role("link", name="See it on the map").click()
    toggle = page.get_by_role("button", name="What you like")
    expect(toggle).to_have_attribute("aria-pressed", "true")
    told = page.get_by_role("list", name="What Earshot thinks you like")
    expect(told.get_by_role("listitem").first).to_contain_text("jazz")
    shaded = page.locator("canvas").evaluate(_PICTURE)
    toggle.focus()
    page.keyboard.press("Enter")
    expect(toggle).to_have_attribute("aria-pressed", "false")
    expect(told.get_by_role("listitem")).to_have_count(0)
    assert page.locator("canvas").evaluate(_PICTURE) != shaded
    toggle.click()
    expect(told.get_by_role("listitem").first).to_contain_text("jazz")
    assert page.locator("canvas").evaluate(_PICTURE) == shaded


def test_of_whom_nothing_is_known_the_map_says_so(open_page: OpenPage) -> None:
    page = open_page("#/map")
    page.get_by_role("button", name="What you like").click()
    expect(page.locator("#toast")).to_contain_text("Nothing is known of you yet")
