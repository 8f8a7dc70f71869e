"""Pictures of the page's views for the README: ``python -m tests.browser.take_screenshots docs/screenshots``."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.site import CHROMIUM, FLAGS, running_site

_WALK = "from=deezer:1007&to=deezer:1200"
_AREA = "area=-420_-420_250_-560_420_-100_300_320_-250_260"
_MIX = "#/?like=deezer:1105,deezer:1113&less=deezer:1010"
_VIEWS = (
    ("start", "#/", (1280, 820), False),
    ("similar", _MIX, (1280, 980), False),
    ("map", "#/map?track=deezer:1040", (1280, 820), True),
    ("selection", f"#/map?{_AREA}", (1280, 820), True),
    ("path", f"#/path?{_WALK}&steps=6", (1280, 900), False),
    ("player", f"#/path?{_WALK}&steps=6", (1280, 900), False),
    ("playlists", "#/playlists", (1280, 620), True),
    ("phone", _MIX, (390, 844), True),
    ("phone-map", "#/map", (390, 844), False),
    ("phone-player", f"#/map?{_WALK}", (390, 844), True),
)
_PRESSED = {"player": ("Play the walk", "Queue"), "phone-player": ("Play the walk",)}
"""Buttons of a view that are pressed before."""


def main(folder: Path) -> None:
    """Write one PNG per view into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, running_site(Path(scratch)) as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        for name, address, (width, height), dark in _VIEWS:
            page = browser.new_page(
                viewport={"width": width, "height": height},
                color_scheme="dark" if dark else "light",
                reduced_motion="reduce",
            )
            page.goto(f"{site.url}/{address}")
            page.wait_for_load_state("networkidle")
            for button in _PRESSED.get(name, ()):
                page.get_by_role("button", name=button, exact=True).click()
            page.wait_for_timeout(500)
            page.screenshot(path=folder / f"{name}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
