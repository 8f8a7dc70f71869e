"""An api over an in-process AWS for each test."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from earshot.tracks_table import TracksTable
from tests.unit.api.world import SETTINGS, World, create_table, request


@pytest.fixture
def settings() -> Mapping[str, str]:
    """More settings of the api; a test may override this fixture."""
    return {}


@pytest.fixture
def world(tmp_path: Path, settings: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """An empty world: tables, buckets and queues exist, nothing was crawled or indexed."""
    from api.bootstrap import services

    for name in [name for name in os.environ if name.startswith(("EARSHOT_", "AWS_"))]:
        monkeypatch.delenv(name)
    with mock_aws():
        for name, value in SETTINGS.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("EARSHOT_INDEX_CACHE_DIR", str(tmp_path))
        dynamodb, s3, sqs = boto3.client("dynamodb"), boto3.client("s3"), boto3.client("sqs")
        create_table(dynamodb, "tracks", "track_id")
        create_table(dynamodb, "crawls", "crawl_id", "entry")
        for bucket in ("index", "previews"):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        queues = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("crawl", "fetch")}
        monkeypatch.setenv("EARSHOT_CRAWL_QUEUE_URL", queues["crawl"])
        monkeypatch.setenv("EARSHOT_FETCH_QUEUE_URL", queues["fetch"])
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        services.cache_clear()
        yield World(request, TracksTable(dynamodb, "tracks"), sqs, queues, s3)
        services.cache_clear()
