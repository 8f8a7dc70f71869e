"""The contract: documents match the code, and every error has the one shape."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from api.http.app import resolver
from api.http.openapi import document_text
from config.api import ApiSettings
from earshot.errors import EarshotError, InvalidSettings, http_status
from tests.unit.api.world import World, direction, track

_DOCS = Path(__file__).parents[3] / "docs"


def _all_errors(kind: type[EarshotError] = EarshotError) -> list[type[EarshotError]]:
    return [kind] + [error for child in kind.__subclasses__() for error in _all_errors(child)]


def test_the_committed_openapi_document_is_that_of_the_code() -> None:
    committed = (_DOCS / "openapi.json").read_text(encoding="utf-8")
    assert committed == document_text(), "run: make openapi"


def test_the_openapi_document_is_valid_3_1() -> None:
    document = json.loads(document_text())
    validate(document)
    assert document["openapi"].startswith("3.1")


def test_every_parameter_and_body_of_the_document_has_limits() -> None:
    document = json.loads(document_text())
    unbounded = [
        (path, parameter["name"])
        for path, operations in document["paths"].items()
        for operation in operations.values()
        for parameter in operation.get("parameters", ())
        if not ({"maxLength", "maximum", "maxItems", "enum"} & parameter["schema"].keys())
        and parameter["schema"]["type"] != "boolean"
    ]
    assert unbounded == []


def _operations() -> list[tuple[str, Any]]:
    paths = json.loads(document_text())["paths"]
    return [(f"{method} {path}", told) for path, methods in paths.items() for method, told in methods.items()]


def test_every_operation_parameter_and_body_is_described_and_shown_by_an_example() -> None:
    lacking = []
    for label, told in _operations():
        lacking += [label for name in ("summary", "description", "operationId") if not told.get(name)]
        for parameter in told.get("parameters", ()):
            is_told = parameter.get("description") and "example" in parameter
            lacking += [] if is_told else [f"{label}: {parameter['name']}"]
        if body := told.get("requestBody"):
            is_told = body.get("description") and all("example" in kind for kind in body["content"].values())
            lacking += [] if is_told else [f"{label}: body"]
        answer: dict[str, Any] = next((one for status, one in sorted(told["responses"].items()) if status < "300"), {})
        json_answer = answer.get("content", {}).get("application/json")
        lacking += [f"{label}: answer"] if json_answer and "example" not in json_answer and label != _ITSELF else []
    assert lacking == []


_ITSELF = "get /openapi.json"


def test_every_example_keeps_to_its_schema() -> None:
    """Run ``python -m tests.api_examples`` where an answer has another shape now."""
    schemas = json.loads(document_text())["components"]["schemas"]
    broken = []
    for label, told in _operations():
        parts = [(f"{label}: {one['name']}", one["schema"], one["example"]) for one in told.get("parameters", ())]
        said = [told["requestBody"]] if "requestBody" in told else []
        for part in (*said, *told["responses"].values()):
            parts += [(label, c["schema"], c["example"]) for c in part.get("content", {}).values() if "example" in c]
        for where, schema, example in parts:
            checker = Draft202012Validator({**schema, "components": {"schemas": schemas}})
            broken += [f"{where}: {error.message[:200]}" for error in checker.iter_errors(example)]
    assert broken == []


def test_every_route_is_in_the_document() -> None:
    app = resolver()
    routes = [*app._static_routes, *app._dynamic_routes]
    served = {(route.method.lower(), _openapi_path(route.openapi_path)) for route in routes}
    documented = {(method, path) for label, _ in _operations() for method, path in [label.split(" ")]}
    assert served - documented == set()


def _openapi_path(path: str) -> str:
    return "/rest/{method}" if path.startswith("/rest/") else path


@pytest.mark.parametrize("error", _all_errors(), ids=lambda error: error.__name__)
def test_every_error_code_is_documented_with_its_status(error: type[EarshotError]) -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (_DOCS / "errors.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
    ]
    documented = {row[0].strip("`"): row[1] for row in rows if len(row) == 4}
    assert documented.get(error.code) == str(int(http_status(error.__new__(error))))


def test_unknown_paths_and_methods_get_the_one_error_shape(world: World) -> None:
    missing = world.get("/nowhere")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "route_not_found")
    wrong = world.request("DELETE", "/similar")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (405, "method_not_allowed")
    assert wrong.headers["allow"] == "GET, POST"


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{", "application/json", 422, "invalid_request"),
        (b"[]", "application/json", 422, "invalid_request"),
        (b"null", "application/json", 422, "invalid_request"),
        (b"", "application/json", 422, "invalid_request"),
        (b'{"seeds": []}', "application/json", 422, "invalid_request"),
        (b'{"seeds": [{"track_id": "deezer:1", "weight": NaN}]}', "application/json", 422, "invalid_request"),
        (b'{"seeds": [{"track_id": "\\ud800"}]}', "application/json", 422, "invalid_request"),
        (b'{"unknown": 1, "seeds": [{"track_id": "deezer:1"}]}', "application/json", 422, "invalid_request"),
        (b"[" * 50_000, "application/json", 422, "invalid_request"),
        (b'{"k": ' + b"9" * 5000 + b"}", "application/json", 422, "invalid_request"),
        (b"\xff\xfe", "application/json", 422, "invalid_request"),
        (b"a=b", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b"", "text/xml", 415, "unsupported_media_type"),
        (b"--x", "multipart/form-data", 415, "unsupported_media_type"),
        (b" " * 70_000, "application/json", 413, "request_too_large"),
    ],
    ids=lambda value: value[:24].decode("latin-1") if isinstance(value, bytes) else None,
)
def test_bodies_that_cannot_be_used_are_refused(
    world: World, body: bytes, content_type: str, status: int, code: str
) -> None:
    world.publish([track(1)], [direction(a0=1)])
    answer = world.request("POST", "/similar", content=body, headers={"content-type": content_type})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_a_get_brings_no_large_body_either(world: World) -> None:
    """Nobody reads it, but the gateway is paid for it, and a dear answer would come on top."""
    answer = world.request("GET", "/health", content=b" " * 70_000)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "request_too_large")
    assert world.request("GET", "/health", content=b" " * 100).status_code == 200


def test_a_fault_of_ours_says_nothing_of_its_cause(world: World) -> None:
    world.s3.put_object(Bucket="index", Key="latest.json", Body=b"not json, secret-bucket-name")
    damaged = world.get("/similar", track_id="deezer:1")
    assert (damaged.status_code, damaged.json()["error"]["code"]) == (503, "damaged_index")
    world.s3.delete_object(Bucket="index", Key="latest.json")
    world.s3.delete_bucket(Bucket="index")
    broken = world.get("/similar", track_id="deezer:1")
    assert (broken.status_code, broken.json()["error"]["code"]) == (500, "internal_error")
    assert "bucket" not in broken.text.lower()


def test_head_is_get_without_the_body(world: World) -> None:
    answer = world.request("HEAD", "/health")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers.get("content-length") != "0"


def test_the_document_names_the_header_that_carries_the_key() -> None:
    document = json.loads(document_text())
    assert document["components"]["securitySchemes"]["key"]["name"] == "X-Api-Key"
    keyed = {
        (method, path)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if {"key": []} in operation.get("security", ())
    }
    assert keyed == {
        *(("get", path) for path in ("/similar", "/path", "/search", "/queries/{query_id}")),  # folders are asked for
        *(("post", path) for path in ("/similar", "/extend")),
        *(("get", path) for path in ("/recommend", "/radio")),
        ("post", "/crawls"),
        ("delete", "/crawls/{crawl_id}"),
        ("post", "/crawls/{crawl_id}/cancel"),
        ("get", "/playlists"),
        *((method, "/playlists/{playlist_id}") for method in ("get", "patch", "delete")),
        ("delete", "/tracks/{track_id}"),
        ("get", "/crawls/{crawl_id}/entries"),
        ("post", "/crawls/preview"),
        ("post", "/playlists"),
        ("post", "/queries"),
        ("put", "/tracks/{track_id}"),
        *(("get", path) for path in ("/shard", "/shard/tracks/{track_id}")),
        ("post", "/shard/nearest"),
        *((method, "/listens") for method in ("get", "post", "delete")),
        ("put", "/listens/now"),
        ("get", "/listens/export"),
        ("get", "/opinions"),
        *((method, "/opinions/{track_id}") for method in ("put", "delete")),
    }


def test_swagger_is_served_without_any_other_host(world: World) -> None:
    page = world.get("/docs")
    assert page.status_code == 200
    assert "connect-src 'self'" in page.headers["content-security-policy"]
    assert world.get("/openapi.json").json() == json.loads(document_text())


@pytest.mark.parametrize("settings", [{"EARSHOT_CORS_ORIGINS": "https://player.example"}])
def test_only_the_configured_origins_may_call_from_a_browser(world: World) -> None:
    allowed = world.request("GET", "/health", headers={"Origin": "https://player.example"})
    assert allowed.headers["access-control-allow-origin"] == "https://player.example"
    other = world.request("GET", "/health", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in other.headers
    asked = world.request("OPTIONS", "/similar", headers={"Origin": "https://player.example"})
    assert asked.status_code == 204
    assert {"Content-Type", "If-None-Match", "X-Api-Key"} <= set(
        asked.headers["access-control-allow-headers"].split(",")
    )


@pytest.mark.parametrize("settings", [{"EARSHOT_CORS_ORIGINS": "https://player.example"}])
def test_a_page_elsewhere_can_read_every_refusal_and_caches_know_of_origins(world: World) -> None:
    headers = {"Origin": "https://player.example", "content-type": "text/xml"}
    refused = world.request("POST", "/similar", content=b"<x/>", headers=headers)
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (415, "https://player.example")
    assert "Origin" in world.get("/health").headers["vary"]


def test_without_the_setting_no_origin_is_allowed(world: World) -> None:
    answer = world.request("GET", "/health", headers={"Origin": "https://player.example"})
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "settings",
    [{"EARSHOT_API_KEYS": f"5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8, {'aa' * 32}"}],
)
def test_work_that_costs_needs_a_key_where_keys_are_configured(world: World) -> None:
    body = {"playlist": "deezer:playlist:1"}
    assert world.post("/crawls", body).status_code == 401
    wrong = world.request("POST", "/crawls", json=body, headers={"X-Api-Key": "guess"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "key_required")
    right = world.request("POST", "/crawls", json=body, headers={"X-Api-Key": "password"})
    assert right.status_code == 202
    assert world.get("/health").status_code == 200


@pytest.mark.parametrize("settings", [{"EARSHOT_API_KEYS": "", "EARSHOT_STAGE": "dev"}])
@pytest.mark.parametrize(("method", "path"), [("POST", "/crawls"), ("PUT", "/tracks/deezer:1"), ("POST", "/queries")])
def test_a_stage_in_the_cloud_that_has_no_keys_is_closed(world: World, method: str, path: str) -> None:
    body = {"/crawls": {"playlist": "deezer:playlist:1"}, "/queries": {"size": 1}}.get(path)
    for headers in ({}, {"X-Api-Key": ""}, {"X-Api-Key": "guess"}):
        assert world.request(method, path, json=body, headers=headers).status_code == 401
    assert world.get("/health").status_code == 200


@pytest.mark.parametrize("settings", [{"EARSHOT_API_KEYS": "", "EARSHOT_STAGE": "local"}])
def test_ones_own_machine_is_open(world: World) -> None:
    assert world.post("/crawls", {"playlist": "deezer:playlist:1"}).status_code == 202


_ASKS = [("POST", "/crawls", {"playlist": "deezer:playlist:1"}), ("PUT", "/tracks/deezer:1", None)]


_TWO_KEYS = ",".join(sha256(key).hexdigest() for key in (b"one", b"two"))
_METERED = {"EARSHOT_STAGE": "dev", "EARSHOT_QUOTA_PER_HOUR": "2", "EARSHOT_REQUEST_WAIT_S": "0"}


@pytest.mark.parametrize("settings", [{**_METERED, "EARSHOT_API_KEYS": _TWO_KEYS}])
def test_each_key_has_a_quota_for_what_costs_and_reading_is_free(world: World) -> None:
    def ask(number: int, key: str) -> httpx.Response:
        method, path, body = _ASKS[number % 2]
        return world.request(method, path, json=body, headers={"X-Api-Key": key})

    assert [ask(number, "one").status_code for number in range(4)] == [202, 202, 429, 429]
    refused = ask(0, "one")
    assert refused.json()["error"]["code"] == "quota_exceeded"
    assert 0 < int(refused.headers["retry-after"]) <= 3600
    assert ask(0, "two").status_code == 202
    assert ask(0, "guess").status_code == 401
    assert {world.get("/health").status_code for _ in range(5)} == {200}


@pytest.mark.parametrize("settings", [{**_METERED, "EARSHOT_API_KEYS": "open"}])
def test_where_everybody_may_have_work_done_all_share_one_quota(world: World) -> None:
    asked = [world.request("POST", "/crawls", json=_ASKS[0][2], headers={"X-Api-Key": key}) for key in "abc"]
    assert [answer.status_code for answer in asked] == [202, 202, 429]


@pytest.mark.parametrize(
    "settings", [{"EARSHOT_API_KEYS": "", "EARSHOT_STAGE": "local", "EARSHOT_QUOTA_PER_HOUR": "1"}]
)
def test_on_ones_own_machine_nothing_is_counted(world: World) -> None:
    assert {world.post("/crawls", _ASKS[0][2]).status_code for _ in range(3)} == {202}


@pytest.mark.parametrize("keys", ["password", "open,open", f"open,{'aa' * 32}", "aa" * 31])
@pytest.mark.usefixtures("world")
def test_a_key_itself_is_no_setting(monkeypatch: pytest.MonkeyPatch, keys: str) -> None:
    monkeypatch.setenv("EARSHOT_API_KEYS", keys)
    with pytest.raises(InvalidSettings, match=r"API_KEYS.*digests"):
        ApiSettings.load()
