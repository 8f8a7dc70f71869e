"""The whole way through a deployed stage: a playlist goes in, similar tracks come out of the HTTP API."""

import json
import time
import urllib.error
import urllib.request
from typing import Any

from tests.cloud.conftest import STAGE, TRACKS, Deployment

_INDEXED_WITHIN_S = 120.0


def _ask(deployment: Deployment, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(  # noqa: S310 an http URL
        deployment.api_url + path,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def _indexed(health: dict[str, Any]) -> int:
    return int((health.get("index") or {}).get("tracks", 0))


def _parameter(deployment: Deployment, key: str) -> str:
    answer = deployment.client("ssm").get_parameter(Name=f"/earshot/{STAGE}/{key}")
    value: str = answer["Parameter"]["Value"]
    return value


def test_a_playlist_becomes_a_search_engine_in_a_deployed_stage(deployment: Deployment) -> None:
    status, nothing = _ask(deployment, "/similar?track_id=deezer:3135556")
    assert status in (404, 503), nothing

    status, crawl = _ask(deployment, "/crawls", {"playlist": str(deployment.music)})
    assert status == 202, crawl

    deadline = time.monotonic() + _INDEXED_WITHIN_S
    health: dict[str, Any] = {}
    while time.monotonic() < deadline and _indexed(health) < TRACKS:
        time.sleep(1)
        status, health = _ask(deployment, "/health")
    progress = _ask(deployment, crawl["status_url"])[1]
    assert _indexed(health) == TRACKS, f"{progress}\n{health}\n{deployment.account.function_logs()}"
    assert (progress["states"], progress["reasons"]) == ({"ready": TRACKS}, {})

    table = deployment.client("dynamodb").scan(TableName=_parameter(deployment, "tracks-table"))["Items"]
    assert {item["status"]["S"] for item in table} == {"ready"}
    for item in table:
        track_id = item["track_id"]["S"]
        status, answer = _ask(deployment, f"/similar?track_id={track_id}&k=3")
        assert status == 200, answer
        found = [result["track_id"] for result in answer["results"]]
        assert len(found) == 3
        assert track_id not in found
    status, track = _ask(deployment, f"/tracks/{track_id}")
    assert (status, track["status"]) == (200, "ready")
    status, crawls = _ask(deployment, "/crawls")
    assert (status, len(crawls["crawls"])) == (200, 1)
    previews = deployment.client("s3").list_objects_v2(Bucket=_parameter(deployment, "previews-bucket"))
    assert previews["KeyCount"] == 0, "audio outlived its extraction"
