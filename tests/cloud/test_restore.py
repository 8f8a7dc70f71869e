"""Losing everything that a deployed stage knows, and getting it back from one exported file."""

import time
from pathlib import Path
from typing import Any

from ops import catalogue_file
from ops.catalogue import load, scan
from tests.cloud.conftest import STAGE, TRACKS, Deployment
from tests.cloud.test_deployed_pipeline import ask, indexed

_BACK_WITHIN_S = 120.0
_TABLE, _INDEX = f"earshot-{STAGE}-tracks", f"earshot-{STAGE}-index"


def _neighbours(deployment: Deployment, track_ids: list[str]) -> dict[str, list[str]]:
    answers = {track_id: ask(deployment, f"/similar?track_id={track_id}&k=3")[1] for track_id in track_ids}
    return {
        track_id: [found["track_id"] for found in answer.get("results", [])] for track_id, answer in answers.items()
    }


def _lose_everything(deployment: Deployment) -> None:
    dynamodb, s3 = deployment.client("dynamodb"), deployment.client("s3")
    for item in list(scan(dynamodb, _TABLE)):
        dynamodb.delete_item(TableName=_TABLE, Key={"track_id": item["track_id"]})
    time.sleep(3)  # the stream tells index_tracks, which publishes a version without them
    for entry in s3.list_objects_v2(Bucket=_INDEX).get("Contents", []):
        s3.delete_object(Bucket=_INDEX, Key=entry["Key"])


def test_a_stage_that_lost_table_and_index_answers_as_before_after_an_import(
    deployment: Deployment, tmp_path: Path
) -> None:
    dynamodb = deployment.client("dynamodb")
    ready = sorted(item["track_id"]["S"] for item in scan(dynamodb, _TABLE) if item["status"]["S"] == "ready")
    assert len(ready) == TRACKS, "run this together with test_deployed_pipeline.py"
    before = _neighbours(deployment, ready)
    file = tmp_path / "catalogue.gz"
    exported = catalogue_file.write(file, scan(dynamodb, _TABLE))

    _lose_everything(deployment)
    assert list(scan(dynamodb, _TABLE)) == []
    assert load(dynamodb, _TABLE, file).written == exported.tracks

    deadline = time.monotonic() + _BACK_WITHIN_S
    health: dict[str, Any] = {}
    while time.monotonic() < deadline and _neighbours(deployment, ready) != before:
        time.sleep(2)
        health = ask(deployment, "/health")[1]
    assert _neighbours(deployment, ready) == before, f"{health}\n{deployment.account.function_logs()}"
    assert indexed(ask(deployment, "/health")[1]) == TRACKS
