"""`python -m bench.page`: the page on a slow phone. Exit 1 when a target is missed; wants a quiet machine.

From each kind of touch of a map of 20,000 tracks to the next picture, with the processor slowed four times: as
browsers measure it (Event Timing), the median of several; while panning, the longest that a picture stands. And from
the end of a track to the sound of the next one, without slowing. For a quick look: ``--rounds 1``.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from bench.figures import Figures
from earshot.containers.identity import track_id_of
from earshot.track import TrackInfo
from tests.browser.site import CHROMIUM, FLAGS, Site, running_site, tone

ROOT = Path(__file__).resolve().parents[2]
POINTS, SLOWED = 20_000, 4
MAX_PAINT_MS, MAX_GAP_MS = 200, 50
SIZES = {"phone": (390, 844, 3), "desktop": (1280, 860, 1)}
_GAPS = 6
_TRIALS = 3
_WATCHED = """
window.touches = [];
new PerformanceObserver((list) =>
  touches.push(...list.getEntries().filter((one) => one.interactionId).map((one) => one.duration)))
  .observe({ type: "event", durationThreshold: 16 });
window.frames = [];
(function frame(last) { requestAnimationFrame((now) => { frames.push(now - last); frame(now); }); })(performance.now());
"""
_HEARD = """
window.sounds = [];
const Own = window.Audio;
window.Audio = function () {
  const audio = new Own();
  for (const name of ["ended", "playing"]) audio.addEventListener(name, () => sounds.push([name, performance.now()]));
  return audio;
};
"""


def main() -> int:
    """Measure, print, write bench/results/page.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=_TRIALS)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as place, running_site(Path(place)) as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        results: Figures = {name: _touched(browser, site, name, rounds) for name in SIZES}
        results["gap_ms"] = _gap_ms(browser, site, Path(place))
        browser.close()
    target = ROOT / "bench" / "results" / "page.json"
    target.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    rows = [(f"{size}: {what}, ms", ms, MAX_PAINT_MS) for size in SIZES for what, ms in results[size].items()]
    missed = 0
    for name, value, limit in (*rows, ("from a track to the next, ms", results["gap_ms"], MAX_GAP_MS)):
        missed += value > limit
        print(f"{'ok  ' if value <= limit else 'MISS'} {name:<40} {value:8.0f}   target <= {limit}")
    return 1 if missed else 0


def large_map(points: int = POINTS) -> str:
    """The answer of /map for a catalogue of invented tracks, in forty clouds with thirty tags."""
    random = np.random.default_rng(3)
    clouds = random.integers(0, 40, points)
    places = 0.45 * random.normal(size=(40, 2))[clouds] + 0.08 * random.normal(size=(points, 2))
    x, y = (column.round(4).tolist() for column in np.clip(places, -1.2, 1.2).T)
    return json.dumps({
        "index_version": "large", "total": points, "x": x, "y": y,
        "track_ids": [f"deezer:{100_000 + number}" for number in range(points)],
        "titles": [f"An ordinary title {number}" for number in range(points)],
        "artists": [f"The Artist {number % 997}" for number in range(points)],
        "tags": [f"tag {cloud % 30}" for cloud in clouds.tolist()],
    })  # fmt: skip


def _touched(browser: Browser, site: Site, size: str, rounds: int) -> Figures:
    width, height, ratio = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, device_scale_factor=ratio, has_touch=size == "phone"
    )
    page, answer = context.new_page(), large_map()
    page.route("**/map", lambda route: route.fulfill(body=answer, content_type="application/json"))
    page.add_init_script(_WATCHED)
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
    figures: dict[str, list[float]] = {}
    for _ in range(rounds):
        page.goto("about:blank")
        page.goto(f"{site.url}/#/map")
        page.get_by_role("button", name="tag 1", exact=True).wait_for()
        page.wait_for_timeout(1500)
        for what, touch in _touches(page, *_middle(page)).items():
            page.evaluate("touches.length = frames.length = 0")
            touch()
            page.wait_for_timeout(600)
            seen = page.evaluate("frames" if what == "pan" else "touches")
            figures.setdefault(what, []).append(max(seen, default=0))
    context.close()
    return {what: statistics.median(ms) for what, ms in figures.items()}


def _middle(page: Page) -> tuple[float, float]:
    box = page.locator("canvas").bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def _touches(page: Page, x: float, y: float) -> dict[str, Callable[[], Any]]:
    """What somebody does, in this order."""

    def draw() -> None:
        page.mouse.move(x - 80, y - 180)
        page.mouse.down()
        for to in ((x + 60, y - 170), (x + 50, y - 60), (x - 70, y - 70)):
            page.mouse.move(*to, steps=6)
        page.mouse.up()

    def lasso() -> None:
        page.get_by_role("button", name="Select an area").click()
        draw()

    def press(key: str) -> None:
        page.locator("canvas").focus()
        page.keyboard.press(key)

    return {
        "zoom": lambda: page.get_by_role("button", name="Zoom in").click(),
        "tag": lambda: page.get_by_role("button", name="tag 1", exact=True).click(),
        "pan": draw,
        "plus": lambda: press("+"),
        "arrow": lambda: page.keyboard.press("ArrowRight"),
        "lasso": lasso,
        "drop": lambda: press("Escape"),
        "all in view": lambda: page.get_by_role("button", name="Select what is in view").click(),
        "drop all": lambda: page.get_by_role("button", name="Drop the selection").click(),
        "press": lambda: page.mouse.click(x - 30, y - 120),
    }


def _gap_ms(browser: Browser, site: Site, folder: Path) -> float:
    """The median of what lies between the end of a file of two seconds and the sound of the next."""
    page = browser.new_page()
    page.add_init_script(_HEARD)
    page.goto(f"{site.url}/#/")
    page.evaluate("async (tracks) => (await import('/page/player.js')).play(tracks)", _files(site, folder))
    page.wait_for_function("(gaps) => sounds.filter(([name]) => name === 'ended').length > gaps", arg=_GAPS)
    told: list[tuple[str, float]] = page.evaluate("sounds")
    page.close()
    ends = [at for name, at in told if name == "ended"][:-1]
    begins = [at for name, at in told if name == "playing"][1:]
    return statistics.median(begin - end for end, begin in zip(ends, begins, strict=True))


def _files(site: Site, folder: Path) -> list[dict[str, Any]]:
    """One more file than there are gaps, as tracks."""
    found: list[dict[str, Any]] = []
    for number in range(_GAPS + 1):
        path = folder / f"{number}.wav"
        path.write_bytes(tone(2.0 + number / 100))
        with path.open("rb") as file:
            track_id = track_id_of(file)
        site.world.table.register(TrackInfo(track_id, "file", preview_url=path.as_uri()))
        found.append({"track_id": track_id, "source": "file", "title": str(number), "artists": []})
    return found


if __name__ == "__main__":
    sys.exit(main())
