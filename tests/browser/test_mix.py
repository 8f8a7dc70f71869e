"""Mixing: what is in hand stays in hand, and the address knows everything."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage, both_widths

ROWS = ".pages .tracks > .track"
_FOCUS = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.name"


def _rows(page: Page, count: int) -> Locator:
    rows = page.locator(ROWS)
    expect(rows).to_have_count(count)
    expect(page.locator("main")).not_to_have_attribute("aria-busy", "true")
    return rows


def _tune(page: Page) -> None:
    """On a phone the settings are folded."""
    summary = page.get_by_text("Tune it")
    if summary.is_visible():
        summary.click()


def _with_24_rows(page: Page) -> Locator:
    _rows(page, 12)
    page.get_by_role("button", name="Show more").click()
    return _rows(page, 24)


@both_widths
def test_a_seed_is_added_deep_in_the_list_and_nothing_jumps(open_page: OpenPage, width: str) -> None:
    page = open_page("#/?like=deezer:1000", width=width)
    plus = _with_24_rows(page).nth(15).get_by_role("button", name="More like")
    plus.scroll_into_view_if_needed()
    before = plus.bounding_box()
    plus.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".seed")).to_have_count(2)
    rows = _rows(page, 24)
    after = rows.nth(15).get_by_role("button", name="More like")
    expect(after).to_be_focused()
    box = after.bounding_box()
    assert before
    assert box
    assert abs(box["y"] - before["y"]) < 3
    assert page.evaluate("scrollY") > 500


@both_widths
def test_the_arrows_move_a_slider_as_often_as_they_are_pressed(open_page: OpenPage, width: str) -> None:
    page = open_page("#/?like=deezer:1000", width=width)
    _with_24_rows(page)
    _tune(page)
    steps = page.evaluate("history.length")
    page.get_by_label("Variety").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("variety=0.3"))
    _rows(page, 24)
    expect(page.get_by_label("Variety")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile("variety=0.2"))
    assert page.evaluate("history.length") == steps  # Back leads to what was before, not through a slider


@both_widths
def test_back_restores_rows_scroll_and_focus(open_page: OpenPage, width: str) -> None:
    page = open_page("#/?like=deezer:1000", width=width)
    title = _with_24_rows(page).nth(20).locator(".title")
    title.scroll_into_view_if_needed()
    name, down = title.inner_text(), page.evaluate("scrollY")
    title.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".seed strong")).to_have_text(name)
    page.get_by_role("link", name="Playlists").click()
    expect(page.get_by_role("heading", name="Add a playlist")).to_be_visible()
    assert page.evaluate("scrollY") == 0
    page.go_back()
    expect(page.locator(".seed strong")).to_have_text(name)
    page.go_back()
    rows = _rows(page, 24)
    expect(rows.nth(20).locator(".title")).to_be_focused()
    page.wait_for_function("down => Math.abs(scrollY - down) < 2", arg=down)
    page.reload()
    _rows(page, 24)
    page.wait_for_function("down => Math.abs(scrollY - down) < 2", arg=down)


@both_widths
def test_seeds_have_weights_that_the_address_keeps(open_page: OpenPage, width: str) -> None:
    page = open_page("#/?like=deezer:1000,deezer:1200", width=width)
    first = _rows(page, 12).first.get_attribute("data-track")
    with page.expect_request(lambda sent: sent.method == "POST" and '"weight":2' in (sent.post_data or "")):
        weight = page.get_by_label("How much").last
        weight.focus()
        page.keyboard.press("End")
    expect(page).to_have_url(re.compile(r"like=deezer%3A1000%2Cdeezer%3A1200%7E2(&|$)"))
    expect(page.locator(ROWS).first).not_to_have_attribute("data-track", first or "")
    expect(page.get_by_label("How much").last).to_be_focused()
    page.reload()
    expect(page.get_by_label("How much").last).to_have_value("2")


@both_widths
def test_a_list_is_continued_and_walked_from_the_mix(open_page: OpenPage, width: str) -> None:
    page = open_page("#/?like=deezer:1000,deezer:1200", width=width)
    _rows(page, 12)
    expect(page).to_have_title("Glass Song + Ash Letter · Earshot")
    _tune(page)
    with page.expect_request(lambda sent: sent.url.endswith("/extend")):
        page.get_by_label("What continues them").focus()
        page.keyboard.press("Space")
    expect(page.get_by_role("heading", name="To go on with")).to_be_visible()
    expect(page.get_by_label("How much")).to_have_count(0)  # the order counts
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.path().read_text(encoding="utf-8").startswith("#EXTM3U")
    page.get_by_role("link", name="Songs between them").click()
    expect(page.locator(".walk .title").first).to_have_text("Glass Song")


@both_widths
def test_tracks_artists_and_what_is_farther_are_left_out(open_page: OpenPage, width: str) -> None:
    page = open_page("#/?like=deezer:1000", width=width)
    rows = _rows(page, 12)

    def choose(row: int, what: str) -> None:
        rows.nth(row).get_by_label("More for").focus()
        page.keyboard.press("Enter")
        rows.nth(row).get_by_role("button", name=what).focus()
        page.keyboard.press("Enter")

    title, track_id = rows.nth(1).locator(".title").inner_text(), rows.nth(1).get_attribute("data-track") or ""
    choose(1, "Leave this track out")
    expect(page.locator(f'.track[data-track="{track_id}"]')).to_have_count(0)
    choose(0, "Nothing by")
    expect(page).to_have_url(re.compile("not_artist="))
    artist = page.url.partition("not_artist=")[2].partition("&")[0].replace("+", " ")
    expect(page.locator(".pages .who", has_text=artist)).to_have_count(0)
    least = float((rows.nth(4).locator(".likeness").get_attribute("title") or "").rpartition(" ")[2])  # the cosine
    choose(4, "Nothing farther than this")
    _rows(page, 5)
    assert float(page.get_by_label("Similarity at least").input_value()) == pytest.approx(least, abs=0.06)
    page.get_by_role("button", name=f"Let {title} in again").click()
    expect(page.locator(f'.track[data-track="{track_id}"]')).to_have_count(1)
    _tune(page)
    page.get_by_label("Similarity at least").fill("0.95")
    page.get_by_role("button", name="Show what is farther, too").click()
    _rows(page, 12)


def test_a_menu_closes_with_escape_and_gives_the_focus_back(open_page: OpenPage) -> None:
    page = open_page("#/?like=deezer:1000")
    more = _rows(page, 12).first.get_by_label("More for")
    more.click()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(more).to_be_focused()
    expect(page.get_by_role("button", name="Leave this track out").first).to_be_hidden()


@both_widths
def test_a_tag_that_no_track_has_is_taken_back_and_a_track_that_is_gone_left_behind(
    open_page: OpenPage, width: str
) -> None:
    page = open_page("#/?tags=polka,jazz", width=width, refusals=(404, 422))
    page.get_by_role("button", name="Stop filtering by polka").click()
    _rows(page, 12)
    page.goto(page.url.partition("#")[0] + "#/?like=deezer:77")
    page.get_by_role("link", name="Start anew").click()
    expect(page.locator(".shelf").first).to_be_visible()
