"""What a listener does with the page, at desk and on the phone."""

import math
import re

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenPage, both_widths
from tests.browser.site import Site


def _search(page: Page, text: str, label: str = "Find a track") -> None:
    field = page.get_by_role("combobox", name=label)
    field.fill(text)
    expect(page.get_by_role("listbox").get_by_role("option").first).to_be_visible()


@both_widths
def test_searching_a_track_shows_what_sounds_like_it(open_page: OpenPage, width: str) -> None:
    page = open_page(width=width)
    _search(page, "velvet so")
    page.get_by_role("combobox", name="Find a track").press("Enter")
    expect(page.locator(".seed strong")).to_have_text("Velvet Song")
    rows = page.locator(".pages .tracks > .track")
    expect(rows).to_have_count(12)
    figures = [float(text.removeprefix("closer than ")[:-2]) for text in page.locator(".figure").all_inner_texts()]
    assert figures == sorted(figures, reverse=True)
    assert 90 < figures[-1] <= figures[0] < 100, "of 246 tracks"
    shown = rows.first.locator("meter").evaluate("meter => meter.value")
    assert shown == pytest.approx(-math.log10(1 - figures[0] / 100) / 3, abs=0.05), "two thirds are one in a hundred"
    expect(rows.first.locator(".likeness")).to_have_attribute("title", re.compile(r"Cosine similarity 0\.\d{4}"))
    expect(rows.first.get_by_role("button", name="Only tracks tagged jazz")).to_have_class("tag unusual")
    expect(rows.first.locator(".why")).to_contain_text("both jazz")


def test_the_keyboard_alone_is_enough(open_page: OpenPage) -> None:
    page = open_page()
    expect(page.locator(".track").first).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("cafe del")
    expect(page.get_by_role("option", name="Café del Próprio")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".seed strong")).to_have_text("Café del Próprio")
    expect(page.locator(".track").first).to_be_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement !== document.body")


@both_widths
def test_ones_own_file_plays_from_disk(open_page: OpenPage, site: Site, width: str) -> None:
    page = open_page(f"#/?like={site.own_track}", width=width)
    page.get_by_role("button", name="Play Café del Próprio").first.click()
    expect(page.get_by_role("region", name="Player")).to_contain_text("Café del Próprio")
    expect(page.get_by_role("button", name="Pause Café del Próprio").first).to_be_visible()
    expect(page.locator(".clock")).to_contain_text("0:03") if width == "desktop" else None
    page.get_by_role("button", name="Close the player").click()
    expect(page.get_by_role("region", name="Player")).to_be_hidden()


def test_enter_is_understood_before_the_list_is_there(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_role("combobox", name="Find a track").focus()
    page.keyboard.type("velvet so")
    page.keyboard.press("Enter")
    expect(page.locator(".seed strong")).to_have_text("Velvet Song")


def test_a_late_answer_to_other_words_is_not_offered(open_page: OpenPage) -> None:
    page = open_page()
    late: list[Route] = []
    page.route("**/search*", lambda route: route.continue_() if late else late.append(route))
    page.get_by_role("combobox", name="Find a track").focus()
    with page.expect_request("**/search*"):
        page.keyboard.type("velvet")
    page.keyboard.type(" so")
    late[0].continue_()
    page.keyboard.press("Enter")
    expect(page.locator(".seed strong")).to_have_text("Velvet Song")


def test_a_clip_that_cannot_be_had_is_not_shown_as_playing(open_page: OpenPage) -> None:
    page = open_page("#/?like=deezer:1000", refusals=(404,))
    page.locator(".seed").get_by_role("button", name="Play Glass Song").click()
    expect(page.get_by_role("status")).to_contain_text("cannot be played here")
    expect(page.locator(".seed").get_by_role("button", name="Play Glass Song")).to_be_visible()
    expect(page.get_by_role("region", name="Player").get_by_role("link", name="at Deezer")).to_be_visible()


@both_widths
def test_seeds_are_mixed_with_plus_and_minus(open_page: OpenPage, width: str) -> None:
    page = open_page("#/?like=deezer:1000", width=width)
    page.locator(".pages .tracks > .track").nth(1).get_by_role("button", name="More like").click()
    expect(page.locator(".seed")).to_have_count(2)
    page.locator(".pages .tracks > .track").first.get_by_role("button", name="Less like").click()
    expect(page.locator(".seed")).to_have_count(3)
    expect(page.locator(".seed.less")).to_have_count(1)
    page.locator(".seed .sign").first.click()
    expect(page.locator(".seed.less")).to_have_count(2)
    page.locator(".seed").last.get_by_role("button", name="Leave").click()
    expect(page.locator(".seed")).to_have_count(2)
    page.go_back()
    expect(page.locator(".seed")).to_have_count(3)


def test_tags_artists_and_variety_narrow_the_answer(open_page: OpenPage) -> None:
    page = open_page("#/?like=deezer:1000")
    page.locator(".track .tag").first.click()
    expect(page.locator(".tag.active")).to_have_text("electronic")
    page.get_by_label("Per artist").select_option("1")
    expect(page.locator(".track").first).to_be_visible()
    page.wait_for_url("**artist=1**")
    expect(page.locator(".pages .tracks > .track")).to_have_count(5)
    assert len({artist.split(" ·")[0] for artist in page.locator(".pages .tracks .who").all_inner_texts()}) == 5
    page.get_by_role("button", name="Stop filtering by electronic").click()
    expect(page.locator(".tag.active")).to_have_count(0)


@both_widths
def test_filters_are_set_by_the_keyboard_and_taken_back(open_page: OpenPage, width: str) -> None:
    page = open_page("#/", width=width)
    page.get_by_text("Filters", exact=True).focus()
    page.keyboard.press("Enter")
    genre = page.get_by_label("Genre")
    expect(genre.locator("option")).to_have_count(8)
    genre.select_option("jazz")
    page.get_by_label("Years").fill("1990-1999")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Stop filtering: Genre jazz")).to_be_visible()
    page.wait_for_url("**genre=jazz**year=1990-1999**")
    texts = page.locator(".track .album").all_inner_texts()
    assert texts
    assert all("jazz" in text and "199" in text for text in texts)
    page.get_by_role("button", name="Stop filtering: Years 1990-1999").click()
    expect(page.locator(".tag.active")).to_have_count(1)


@both_widths
def test_tempo_key_and_loudness_are_told_and_filtered_by(open_page: OpenPage, width: str) -> None:
    page = open_page("#/?like=deezer:1105&bpm=100-140&loudness=-14..", width=width)
    expect(page.locator(".pages .words").first).to_be_visible()
    words = page.locator(".pages .words").all_inner_texts()
    for text in words:
        told = re.fullmatch(
            r"([0-9]+)\u00a0BPM · [A-G]#? (?:major|minor) · [0-9]+[AB], [a-z ]+ · −([0-9]+)\u00a0LUFS", text
        )
        assert told, text
        assert 100 <= int(told[1]) <= 140
        assert int(told[2]) <= 14
    expect(page.get_by_role("button", name="Stop filtering: BPM 100-140")).to_be_visible()
    page.get_by_text("Filters", exact=True).click()
    expect(page.get_by_role("textbox", name="BPM")).to_have_value("100-140")
    page.get_by_role("textbox", name="Key").fill("8A±1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Stop filtering: Key 8A±1")).to_be_visible()
    assert all(re.search(r" (?:8A|7A|9A|8B), ", text) for text in page.locator(".pages .words").all_inner_texts())


def test_where_popularity_is_known_it_is_filtered_by_and_weighed(open_page: OpenPage) -> None:
    page = open_page("#/?like=deezer:1105")
    titles = page.locator(".track .title")
    expect(titles).to_have_count(12)
    plain = titles.all_inner_texts()
    page.get_by_role("slider", name="From hidden gems to what is well known").fill("-1")
    expect(page).to_have_url(re.compile("fame=-1"))
    expect(titles.first).not_to_have_text(plain[0])
    page.get_by_text("Filters", exact=True).click()
    page.get_by_role("textbox", name="Popularity").fill("-30")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Stop filtering: Popularity -30")).to_be_visible()


def test_the_fields_of_a_filter_stand_on_one_line(open_page: OpenPage) -> None:
    page = open_page("#/")
    page.get_by_text("Filters", exact=True).click()
    first_row = [page.get_by_label(name).bounding_box() for name in ("Genre", "Years", "Length", "BPM")]
    assert len({(box["y"], box["height"]) for box in first_row if box}) == 1


@both_widths
def test_a_path_goes_through_keys_that_go_together_and_builds_up(open_page: OpenPage, width: str) -> None:
    page = open_page("#/path?from=deezer:1007&to=deezer:1200&steps=6", width=width)
    expect(page.locator(".walk .track")).to_have_count(8)
    for label, choice, address in (
        ("Keys", "that go together", "harmonic=1"),
        ("Energy", "build up", "energy=build_up"),
    ):
        page.get_by_label(label).select_option(choice)
        page.wait_for_url(f"**{address}**")
        expect(page.get_by_label(label)).to_have_value(address.partition("=")[2])
    expect(page.locator(".walk .track")).to_have_count(8)


@both_widths
def test_a_card_shows_the_cover_of_its_own_file_and_nothing_moves_when_it_comes(
    open_page: OpenPage, site: Site, width: str
) -> None:
    page = open_page(f"#/?like={site.own_track}", width=width)
    cover = page.get_by_role("img", name="Cover of At Home")
    expect(cover).to_be_visible()
    asked = cover.evaluate("img => [img.getAttribute('width'), img.getAttribute('height'), img.loading]")
    assert asked == ["48", "48", "lazy"]
    page.wait_for_function("img => img.complete && img.naturalWidth === 96", arg=cover.element_handle())
    tile = page.locator(".tile", has=cover).bounding_box()
    assert tile is not None
    assert (tile["width"], tile["height"]) == (48, 48)
    assert page.locator(".pages .tracks .cover").count() == 0  # no other track has one


def test_more_results_come_on_request(open_page: OpenPage) -> None:
    page = open_page("#/?like=deezer:1000")
    page.get_by_role("button", name="Show more").click()
    expect(page.locator(".pages .tracks > .track")).to_have_count(24)


@both_widths
def test_a_path_is_walked_from_one_track_to_another(open_page: OpenPage, width: str) -> None:
    page = open_page("#/path", width=width)
    _search(page, "neon song", "From")
    page.get_by_role("combobox", name="From").press("Enter")
    expect(page.get_by_role("combobox", name="From")).to_have_value("Neon Song")
    _search(page, "raven road", "To")
    page.get_by_role("combobox", name="To").press("Enter")
    expect(page.locator(".walk .track")).to_have_count(8)
    expect(page.locator(".walk .title").first).to_have_text("Neon Song")
    expect(page.locator(".walk .title").last).to_have_text("Raven Road")
    page.get_by_role("button", name="Swap").click()
    expect(page.locator(".walk .title").first).to_have_text("Raven Road")


@both_widths
def test_the_map_is_panned_zoomed_hovered_and_clicked(open_page: OpenPage, width: str) -> None:
    page = open_page("#/map", width=width)
    canvas = page.locator("canvas")
    expect(page.get_by_role("button", name="jazz")).to_be_visible()
    canvas.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".pin")).to_be_visible()
    title = page.locator(".pin strong").inner_text()
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary", name="Chosen track")).to_contain_text(title)
    expect(page.locator(".card ol .track")).to_have_count(6)
    page.get_by_role("button", name="Close", exact=True).click()
    before = canvas.screenshot()
    page.get_by_role("button", name="Zoom in").click()
    zoomed = canvas.screenshot()
    assert zoomed != before
    box = canvas.bounding_box()
    assert box
    page.mouse.move(box["x"] + 300, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 150, steps=4)
    page.mouse.up()
    assert canvas.screenshot() != zoomed


def test_a_click_on_the_map_opens_the_track_under_the_pointer(open_page: OpenPage, site: Site) -> None:
    page = open_page("#/map?track=deezer:1040")
    title = httpx.get(f"{site.url}/similar?track_id=deezer:1040").json()["query"][0]["title"]
    expect(page.locator(".card .title").first).to_have_text(title)
    page.get_by_role("link", name="Explore from here").click()
    expect(page.locator(".seed")).to_have_count(1)


@both_widths
def test_the_card_does_not_hide_the_track_it_tells_of(open_page: OpenPage, site: Site, width: str) -> None:
    data = httpx.get(f"{site.url}/map").json()
    lowest = data["track_ids"][data["y"].index(max(data["y"]))]
    rightmost = data["track_ids"][data["x"].index(max(data["x"]))]
    for track_id in (lowest, rightmost):
        page = open_page(f"#/map?track={track_id}", width=width)
        expect(page.locator(".card ol .track")).to_have_count(6)
        page.locator("canvas").focus()
        page.keyboard.press("ArrowRight")  # the first arrow points at the chosen track
        pin, card = page.locator(".pin").bounding_box(), page.locator(".card").bounding_box()
        assert pin
        assert card
        assert pin["y"] + pin["height"] <= card["y"] or pin["x"] + pin["width"] / 2 <= card["x"]


def test_an_unknown_track_in_the_address_is_explained(open_page: OpenPage) -> None:
    page = open_page("#/path?from=deezer:1000")
    expect(page.get_by_role("combobox", name="From")).to_have_value("Glass Song")
    answer = page.request.get(page.url.split("#")[0] + "similar?track_id=deezer:77")
    assert answer.status == 404


@pytest.mark.parametrize(("width", "dark"), [("desktop", False), ("phone", True)])
@pytest.mark.parametrize(
    "address",
    [
        "#/",
        "#/?like=deezer:1000,deezer:1003&less=deezer:1100",
        "#/path?from=deezer:1000&to=deezer:1200",
        "#/map?track=deezer:1040",
        "#/playlists",
        "#/clip",
        "#/you",
    ],
    ids=["start", "mix", "path", "map", "playlists", "clip", "you"],
)
def test_axe_finds_nothing_serious(open_page: OpenPage, address: str, width: str, dark: bool) -> None:
    page = open_page(address, width=width, dark=dark)
    page.wait_for_load_state("networkidle")
    found = Axe().run(page)
    serious = [
        violation for violation in found.response["violations"] if violation["impact"] in ("serious", "critical")
    ]
    assert [(v["id"], v["nodes"][0]["html"], v["nodes"][0].get("failureSummary")) for v in serious] == []


@both_widths
def test_nothing_is_wider_than_the_screen(open_page: OpenPage, width: str) -> None:
    for address in (
        "#/",
        "#/?like=deezer:1000,deezer:1003&less=deezer:1100",
        "#/path?from=deezer:1000&to=deezer:1200",
        "#/playlists",
        "#/you",
    ):
        page = open_page(address, width=width)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address


def test_the_first_view_is_light(open_page: OpenPage) -> None:
    page = open_page("#/")
    expect(page.locator(".track").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    sizes = page.evaluate(
        "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
        ".map((entry) => entry.encodedBodySize)"  # as it is sent
    )
    assert 10_000 < sum(sizes) < 100_000


def test_what_was_found_is_downloaded_as_a_playlist(open_page: OpenPage) -> None:
    page = open_page("#/?like=deezer:1000")
    page.get_by_label("Form of the list").select_option("m3u8")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "earshot.m3u8"
    assert download.value.path().read_text(encoding="utf-8").startswith("#EXTM3U")
