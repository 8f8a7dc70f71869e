"""The page asks with what it records or is given: real files of Chromium's microphone, into which a sine is fed."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from api.bootstrap import services
from earshot.descriptors import Descriptors
from earshot.embedding import Embedding
from earshot.ids import QueryId
from earshot.reasons import Reason
from earshot.stores.sound_queries import Heard
from earshot.track import Tag
from extractor.audio.decode import decode
from tests.browser.conftest import OpenPage, both_widths
from tests.browser.site import CHROMIUM, FLAGS, Site, tone
from tests.unit.api.world import DIM

_RATE = 16_000


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser with a microphone, which hears a sine for ever and asks nobody."""
    wave = tmp_path_factory.mktemp("sound") / "sine.wav"
    wave.write_bytes(tone(3, 48_000))
    microphone = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            headless=True,
            args=[*FLAGS, *microphone, f"--use-file-for-fake-audio-capture={wave}"],
        )
        yield browser
        browser.close()


def _asked(page: Page) -> QueryId:
    page.wait_for_url("**/#/clip?id=*")
    return QueryId(page.url.partition("id=")[2])


def _answer(query_id: QueryId) -> bytes:
    """As the extractor would; the clip it got."""
    clip = services().queries.clip(query_id, max_bytes=1 << 20)
    assert clip is not None
    features = np.random.default_rng(3).normal(size=DIM).astype(np.float32)
    words = Descriptors(bpm=122.0, pulse_clarity=0.5, loudness=-9.0)
    heard = Heard(
        "musicnn-msd@1", Embedding(features, np.zeros(DIM, np.float32)), (Tag("jazz", 0.7),), descriptors=words
    )
    services().queries.settle(query_id, heard)
    return clip


def _violations(page: Page) -> list[str]:
    return [f"{violation['id']}: {violation['help']}" for violation in Axe().run(page).response["violations"]]


def test_what_the_microphone_hears_is_drawn_played_again_and_answered_by_keyboard_alone(open_page: OpenPage) -> None:
    page = open_page("#/clip")
    record = page.locator(".mic")
    record.focus()
    page.keyboard.press("Enter")
    expect(record).to_have_text("Cancel")
    expect(record).to_have_text("Done", timeout=9000)  # five seconds at least
    expect(record).to_be_focused()
    assert _violations(page) == []
    page.keyboard.press("Enter")
    clip = _answer(_asked(page))
    heard = decode(clip, _RATE, 3.0)
    assert 4.5 < heard.seconds < 31
    assert np.abs(heard.samples).max() > 0.2
    expect(page.locator(".tracks > .track")).to_have_count(12)
    expect(page.locator(".heard")).to_contain_text("122")
    expect(page.locator(".heard .tag")).to_have_text("jazz")
    expect(page.get_by_role("img", name="Your clip")).to_be_visible()
    assert len(page.locator(".waveform .all").get_attribute("d") or "") > 1000
    page.keyboard.press("Tab")
    again = page.get_by_role("button", name="Listen to it")
    expect(again).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Pause")).to_be_focused()
    expect(record).to_have_text("Again")
    assert _violations(page) == []


def test_a_recording_that_is_stopped_too_soon_is_sent_nowhere(open_page: OpenPage) -> None:
    page = open_page("#/clip?record", width="phone")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Record")).to_be_visible()
    assert page.url.endswith("#/clip")  # so that nobody who comes back is recorded


@both_widths
def test_a_file_that_is_dropped_is_asked_with(open_page: OpenPage, width: str, site: Site) -> None:
    page = open_page("#/clip", width=width)
    carried = page.evaluate_handle(
        """(samples) => { const files = new DataTransfer();
          files.items.add(new File([new Uint8Array(samples)], "humming.wav", { type: "audio/wav" }));
          return files; }""",
        list(tone()),
    )
    page.locator(".listen").dispatch_event("drop", {"dataTransfer": carried})
    query_id = _asked(page)
    upload = services().uploads.upload(query_id, 1, "audio/wav")
    assert upload.url == f"/queries/{query_id}/clip"
    assert _answer(query_id) == tone()
    expect(page.locator(".tracks > .track")).to_have_count(12)
    page.locator(".track .title").first.click()
    page.go_back()
    expect(page.locator(".tracks > .track")).to_have_count(12)
    expect(page.get_by_role("img", name="Your clip, 3 seconds")).to_be_visible()


def test_a_clip_that_could_not_be_heard_says_why_in_plain_words(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page("#/clip")
    clip = tmp_path / "noise.txt"
    clip.write_bytes(b"no audio at all")
    page.get_by_label("Choose a file").set_input_files(clip)
    failed = Heard("musicnn-msd@1", reason=Reason.UNDECODABLE, message="libsndfile: Format not recognised.")
    services().queries.settle(_asked(page), failed)
    problem = page.get_by_role("alert")
    expect(problem).to_contain_text("No music could be read from it")
    expect(problem).not_to_contain_text("libsndfile")


def test_a_refused_microphone_is_told_in_plain_words_and_a_file_can_still_be_chosen(
    chromium: Browser, site: Site
) -> None:
    refusing = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream=deny"]
    browser = chromium.browser_type.launch(executable_path=CHROMIUM, headless=True, args=[*FLAGS, *refusing])
    page = browser.new_page()
    page.goto(f"{site.url}/#/clip")
    page.locator(".mic").click()
    expect(page.get_by_role("alert")).to_contain_text("The microphone is not allowed.")
    expect(page.get_by_role("alert")).not_to_contain_text("Error")
    expect(page.get_by_label("Choose a file")).to_be_enabled()
    browser.close()


def test_where_the_browser_keeps_its_microphone_a_device_s_own_recorder_is_offered(open_page: OpenPage) -> None:
    page = open_page("#/path", width="phone")
    page.evaluate("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")  # as pages of http have it
    page.evaluate("location.hash = '#/clip'")
    expect(page.get_by_label("Record with this device")).to_have_attribute("capture", "")
    expect(page.locator(".mic")).to_have_count(0)
    assert _violations(page) == []
