"""The whole way through a deployed stage: a playlist goes in, similar tracks come out of the HTTP API."""

import json
import time
import urllib.error
import urllib.request
from typing import Any

from earshot.messages import CrawlPlaylist
from tests.cloud.conftest import STAGE, TRACKS, Deployment

_INDEXED_WITHIN_S = 60.0


def _get(deployment: Deployment, path: str) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(deployment.api_url + path, timeout=60) as answer:  # noqa: S310 an http URL
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
    status, nothing = _get(deployment, "/similar?track_id=deezer:3135556")
    assert status in (404, 503), nothing

    message = CrawlPlaylist(crawl_id="first", playlist=str(deployment.music))
    deployment.client("sqs").send_message(
        QueueUrl=_parameter(deployment, "crawl-queue-url"), MessageBody=message.to_json()
    )

    deadline = time.monotonic() + _INDEXED_WITHIN_S
    health: dict[str, Any] = {}
    while time.monotonic() < deadline and _indexed(health) < TRACKS:
        time.sleep(1)
        status, health = _get(deployment, "/health")
    assert _indexed(health) == TRACKS, f"{health}\n{deployment.account.function_logs()}"

    table = deployment.client("dynamodb").scan(TableName=_parameter(deployment, "tracks-table"))["Items"]
    assert {item["status"]["S"] for item in table} == {"ready"}
    for item in table:
        track_id = item["track_id"]["S"]
        status, answer = _get(deployment, f"/similar?track_id={track_id}&k=3")
        assert status == 200, answer
        found = [neighbour["track_id"] for neighbour in answer["similar"]]
        assert len(found) == 3
        assert track_id not in found
    previews = deployment.client("s3").list_objects_v2(Bucket=_parameter(deployment, "previews-bucket"))
    assert previews["KeyCount"] == 0, "audio outlived its extraction"
