"""A stage with keys, walked by schemathesis: without a key nothing that costs or changes anything is done."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest
from schemathesis import GenerationMode

from tests.browser.site import serving
from tests.document import OPERATIONS, assert_keeps_its_promises, needs_a_key, takes_input
from tests.unit.api.world import World, direction, running_world, track

_KEY = "who has it may have work done"
_BROKEN = {401, 404, 405, 413, 415, 422}
"""What breaks the contract may be told so before it is asked for a key."""

KEYED = [operation for operation in OPERATIONS if needs_a_key(operation)]
READING = [operation for operation in OPERATIONS if not needs_a_key(operation)]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A stage in the cloud that has one key and some tracks."""
    settings = {
        "EARSHOT_STAGE": "dev",
        "EARSHOT_API_KEYS": sha256(_KEY.encode()).hexdigest(),
        "EARSHOT_QUOTA_PER_HOUR": "1000000",
        "EARSHOT_REQUEST_WAIT_S": "0",
    }
    with running_world(tmp_path_factory.mktemp("keys"), **settings) as world:
        world.publish([track(number) for number in range(1, 6)], [direction(**{f"a{n}": 1}) for n in range(5)])
        yield world


@pytest.fixture(scope="module")
def url(world: World) -> Iterator[str]:
    with serving() as url:
        yield url


def _changed(world: World) -> list[Any]:
    queued = [
        message
        for queue in world.queues.values()
        for message in world.sqs.receive_message(QueueUrl=queue).get("Messages", ())
    ]
    return [*queued, *world.s3.list_objects_v2(Bucket="previews").get("Contents", ()), *world.table.scan()]


def test_the_document_knows_what_needs_a_key() -> None:
    assert {operation.label for operation in KEYED} == {
        "POST /crawls",
        "POST /crawls/preview",
        "GET /crawls/{crawl_id}/entries",
        "DELETE /crawls/{crawl_id}",
        "POST /crawls/{crawl_id}/cancel",
        "GET /playlists",
        "GET /playlists/{playlist_id}",
        "PATCH /playlists/{playlist_id}",
        "DELETE /playlists/{playlist_id}",
        "DELETE /tracks/{track_id}",
        "POST /playlists",
        "POST /queries",
        "PUT /tracks/{track_id}",
        "GET /shard",
        "GET /shard/tracks/{track_id}",
        "POST /shard/nearest",
        "POST /listens",
        "GET /listens",
        "DELETE /listens",
        "GET /listens/export",
        "PUT /listens/now",
        "GET /opinions",
        "GET /recommend",
        "GET /radio",
        "PUT /opinions/{track_id}",
        "DELETE /opinions/{track_id}",
    }
    changing = {operation.label for operation in READING if operation.method.upper() != "GET"}
    assert changing == {"POST /similar", "POST /extend", "POST /lists"}  # questions too long for an address


@pytest.mark.parametrize("key", [None, "a guess"])
@pytest.mark.parametrize("operation", KEYED, ids=lambda operation: operation.label)
def test_without_a_key_nothing_is_done(world: World, url: str, operation: Any, key: str | None) -> None:
    assert_keeps_its_promises(url, operation, GenerationMode.POSITIVE, examples=6, key=key, statuses=_BROKEN)
    if takes_input(operation):
        assert_keeps_its_promises(url, operation, GenerationMode.NEGATIVE, examples=6, key=key, statuses=_BROKEN)
    assert _changed(world) == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/crawls", {"playlist": "deezer:playlist:1", "remove_missing": True}),
        ("POST", "/queries", {"size": 1000}),
        ("POST", "/queries", {"url": "https://cdn.example/a.mp3"}),
        ("PUT", "/tracks/deezer:1", None),
    ],
)
def test_what_is_asked_for_rightly_is_refused_for_the_key_alone(
    world: World, method: str, path: str, body: dict[str, object] | None
) -> None:
    answer = world.request(method, path, json=body)
    assert answer.status_code == 401
    assert _changed(world) == []


@pytest.mark.parametrize("operation", READING, ids=lambda operation: operation.label)
def test_reading_needs_none_but_for_folders(url: str, operation: Any) -> None:
    refused = {401} if "401" in operation.definition.raw["responses"] else set()
    assert_keeps_its_promises(
        url, operation, GenerationMode.POSITIVE, examples=3, statuses={200, 304, 404, 409, 413, 415, 422, 503} | refused
    )


@pytest.mark.parametrize("operation", KEYED, ids=lambda operation: operation.label)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
def test_with_the_key_every_promise_holds(url: str, operation: Any, mode: GenerationMode) -> None:
    if mode is GenerationMode.POSITIVE or takes_input(operation):
        assert_keeps_its_promises(
            url, operation, mode, examples=4, key=_KEY, statuses={200, 201, 202, 404, 405, 409, 413, 415, 422}
        )
