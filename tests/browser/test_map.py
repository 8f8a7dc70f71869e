"""The map by mouse, touch and keyboard: names of regions, looking up, selecting, walking; all of it in the address."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage, both_widths
from tests.browser.site import STYLES

_IS_COLOURFUL = """canvas => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  return new Set(copy.getImageData(0, 0, canvas.width, canvas.height).data).size > 8;
}"""
_WALK = "from=deezer:1007&to=deezer:1200"


def _map(open_page: OpenPage, address: str = "#/map", width: str = "desktop") -> tuple[Page, Locator]:
    page = open_page(address, width=width)
    expect(page.locator(".sheet[aria-busy]")).to_have_count(0)
    expect(page.locator(".key-list .kind").first).to_be_visible()
    return page, page.locator("canvas")


def _kept(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).fragment.partition("?")[2]).items()}


def _touch(page: Page, *steps: list[tuple[float, float]]) -> None:
    """Fingers at these places, one step after the other, and up."""
    cdp = page.context.new_cdp_session(page)
    for number, fingers in enumerate(steps):
        points = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(fingers)]
        cdp.send("Input.dispatchTouchEvent", {"type": "touchMove" if number else "touchStart", "touchPoints": points})
    cdp.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def _loop(canvas: Locator) -> list[tuple[float, float]]:
    """Around most of the upper left half of a sheet."""
    box = canvas.bounding_box()
    assert box
    corners = [(0.04, 0.2), (0.7, 0.2), (0.7, 0.7), (0.04, 0.7)]
    return [(box["x"] + across * box["width"], box["y"] + down * box["height"]) for across, down in corners]


def test_regions_are_named_by_what_is_unusual_there_and_nothing_is_written_over_anything(open_page: OpenPage) -> None:
    page, _ = _map(open_page)
    common, whole, near = page.evaluate("""async () => {
      const [{ labelsOf, writeLabels }, { mapped }, { pointsOf }, { camera: cameraOn }] =
        await Promise.all(["labels", "mapped", "points", "camera"].map((name) => import(`/page/${name}.js`)));
      const points = await mapped();
      const alike = labelsOf(pointsOf({ ...points, tags: points.track_ids.map(() => "music") }));
      const camera = cameraOn(points);
      Object.assign(camera.size, { width: 1280, height: 800 });
      const written = (view) => {
        Object.assign(camera.view, view);
        const texts = [];
        const pen = new OffscreenCanvas(1280, 800).getContext("2d");
        pen.fillText = (text, x, y) => texts.push([text, x, y, pen.measureText(text).width]);
        writeLabels(pen, points, labelsOf(points), camera, {}, [[0, 0, 300, 60]]);
        return texts;
      };
      const whole = written({ scale: 1 });
      const jazz = labelsOf(points)(1).find((name) => name.tag === "jazz");
      return [alike(1), whole, written({ x: jazz.x, y: jazz.y, scale: 9 })];
    }""")
    assert common == [], "what all are names no place"
    assert {text for text, *_ in whole} == set(STYLES)
    assert len(near) > len(whole), "from nearer the tracks themselves"
    for texts in (whole, near):
        for number, (_, x, y, width) in enumerate(texts):
            assert not (x - width / 2 < 300 and y < 60), "nor over what lies on the map"
            for _, other, below, wide in texts[:number]:
                assert abs(y - below) >= 16 or abs(x - other) >= (width + wide) / 2


@both_widths
def test_a_track_is_looked_up_by_the_keyboard_and_back_goes_back(open_page: OpenPage, width: str) -> None:
    page, canvas = _map(open_page, width=width)
    page.keyboard.press("/")
    page.keyboard.type("raven road")
    expect(page.get_by_role("option", name="Raven Road")).to_be_visible()
    page.keyboard.press("Enter")
    card = page.get_by_role("complementary", name="Chosen track")
    expect(card.locator(".title").first).to_have_text("Raven Road")
    expect(canvas).to_be_focused()
    expect(card.locator("ol .track")).to_have_count(6)
    page.wait_for_url("**at=**")
    assert float(_kept(page)["at"].split("_")[2]) == 6
    track = _kept(page)["track"]
    page.reload()
    expect(card.locator(".title").first).to_have_text("Raven Road")
    page.go_back()
    expect(card).to_be_hidden()
    assert "track" not in _kept(page)
    page.go_forward()
    expect(card.locator(".title").first).to_have_text("Raven Road")
    assert _kept(page)["track"] == track
    card.get_by_role("link", name="Walk from here").click()
    expect(page.get_by_role("combobox", name="From")).to_have_value("Raven Road")


@pytest.mark.parametrize("by", ["mouse", "touch", "keyboard"])
def test_what_is_selected_is_told_played_mixed_and_walked(open_page: OpenPage, by: str) -> None:
    page, canvas = _map(open_page, width="phone" if by == "touch" else "desktop")
    if by == "keyboard":
        canvas.focus()
        for key in ("ArrowRight", *["Shift+ArrowRight", "Shift+ArrowDown"] * 6):
            page.keyboard.press(key)
    else:
        page.get_by_role("button", name="Select an area").click()
        first, *others = _loop(canvas)
        if by == "touch":
            _touch(page, *([place] for place in (first, *others)))
        else:
            page.mouse.move(*first)
            page.mouse.down()
            for place in others:
                page.mouse.move(*place, steps=3)
            page.mouse.up()
    card = page.get_by_role("complementary", name="Selected tracks")
    expect(card.get_by_role("heading")).to_have_text(re.compile(r"^\d+ tracks$"))
    count = card.get_by_role("heading").inner_text()
    assert _kept(page)["area"].count("_") >= 5
    expect(page.locator("[aria-live].unseen").last).to_contain_text("selected") if by == "keyboard" else None
    expect(card.get_by_role("button", name="Play all")).to_be_visible()
    if by == "mouse":
        with page.expect_download() as download:
            card.get_by_role("button", name="Download").click()
        assert download.value.path().read_text(encoding="utf-8").count("#EXTINF") == int(count.split()[0])
    assert "to=" in (card.get_by_role("link", name="Walk through").get_attribute("href") or "")
    page.reload()
    expect(card.get_by_role("heading")).to_have_text(count)
    found = Axe().run(page)
    assert [one["id"] for one in found.response["violations"] if one["impact"] in ("serious", "critical")] == []
    card.get_by_role("link", name="Mix").click()
    expect(page.locator(".seed").first).to_be_visible()
    page.go_back()
    expect(card.get_by_role("heading")).to_have_text(count)
    if by == "keyboard":
        canvas.focus()
        page.keyboard.press("Escape")
    else:
        card.get_by_role("button", name="Drop the selection").click()
    expect(card).to_be_hidden()
    assert "area" not in _kept(page)


def test_everything_in_view_is_selected_by_a_key(open_page: OpenPage) -> None:
    page, canvas = _map(open_page)
    canvas.focus()
    page.keyboard.press("a")
    heading = page.get_by_role("complementary", name="Selected tracks").get_by_role("heading")
    expect(heading).to_have_text("246 tracks")
    page.keyboard.press("+")
    page.keyboard.press("+")
    page.keyboard.press("+")
    page.keyboard.press("a")
    expect(heading).not_to_have_text("246 tracks")


def test_two_fingers_zoom_and_one_pans(open_page: OpenPage) -> None:
    page, _ = _map(open_page, width="phone")
    _touch(page, [(170, 400), (220, 400)], [(145, 400), (245, 400)], [(120, 400), (270, 400)])
    page.wait_for_url("**at=**")
    x, _, scale = map(float, _kept(page)["at"].split("_"))
    assert scale == pytest.approx(3, rel=0.1)
    _touch(page, [(200, 400)], [(150, 400)], [(100, 400)])
    page.wait_for_function("x => Number(/at=([^_]+)/.exec(location.hash)[1]) > x", arg=x)
    page.reload()
    expect(page.locator(".key-list .kind").first).to_be_visible()
    assert float(_kept(page)["at"].split("_")[2]) == pytest.approx(scale)


def test_a_lit_tag_is_kept_and_undone_by_back(open_page: OpenPage) -> None:
    page, _ = _map(open_page)
    jazz = page.get_by_role("button", name="jazz")
    jazz.click()
    assert _kept(page)["tag"] == "jazz"
    page.reload()
    expect(jazz).to_have_attribute("aria-pressed", "true")
    page.go_back()
    expect(jazz).to_have_attribute("aria-pressed", "false")


@both_widths
def test_a_walk_is_drawn_beside_its_list_and_on_the_map(open_page: OpenPage, width: str) -> None:
    page = open_page(f"#/path?{_WALK}&steps=6&energy=build_up", width=width)
    expect(page.locator(".walk .track")).to_have_count(8)
    sketch = page.get_by_role("img", name=re.compile("The walk on the map, from Neon Song to Ash Letter"))
    page.wait_for_function(_IS_COLOURFUL, arg=sketch.element_handle())
    titles = page.locator(".walk .title").all_inner_texts()
    page.get_by_role("link", name="See it on the map").click()
    card = page.get_by_role("complementary", name="Walk")
    expect(card.get_by_role("listitem")).to_have_count(8)
    assert card.locator("li strong").all_inner_texts() == titles
    assert _kept(page)["energy"] == "build_up"
    card.get_by_role("button", name=titles[3]).click()
    expect(page.get_by_role("complementary", name="Chosen track").locator(".title").first).to_have_text(titles[3])
    page.go_back()
    expect(card.get_by_role("listitem")).to_have_count(8)
    card.get_by_role("button", name="Drop the walk").click()
    expect(card).to_be_hidden()
    assert "from" not in _kept(page)


def test_what_is_no_outline_or_view_in_the_address_is_passed_over(open_page: OpenPage) -> None:
    page, _ = _map(open_page, "#/map?area=1_2&at=0_0_-1&tag=nothing&track=deezer:77")
    expect(page.locator(".card")).to_be_hidden()
    wrong = ["1_2", "a_b_c_d_e_f", "1_2_3_4_5", "9_9_" * 900, "1_2_3_4_5_1e99", ""]
    outlines = page.evaluate("async (texts) => texts.map((await import('/page/lasso.js')).outlineIn)", wrong)
    assert outlines == [None] * len(wrong)
