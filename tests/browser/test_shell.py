"""What every view does alike: it never stands blank or jumps, and says in words what is wrong and what to do."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, expect

from earshot import errors
from tests.browser.conftest import OpenPage, both_widths
from tests.browser.site import Site

_API = re.compile(r"/(search|similar|path|map|crawls|recommend|genres|sources|health|opinions|listens)(\?|$)")
_PLACEHOLDER = """() => [...document.querySelectorAll("main, main .body, main .crawls, main .sheet")]
  .some((place) => getComputedStyle(place, "::before").content !== "none")"""
VIEWS = ("#/", "#/?like=deezer:1000", "#/path?from=deezer:1000&to=deezer:1200", "#/map", "#/you", "#/playlists")


def _go(page: Page, address: str) -> None:
    page.evaluate("address => { location.hash = address; }", address)


def _wait(page: Page) -> None:
    page.wait_for_function("() => document.querySelector('main').children.length > 0")
    expect(page.locator("main")).not_to_have_attribute("aria-busy", "true")


def test_a_view_that_waits_shows_where_things_will_be(open_page: OpenPage) -> None:
    page = open_page("#/nowhere")
    for address in VIEWS:
        page.route(_API, lambda _: None)  # which answers nothing
        _go(page, address)
        page.wait_for_function(_PLACEHOLDER)
        page.unroute(_API)  # which lets them go
        _wait(page)
        assert not page.evaluate(_PLACEHOLDER), address
        _go(page, "#/nowhere")
        expect(page.get_by_role("heading", name="Nothing within earshot here")).to_be_visible()


_SHIFTS = """() => { window.shifted = 0; new PerformanceObserver((list) => { for (const entry of list.getEntries())
  if (!entry.hadRecentInput) window.shifted += entry.value; }).observe({ type: "layout-shift", buffered: true }); }"""


@both_widths
def test_nothing_shifts_while_a_view_comes(open_page: OpenPage, width: str) -> None:
    for address in (*VIEWS, "#/map?track=deezer:1000"):
        page = open_page(address, width=width)
        page.evaluate(_SHIFTS)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("shifted") <= 0.05, address
        page.close()


def test_what_failed_is_tried_again_at_the_press_of_a_button(open_page: OpenPage) -> None:
    page = open_page("#/nowhere", refusals=(502, 429))
    page.route("**/search*", lambda route: route.fulfill(status=502, body="<html>"))
    page.route("**/map", lambda route: route.fulfill(status=429, body="<html>"))
    for address, there in (("#/", ".shelf"), ("#/map", "canvas")):
        _go(page, address)
        expect(page.get_by_role("alert")).to_be_visible()
        page.unroute(f"**/{'map' if 'map' in address else 'search*'}")
        page.get_by_role("button", name="Try again").focus()
        page.keyboard.press("Enter")
        expect(page.locator(there).first).to_be_visible()
        expect(page.get_by_role("alert")).to_have_count(0)


@both_widths
def test_while_earshot_is_away_what_is_shown_stays_and_it_goes_on_by_itself(open_page: OpenPage, width: str) -> None:
    page = open_page("#/?like=deezer:1000", width=width)
    expect(page.locator(".pages .track")).to_have_count(12)
    page.route(_API, lambda route: route.abort("connectionrefused"))
    page.get_by_role("button", name="Show more").click()
    expect(page.locator(".away")).to_contain_text("Earshot does not answer")
    expect(page.locator(".pages .track")).to_have_count(12)
    page.get_by_role("link", name="Map").click()
    expect(page.get_by_role("alert")).to_contain_text("Earshot does not answer")
    page.unroute(_API)
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator("canvas")).to_be_visible()
    expect(page.locator(".away")).to_be_hidden()


def test_who_is_offline_is_told_so(open_page: OpenPage) -> None:
    page = open_page("#/?like=deezer:1000")
    expect(page.locator(".pages .track")).to_have_count(12)
    page.context.set_offline(True)
    page.get_by_label("Variety").fill("0.3")
    expect(page.locator(".away")).to_contain_text("You are offline")
    expect(page.locator(".pages .track")).to_have_count(12)
    page.context.set_offline(False)
    expect(page.locator(".away")).to_be_hidden()
    expect(page.get_by_label("Variety")).to_have_value("0.3")
    expect(page.locator(".pages .track")).to_have_count(12)


def test_a_part_of_the_page_that_cannot_be_loaded_is_told_of_in_words(open_page: OpenPage) -> None:
    page = open_page("#/")
    page.route("**/map.js", lambda route: route.abort())
    page.get_by_role("link", name="Map").click()
    expect(page.get_by_role("alert")).to_contain_text("This part of the page could not be loaded.")
    expect(page.locator("body")).not_to_contain_text("dynamically imported")
    page.unroute("**/map.js")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("canvas")).to_be_visible()


@both_widths
def test_an_address_that_leads_nowhere_says_so(open_page: OpenPage, site: Site, width: str) -> None:
    page = open_page("#/nonsense", width=width, refusals=(404,))
    expect(page.get_by_role("heading", name="Nothing within earshot here")).to_be_visible()
    page.goto(f"{site.url}/nonsense")
    page.get_by_role("link", name="To the start page").click()
    expect(page.get_by_role("heading", name="What sounds like this?")).to_be_visible()


_ROOT = Path(__file__).parents[2]
_FOR_PROGRAMMERS = re.compile(
    r"\bmake (?!an?\b|the\b)[a-z]|python3? -m|`|\b[A-Z][a-z]+[A-Z][A-Za-z]*Error\b|\b[a-z]+\.[a-z_]+\("
)


def _said() -> Iterator[dict[str, str]]:
    """Every error with the hint of its class, and every hint that is written where one is raised."""
    kinds = {
        name: kind
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.EarshotError)
    }
    yield from ({"code": kind.code, "message": "it failed", "hint": kind.hint or ""} for kind in kinds.values())
    for path in (file for room in ("earshot", "api", "crawler") for file in (_ROOT / room).rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in kinds:
                texts = [*call.args, *(word.value for word in call.keywords if word.arg == "hint")]
                message, hint = (*(_text(text) for text in texts), "", "")[:2]
                yield {"code": kinds[call.func.id].code, "message": message, "hint": hint}


def _text(node: ast.AST) -> str:
    return "".join(str(one.value) for one in ast.walk(node) if isinstance(one, ast.Constant))


def test_no_error_is_shown_with_a_command_or_a_name_of_our_own(open_page: OpenPage) -> None:
    ranged = {"code": "invalid_request", "message": "`bpm` is no range: 'abc'", "hint": "Write 122; see docs/api.md."}
    said = [ranged, *_said()]
    assert len(said) > 150
    page = open_page("#/nowhere")
    shown = page.evaluate(
        "async (said) => { const { inWords } = await import('/page/words.js'); return said.map(inWords); }", said
    )
    texts = [f"{one['message']} {one['hint']}" for one in shown]
    assert [text for text in texts if _FOR_PROGRAMMERS.search(text)] == []
    assert shown[0] == {"message": "Bpm is no range: 'abc'", "hint": "Write 122."}
    assert sum(bool(one["hint"]) for one in shown) > 60  # most of them are fit to be said


def test_no_view_shows_a_command(open_page: OpenPage) -> None:
    page = open_page("#/nowhere", refusals=(404, 422))
    for address in (*VIEWS, "#/clip", "#/?like=deezer:77", "#/?tags=polka", "#/path?from=deezer:77&to=x"):
        _go(page, address)
        _wait(page)
        assert not _FOR_PROGRAMMERS.search(page.locator("body").inner_text()), address
