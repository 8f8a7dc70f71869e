"""Pictures of the page's views: ``python -m tests.browser.take_screenshots docs/screenshots [view …]``.

They show what `make demo` leaves: real music, freely licensed, by those who are named in it (docs/api.md).
"""

import cmath
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote
from urllib.request import urlopen

from playwright.sync_api import Browser, sync_playwright

from config.local import ROOT
from demo.music import demo_music
from earshot.api_client import ApiClient
from tests.browser.site import CHROMIUM, FLAGS

_LIMIT_S, _INDEXED_S, _SETTLES_MS = 420, 10, 500
_WIDE, _PHONE = (1280, 820), (390, 844)


class View(NamedTuple):
    """A view of the page; the address may name tracks by their numbers in `_spread`, and the `area` around the first of
    them. Before: `pressed` are buttons, and `asked` whether a clip is asked with."""

    name: str
    address: str
    size: tuple[int, int] = _WIDE
    dark: bool = False
    pressed: tuple[str, ...] = ()
    asked: bool = False


VIEWS = (
    View("start", "#/"),
    View("similar", "#/?like={0},{1}&less={2}", (1280, 980)),
    View("map", "#/map?track={0}", dark=True),
    View("selection", "#/map?area={area}", dark=True),
    View("path", "#/path?from={0}&to={2}&steps=6", (1280, 900)),
    View("player", "#/path?from={0}&to={2}&steps=6", (1280, 900), pressed=("Play the walk", "Queue")),
    View("clip", "#/clip", (1280, 980), asked=True),
    View("you", "#/you", (1280, 980), dark=True),
    View("playlists", "#/playlists", (1280, 620), dark=True),
    View("phone", "#/?like={0},{1}&less={2}", _PHONE, dark=True),
    View("phone-map", "#/map", _PHONE),
    View("phone-player", "#/map?from={0}&to={2}", _PHONE, dark=True, pressed=("Play the walk",)),
    View("phone-playlists", "#/playlists", _PHONE),
)


@contextmanager
def _demo(folder: Path) -> Iterator[str]:
    """`make demo`, which goes on meanwhile; the page's address."""
    environment = {**os.environ, "EARSHOT_LOCAL_DIR": str(folder)}
    command = [sys.executable, "-m", "demo", "--keep", "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            yield _address(process)
        finally:
            process.terminate()


def _address(process: "subprocess.Popen[str]") -> str:
    deadline = time.monotonic() + _LIMIT_S
    for line in process.stdout or ():
        sys.stdout.write(line)
        if found := re.search(r"The page, .*: (http://\S+)/", line):
            return found[1]
        if time.monotonic() > deadline:
            break
    raise SystemExit("the demo did not come to its page")


def _spread(url: str) -> list[str]:
    """Three tracks that are different, as addresses have them: one, one like it, and one far away."""
    with urlopen(f"{url}/search?limit=1") as answer:  # noqa: S310 (this machine)
        first = json.load(answer)["results"][0]["track_id"]
    with urlopen(f"{url}/similar?k=100&track_id={quote(first)}") as answer:  # noqa: S310
        found = [result["track_id"] for result in json.load(answer)["results"]]
    return [quote(track_id, safe=":") for track_id in (first, found[0], found[-1])]


def _area_around(url: str, track_id: str) -> str:
    """A part of the map, as its address has it (api/page/lasso.js): around this track and the eleven nearest to it."""
    with urlopen(f"{url}/map") as answer:  # noqa: S310 (this machine)
        drawn = json.load(answer)
    places = [complex(*place) for place in zip(drawn["x"], drawn["y"], strict=True)]
    middle = places[drawn["track_ids"].index(unquote(track_id))]
    radius = 1.05 * sorted(abs(place - middle) for place in places)[11]
    corners = [
        middle + cmath.rect(radius * stretch, angle) for angle, stretch in enumerate((1.1, 1.2, 1.1, 1.3, 1.1, 1.2))
    ]
    return "_".join(str(round(1000 * value)) for corner in corners for value in (corner.real, corner.imag))


def _add_artists(url: str) -> None:
    """Crawl the folder of each artist as well, so that there are several playlists; then the whole one again, since it
    says of its tracks who plays them."""
    music = demo_music(ROOT / ".cache" / "demo-music").folder
    for folder in (*sorted(music.iterdir()), music):
        crawl = ApiClient(url).post("/crawls", {"playlist": str(folder)}).checked()
        while not ApiClient(url).get(f"/crawls/{crawl['crawl_id']}").checked()["done"]:
            time.sleep(0.5)
    time.sleep(_INDEXED_S)


def _listen(url: str, track_ids: list[str]) -> None:
    """Somebody has played these, and loves the first."""
    now = int(time.time())
    plays = [{"track_id": unquote(each), "listened_at": now - 600 * number} for number, each in enumerate(track_ids)]
    ApiClient(url).post("/listens", {"listens": plays}).checked()
    ApiClient(url).put(f"/opinions/{track_ids[0]}", {"opinion": "loved"}).checked()


def _piece() -> Path:
    """A file of the demo's."""
    return next(path for path in sorted(demo_music(ROOT / ".cache" / "demo-music").folder.rglob("*.ogg")))


def take(browser: Browser, url: str, folder: Path, views: list[View]) -> None:
    """Write one PNG per view into `folder`."""
    tracks = _spread(url)
    _add_artists(url)
    _listen(url, tracks)
    area = _area_around(url, tracks[0])
    for view in views:
        page = browser.new_page(
            viewport={"width": view.size[0], "height": view.size[1]},
            color_scheme="dark" if view.dark else "light",
            reduced_motion="reduce",
        )
        page.goto(f"{url}/{view.address.format(*tracks, area=area)}")
        page.wait_for_load_state("networkidle")
        if view.asked:
            page.locator("input[name=clip]").set_input_files(_piece())
            page.locator(".tracks .track").first.wait_for()
        for button in view.pressed:
            page.get_by_role("button", name=button, exact=True).click()
        page.wait_for_timeout(_SETTLES_MS)
        page.screenshot(path=folder / f"{view.name}.png")
        page.close()


def main(folder: Path, names: list[str]) -> None:
    """Write the pictures of these views, or of all."""
    folder.mkdir(parents=True, exist_ok=True)
    views = [view for view in VIEWS if not names or view.name in names]
    with tempfile.TemporaryDirectory() as scratch, _demo(Path(scratch)) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        take(browser, url, folder, views)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
