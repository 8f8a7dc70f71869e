"""Listening: a queue, keys of the keyboard and of the system, one track after the other."""

import json
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from earshot.containers.identity import track_id_of
from earshot.track import TrackInfo
from earshot.windows import Window
from tests.browser.conftest import OpenPage, both_widths
from tests.browser.site import Site, tone

_SOUNDS = """
(() => {
  window.told = [];
  window.sounds = [];
  const Own = window.Audio;
  window.Audio = function () {
    const audio = new Own();
    audio.addEventListener("playing", () => told.push(sounds.indexOf(audio)));
    sounds.push(audio);
    return audio;
  };
  const handlers = (window.mediaKeys = {});
  const set = MediaSession.prototype.setActionHandler;
  MediaSession.prototype.setActionHandler = function (name, call) {
    handlers[name] = call;
    set.call(this, name, call);
  };
})();
"""
"""Listens to the page's own elements, and remembers what it answers to which media key."""

_METADATA = """
(({ title, artist, album, artwork: [{ src }] }) => ({ title, artist, album, src }))(navigator.mediaSession.metadata)
"""


@pytest.fixture(scope="module")
def parts(site: Site, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Three tracks of one file, 1.3 s each, as a cue sheet says."""
    path = tmp_path_factory.mktemp("album") / "album.wav"
    path.write_bytes(tone(4.0))
    found = []
    for number, title in enumerate(("Dawn", "Noon", "Dusk")):
        window = Window(1300 * number, 1300 * (number + 1))
        with path.open("rb") as file:
            track_id = window.track_id(track_id_of(file))
        site.world.table.register(TrackInfo(track_id, "file", preview_url=f"{path.as_uri()}#{window.fragment}"))
        found.append({"track_id": track_id, "source": "file", "title": title, "artists": ["The Hours"], "album": "Day"})
    return found


def _play(page: Page, tracks: list[dict[str, Any]]) -> Locator:
    page.evaluate("async (tracks) => (await import('/page/player.js')).play(tracks)", tracks)
    player = page.get_by_role("region", name="Player")
    expect(player.locator(".now strong")).to_have_text(tracks[0]["title"])
    return player


def _listening(open_page: OpenPage, width: str = "desktop", refusals: tuple[int, ...] = ()) -> Page:
    page = open_page("#/", width=width, refusals=refusals)
    page.add_init_script(_SOUNDS)
    page.reload()
    expect(page.locator(".track").first).to_be_visible()
    return page


def test_a_track_follows_the_last_by_itself_from_an_element_that_has_it_ready_and_each_is_told_as_heard(
    open_page: OpenPage, parts: list[dict[str, Any]]
) -> None:
    page = _listening(open_page)
    plays: list[Any] = []
    page.on("request", lambda sent: plays.append(sent.post_data) if sent.url.endswith("/listens") else None)
    with page.expect_request(lambda sent: "Dusk" in (sent.post_data or "") and sent.method == "POST", timeout=20_000):
        player = _play(page, parts)
        expect(player.locator(".clock")).to_contain_text("/ 0:01")
    expect(player.locator(".now strong")).to_have_text("Dusk")
    expect(player.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert page.evaluate("told") == [0, 1, 0], "they take turns"
    told = [json.loads(play)["listens"][0] for play in plays]
    assert [(play["title"], play["skipped"]) for play in told] == [(part["title"], False) for part in parts]
    assert all(1_000 < play["played_ms"] <= 1_400 for play in told)


@both_widths
def test_the_queue_is_seen_and_ordered_and_shortened_by_the_keyboard_alone_and_outlives_a_reload(
    open_page: OpenPage, site: Site, parts: list[dict[str, Any]], width: str
) -> None:
    page = _listening(open_page, width)
    player = _play(page, [{**parts[0], "track_id": site.own_track, "title": "Café"}, *parts[1:]])
    player.get_by_role("button", name="Pause", exact=True).click()
    opener = player.get_by_role("button", name="Queue", exact=True)
    opener.focus()
    page.keyboard.press("Enter")
    queue = page.get_by_role("region", name="Queue")
    expect(queue.locator("li")).to_have_count(3)
    page.keyboard.press("Escape")
    expect(queue).to_be_hidden()
    page.keyboard.press("Enter")
    queue.get_by_role("button", name="Earlier: Dusk").focus()
    page.keyboard.press("Enter")
    assert queue.locator("li strong").all_inner_texts() == ["Café", "Dusk", "Noon"]
    expect(queue.get_by_role("button", name="Earlier: Dusk")).to_be_focused()
    queue.get_by_role("button", name="Take Noon out").focus()
    page.keyboard.press("Enter")
    assert queue.locator("li strong").all_inner_texts() == ["Café", "Dusk"]
    found = Axe().run(page)
    assert [one["id"] for one in found.response["violations"] if one["impact"] in ("serious", "critical")] == []
    page.keyboard.press("Escape")
    expect(queue).to_be_hidden()
    expect(opener).to_be_focused()
    page.reload()
    expect(player.locator(".now strong")).to_have_text("Café")
    player.get_by_role("button", name="Next").click()
    expect(player.locator(".now strong")).to_have_text("Dusk")
    page.get_by_role("link", name="Map").click()  # views come and go, the player stays
    expect(player.locator(".now strong")).to_have_text("Dusk")


def test_keys_play_seek_and_step_but_are_not_taken_from_a_field(
    open_page: OpenPage, site: Site, parts: list[dict[str, Any]]
) -> None:
    page = _listening(open_page)
    player = _play(page, [{**parts[0], "track_id": site.own_track, "title": "Café"}, parts[1]])
    pause = player.get_by_role("button", name="Pause", exact=True)
    expect(pause).to_be_visible()
    page.keyboard.press(" ")
    expect(pause).to_be_hidden()
    page.keyboard.press("ArrowRight")
    expect(player.locator(".clock")).to_contain_text("0:03 / 0:03")
    page.keyboard.press("ArrowLeft")
    expect(player.locator(".clock")).to_contain_text("0:00 /")
    page.get_by_role("combobox", name="Find a track").focus()
    page.keyboard.type("n p")
    expect(player.locator(".now strong")).to_have_text("Café")
    page.locator("#main").focus()
    page.keyboard.press("n")
    expect(player.locator(".now strong")).to_have_text("Noon")
    page.keyboard.press("p")
    expect(player.locator(".now strong")).to_have_text("Café")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_contain_text("play, pause")
    keys.get_by_label("Keys of one letter").uncheck()
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    page.keyboard.press("n")
    expect(player.locator(".now strong")).to_have_text("Café")


def test_the_system_is_told_what_plays_and_its_keys_are_heard(
    open_page: OpenPage, site: Site, parts: list[dict[str, Any]]
) -> None:
    page = _listening(open_page, refusals=(422,))
    own = {**parts[0], "track_id": site.own_track, "title": "Café", "artwork_url": "/covers/none"}
    player = _play(page, [own, parts[1]])
    expect(player.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    shown = page.evaluate(_METADATA)
    assert shown["src"].endswith("/covers/none?size=500")
    assert (shown["title"], shown["artist"], shown["album"]) == ("Café", "The Hours", "Day")
    page.evaluate("mediaKeys.pause()")
    expect(player.get_by_role("button", name="Play", exact=True)).to_be_visible()
    page.evaluate("mediaKeys.seekto({ seekTime: 2 })")
    expect(player.locator(".clock")).to_contain_text("0:02 /")
    page.evaluate("mediaKeys.nexttrack()")
    expect(player.locator(".now strong")).to_have_text("Noon")
    page.evaluate("mediaKeys.previoustrack()")
    expect(player.locator(".now strong")).to_have_text("Café")
    page.wait_for_function("() => navigator.mediaSession.playbackState === 'playing'")


def test_a_thumb_finds_the_seek_bar_on_a_phone(open_page: OpenPage, site: Site, parts: list[dict[str, Any]]) -> None:
    page = _listening(open_page, "phone")
    player = _play(page, [{**parts[0], "track_id": site.own_track}, parts[1]])
    seek = player.get_by_role("slider", name="Position in the track")
    expect(seek).to_be_enabled()
    page.keyboard.press(" ")
    box = seek.bounding_box()
    assert box
    assert box["height"] >= 44
    page.touchscreen.tap(box["x"] + box["width"] * 0.75, box["y"] + 4)  # the edge of it will do
    assert float(seek.input_value()) == pytest.approx(2.25, abs=0.3)
    sizes = [button.bounding_box() for button in player.get_by_role("button").all() if button.is_visible()]
    assert all(size and min(size["width"], size["height"]) >= 44 for size in sizes)


@both_widths
def test_a_list_is_played_as_a_whole_and_another_put_behind_it(open_page: OpenPage, width: str) -> None:
    page = open_page("#/?like=deezer:1000", width=width, refusals=(404,))
    expect(page.locator(".pages .track")).to_have_count(12)
    titles = page.locator(".pages .track .title").all_inner_texts()
    page.get_by_role("button", name="Play all").click()
    page.get_by_role("button", name="Queue", exact=True).click()
    queue = page.get_by_role("region", name="Queue")
    assert queue.locator("li strong").all_inner_texts() == titles
    page.get_by_role("button", name="Add to queue").click() if width == "desktop" else None
    expect(queue.locator("li")).to_have_count(24 if width == "desktop" else 12)


def test_only_what_is_a_queue_is_taken_up_again(open_page: OpenPage) -> None:
    page = open_page("#/")
    for kept in ("no json", "[]", '{"tracks": [{}], "at": 0}', '{"tracks": 5, "at": "x"}'):
        page.evaluate("kept => sessionStorage.setItem('earshot-queue', kept)", kept)
        page.reload()
        expect(page.locator(".track").first).to_be_visible()
        expect(page.get_by_role("region", name="Player")).to_be_hidden()
