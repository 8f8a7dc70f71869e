"""One track can be followed through the logs of a deployed stage, and its metrics are where the alarms look."""

import json
from typing import Any

import pytest

from tests.cloud.conftest import STAGE, Deployment

_FLUSHES = 10


def _lines(deployment: Deployment, function: str) -> list[dict[str, Any]]:
    found = []
    for line in deployment.account.logged(f"earshot-{STAGE}-{function}"):
        if line.startswith("{"):
            found.append(json.loads(line))
    return found


@pytest.fixture(scope="module")
def track_ids(deployment: Deployment) -> set[str]:
    items = deployment.client("dynamodb").scan(TableName=f"earshot-{STAGE}-tracks")["Items"]
    found = {item["track_id"]["S"] for item in items if item["status"]["S"] == "ready"}
    assert found, "run this together with test_deployed_pipeline.py"
    return found


@pytest.mark.parametrize("function", ["fetch_preview", "extract", "index_tracks"])
def test_every_step_logs_json_with_the_track_as_correlation_id(
    deployment: Deployment, track_ids: set[str], function: str
) -> None:
    # The embedded AWS reads a function's last lines only with those of its next event, when the machine is busy.
    correlated: set[str | None] = set()
    for _ in range(_FLUSHES):
        correlated = {line.get("correlation_id") for line in _lines(deployment, function)}
        if track_ids <= correlated:
            break
        deployment.client("lambda").invoke(FunctionName=f"earshot-{STAGE}-{function}", Payload=b'{"Records": []}')
    assert track_ids <= correlated


@pytest.mark.parametrize(
    ("function", "service", "metric"),
    [
        ("fetch_preview", "crawler", "PreviewsFetched"),
        ("extract", "extractor", "TracksExtracted"),
        ("extract", "extractor", "ExtractSeconds"),
        ("index_tracks", "annoy_service", "IndexedTracks"),
        ("index_tracks", "annoy_service", "IndexFreshnessSeconds"),
        ("record_plays", "listening", "PlaysKept"),
    ],
)
def test_metrics_leave_each_function_under_the_service_that_the_dashboard_names(
    deployment: Deployment, track_ids: set[str], function: str, service: str, metric: str
) -> None:
    values = [line for line in _lines(deployment, function) if metric in line]
    assert values
    for line in values:
        assert line["service"] == service
        assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service"]]
        assert line[metric][0] >= 0
