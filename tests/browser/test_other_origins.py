"""On one machine: what a web page of another origin can make a real browser send changes nothing here."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from api.one_machine.asgi import app
from local.front_door import from_here, only_for
from tests.browser.site import CHROMIUM, FLAGS, serving
from tests.stubs.web import Answer, Request, StubServer, serve
from tests.unit.api.world import World, running_world

_CRAWL = """const CRAWL = '{"playlist": "deezer:playlist:1", "remove_missing": true}';
  const PLAY = '{"listen_type": "single", "payload": [{"listened_at": 1443521965, "track_metadata": ' +
    '{"track_name": "x", "artist_name": "y"}}]}';"""
_JSON = "headers: {'Content-Type': 'application/json'}"
_ATTACKS = {
    "a blob without a type": "fetch(url + '/crawls', {method: 'POST', mode: 'no-cors', body: new Blob([CRAWL])})",
    "bytes": "fetch(url + '/crawls', {method: 'POST', body: new TextEncoder().encode(CRAWL)})",
    "simple text": "fetch(url + '/crawls', {method: 'POST', mode: 'no-cors', body: CRAWL})",
    "json": f"fetch(url + '/crawls', {{method: 'POST', {_JSON}, body: CRAWL}})",
    "a blob that says it is json": "fetch(url + '/crawls', {method: 'POST', mode: 'no-cors', "
    "body: new Blob([CRAWL], {type: 'application/json'})})",
    "a beacon": "navigator.sendBeacon(url + '/crawls', new Blob([CRAWL]))",
    "without a referrer": "fetch(url + '/crawls', {method: 'POST', mode: 'no-cors', referrerPolicy: 'no-referrer', "
    "credentials: 'include', body: new Blob([CRAWL])})",
    "a query": "fetch(url + '/queries', {method: 'POST', mode: 'no-cors', body: new Blob(['{\"size\": 1}'])})",
    "a put": "fetch(url + '/tracks/deezer:1', {method: 'PUT'})",
    "a put with xhr": "new Promise((done) => { const asked = new XMLHttpRequest(); asked.onloadend = done; "
    "asked.open('PUT', url + '/tracks/deezer:1'); asked.send(); })",
    "plays as simple text": "fetch(url + '/1/submit-listens', {method: 'POST', mode: 'no-cors', body: PLAY})",
    "plays with a token": "fetch(url + '/1/submit-listens', {method: 'POST', headers: {Authorization: 'Token x'}, "
    "body: PLAY})",
    "a delete": "fetch(url + '/tracks/deezer:1', {method: 'DELETE'})",
}
_FORM = """([url, type, name, value]) => { const form = document.createElement("form");
  form.action = url + "/crawls"; form.method = "post"; form.enctype = type;
  const field = document.createElement("input"); field.name = name; field.value = value; form.append(field);
  document.body.append(form); form.submit(); }"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running_world(tmp_path_factory.mktemp("origins"), EARSHOT_STAGE="local", EARSHOT_API_KEYS="") as world:
        yield world


@pytest.fixture(scope="module")
def here(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The api behind the front door of the local stack."""
    with serving(only_for(["127.0.0.1", "localhost"], from_here([], app))) as url:
        yield url


def _page(_: Request) -> Answer:
    return Answer(200, b"<!doctype html><title>elsewhere</title>", {"Content-Type": "text/html"})


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[StubServer]:
    with serve(_page) as server:
        yield server


@pytest.fixture(scope="module")
def browser(elsewhere: StubServer) -> Iterator[Browser]:
    flags = [*FLAGS, f"--host-resolver-rules=MAP evil.example 127.0.0.1:{elsewhere.port}"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=flags)
        yield browser
        browser.close()


@pytest.fixture(params=["another site", "another port of this machine"])
def page(request: pytest.FixtureRequest, browser: Browser, elsewhere: StubServer) -> Iterator[Page]:
    page = browser.new_page()
    page.goto("http://evil.example/" if request.param == "another site" else elsewhere.url)
    yield page
    page.close()


def _changed(world: World) -> list[Any]:
    """Whatever there is: nothing was before."""
    queued = [
        message
        for queue in world.queues.values()
        for message in world.sqs.receive_message(QueueUrl=queue).get("Messages", ())
    ]
    return [*queued, *world.s3.list_objects_v2(Bucket="previews").get("Contents", ()), *world.table.scan()]


@pytest.mark.parametrize("attack", _ATTACKS.values(), ids=_ATTACKS)
def test_a_page_elsewhere_changes_nothing(page: Page, here: str, world: World, attack: str) -> None:
    refused: list[int] = []
    page.on("response", lambda answer: refused.append(answer.status))
    page.evaluate(f"async (url) => {{ {_CRAWL} try {{ await ({attack}) }} catch {{}} }}", here)
    page.evaluate("(url) => fetch(url + '/health', {mode: 'no-cors'}).then(() => {})", here)  # answered after it
    assert _changed(world) == []
    assert not {status for status in refused if status < 400} - {200}  # of /health


@pytest.mark.parametrize(
    "form",
    [
        ("text/plain", '{"playlist": "deezer:playlist:1", "x": "', '"}'),
        ("application/x-www-form-urlencoded", "playlist", "deezer:playlist:1"),
        ("multipart/form-data", "playlist", "deezer:playlist:1"),
    ],
    ids=lambda form: form[0],
)
def test_a_form_elsewhere_changes_nothing(page: Page, here: str, world: World, form: tuple[str, ...]) -> None:
    with page.expect_navigation(url=f"{here}/crawls") as navigation:
        page.evaluate(_FORM, [here, *form])
    answer = navigation.value
    assert answer
    assert answer.status == 403
    assert _changed(world) == []


def test_the_page_that_earshot_serves_itself_may(browser: Browser, here: str, world: World) -> None:
    page = browser.new_page()
    page.goto(here)
    status = page.evaluate(f"async (url) => {{ {_CRAWL} return (await {_ATTACKS['json']}).status }}", here)
    assert status == 202
    assert len(_changed(world)) == 1


def test_the_attacks_would_work_without_the_guard(browser: Browser, elsewhere: StubServer, world: World) -> None:
    """Or else the tests above prove nothing."""
    with serving() as unguarded:
        page = browser.new_page()
        page.goto(elsewhere.url)
        page.evaluate(f"async (url) => {{ {_CRAWL} await ({_ATTACKS['a blob without a type']}) }}", unguarded)
        assert len(_changed(world)) == 1
