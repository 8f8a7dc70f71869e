"""Debian's Chromium, headless, in front of the real api."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.browser.site import CHROMIUM, FLAGS, Site, running_site

_PATIENCE_MS = 20_000
"""A page that is right is waited for no longer than it takes; on a busy machine that is long."""
expect.set_options(timeout=_PATIENCE_MS)

WIDTHS = {"desktop": (1280, 860), "phone": (390, 844)}
both_widths = pytest.mark.parametrize("width", list(WIDTHS))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The api under uvicorn, with a catalogue of 246 tracks."""
    with running_site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of a module; each page has its own profile."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield browser
        browser.close()


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser, site: Site) -> Iterator[OpenPage]:
    """Opens the page at an address; afterwards nothing may have gone wrong in it or left the machine."""
    contexts: list[BrowserContext] = []
    troubles: list[str] = []
    strangers: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            troubles.append(message.text)

    def open_(
        address: str = "#/", *, width: str = "desktop", dark: bool = False, refusals: tuple[int, ...] = ()
    ) -> Page:
        size = WIDTHS[width]
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            has_touch=width == "phone",
            device_scale_factor=1,
            reduced_motion="reduce",
        )
        context.set_default_timeout(_PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", note)
        page.on(
            "response",
            lambda answer: (
                troubles.append(f"{answer.status} {answer.url}")
                if answer.status >= 400 and answer.status not in refusals
                else None
            ),
        )
        page.on(
            "request",
            lambda sent: None if sent.url.startswith((site.url, "data:", "blob:")) else strangers.append(sent.url),
        )
        page.goto(f"{site.url}/{address}")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert troubles == []
    assert strangers == []
