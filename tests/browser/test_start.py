"""The start page: search adds to the mix, shelves lead into the catalogue, and an empty one is filled in place."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from api.bootstrap import services
from api.http.keys import digest_of
from earshot.ids import TrackId
from earshot.plays import Play, listener_of
from tests.browser.conftest import OpenPage, both_widths
from tests.browser.site import Site, tone


def _pick(page: Page, text: str) -> None:
    page.get_by_role("combobox", name="Find a track").fill(text)
    expect(page.get_by_role("listbox").get_by_role("option").first).to_be_visible()
    page.keyboard.press("Enter")


@both_widths
def test_what_is_picked_is_added_to_the_mix_and_filters_stay(open_page: OpenPage, width: str) -> None:
    page = open_page("#/?genre=jazz&variety=0.2", width=width)
    expect(page.locator(".track").first).to_be_visible()
    for number, title in enumerate(("velvet song", "neon hour", "raven road"), 1):
        _pick(page, title)
        expect(page.locator(".seed")).to_have_count(number)
        expect(page.get_by_role("combobox", name="Find a track")).to_be_focused()  # for the next one
        expect(page.get_by_role("combobox", name="Find a track")).to_have_value("")
    expect(page).to_have_url(re.compile(r"variety=0\.2&genre=jazz"))
    expect(page.get_by_role("button", name="Stop filtering: Genre jazz")).to_be_visible()


@both_widths
def test_all_that_a_search_found_can_be_seen(open_page: OpenPage, width: str) -> None:
    page = open_page(width=width)
    page.get_by_role("combobox", name="Find a track").fill("velvet")
    expect(page.get_by_role("option", name="Show all 7")).to_have_count(0)  # all are offered
    page.get_by_role("combobox", name="Find a track").fill("song")
    expect(page.get_by_role("option", name="Show all 35")).to_be_visible()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Named “song”")).to_be_visible()
    expect(page.locator(".count").first).to_have_text("35 tracks")
    page.get_by_role("button", name="Stop searching").click()
    expect(page.get_by_role("region", name="Somewhere to begin")).to_be_visible()


@pytest.fixture
def heard(site: Site) -> Iterator[None]:
    """The house has played a track of jazz, its own one, and skipped another; afterwards it has not."""
    house, now = listener_of(digest_of("")), int(time.time())
    ids = (("deezer:1105", False), (site.own_track, False), ("deezer:1010", True))
    services().listeners.note_plays(
        Play(house, now - 60 * number, title=track_id, track_id=TrackId(track_id), skipped=skipped, accepted_at=now)
        for number, (track_id, skipped) in enumerate(ids)
    )
    yield
    services().listeners.forget(house)


@pytest.mark.usefixtures("heard")
@both_widths
def test_shelves_show_what_was_heard_and_where_to_begin(open_page: OpenPage, width: str) -> None:
    page = open_page(width=width)
    lately = page.get_by_role("region", name="Heard lately")
    expect(lately.locator(".title")).to_have_text(["Velvet Song", "Café del Próprio"])
    cover = lately.get_by_role("img", name="Cover of At Home")
    cover.scroll_into_view_if_needed()
    page.wait_for_function("img => img.complete && img.naturalWidth === 500", arg=cover.element_handle())
    box = cover.bounding_box()
    assert box
    assert box["width"] > 120
    expect(page.get_by_role("region", name="More like what you heard").locator(".title").first).to_be_visible()
    begin = page.get_by_role("region", name="Somewhere to begin")
    bands = {text.rsplit(" ", 2)[1] for text in begin.locator(".who").all_inner_texts() if " " in text}
    assert len(bands) >= 4  # styles, of seven
    begin.get_by_role("button", name="More like").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".seed")).to_have_count(1)


@both_widths
def test_tags_genres_artists_and_chance_lead_into_the_catalogue(open_page: OpenPage, width: str) -> None:
    page = open_page(width=width)
    ways = page.get_by_role("region", name="Ways into the catalogue")
    ways.get_by_role("link", name=re.compile("^The .* Band$")).first.click()
    expect(page.get_by_role("heading", name="Named “The")).to_be_visible()
    page.go_back()
    ways.get_by_role("link", name="jazz", exact=True).last.click()  # chance may show a Jazz Band, too
    expect(page.get_by_role("button", name="Stop filtering: Genre jazz")).to_be_visible()
    page.get_by_role("button", name="Surprise me").click()
    expect(page.locator(".seed")).to_have_count(1)
    expect(page).to_have_url(re.compile("genre=jazz"))


@both_widths
def test_a_clip_is_dropped_or_chosen_at_the_start(open_page: OpenPage, width: str, tmp_path: Path) -> None:
    clip = tmp_path / "hummed.wav"
    clip.write_bytes(tone(1.0))
    page = open_page(width=width)
    expect(page.get_by_role("link", name="Record")).to_be_visible()
    with page.expect_file_chooser() as choosing:
        page.get_by_role("button", name="Choose a clip").click()
    choosing.value.set_files(clip)
    page.wait_for_url("**/#/clip?id=*")
    expect(page.get_by_role("img", name="Your clip, 1 second")).to_be_visible()
    page.go_back()
    expect(page.locator(".shelf").first).to_be_visible()
    page.evaluate(
        """() => { const files = new DataTransfer();
        files.items.add(new File(["x"], "dropped.ogg", {type: "audio/ogg"}));
        for (const kind of ["dragover", "drop"]) document.querySelector(".hero").dispatchEvent(
          new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: files })); }"""
    )
    page.wait_for_url("**/#/clip?id=*")


@pytest.fixture
def pointer(site: Site) -> Iterator[bytes]:
    """Nothing has been indexed; what the index's pointer said before."""
    said = site.world.s3.get_object(Bucket="index", Key="latest.json")["Body"].read()
    site.world.s3.delete_object(Bucket="index", Key="latest.json")
    services.cache_clear()
    yield said
    site.world.s3.put_object(Bucket="index", Key="latest.json", Body=said)
    services.cache_clear()


@both_widths
def test_an_empty_catalogue_is_filled_in_place_by_the_keyboard(
    open_page: OpenPage, site: Site, pointer: bytes, width: str, tmp_path: Path
) -> None:
    (tmp_path / "My Music" / "Jazz & so on").mkdir(parents=True)
    page = open_page(width=width, refusals=(503,))
    fold = page.get_by_text("A folder on this machine")
    fold.focus()
    page.route("**/folders?", lambda route: route.continue_(url=f"{site.url}/folders?in={tmp_path}"))
    page.keyboard.press("Enter")
    for name in ("My Music", "Jazz & so on"):
        page.get_by_role("button", name=name, exact=True).focus()
        page.keyboard.press("Enter")
        expect(page.locator(".crumbs")).to_contain_text(name)
        expect(page.get_by_role("button", name="The folder above")).to_be_focused()
    with page.expect_request(lambda sent: sent.method == "POST" and sent.url.endswith("/crawls")) as sent:
        page.get_by_role("button", name="Listen to this folder").click()
    assert sent.value.post_data_json == {"playlist": str(tmp_path / "My Music" / "Jazz & so on")}
    expect(page.locator(".crawl").first).to_contain_text("Jazz & so on")
    site.world.s3.put_object(Bucket="index", Key="latest.json", Body=pointer)  # some of it has been heard
    expect(page.get_by_role("region", name="Somewhere to begin")).to_be_visible()
