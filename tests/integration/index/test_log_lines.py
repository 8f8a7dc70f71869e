"""Every log line of the functions is JSON in the service's name, as docs/operations.md says, whoever writes it."""

import json
import os
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[3]
_PROGRAM = """
import os, sys
import boto3, numpy as np
from moto import mock_aws

with mock_aws():
    dynamodb, s3, sns, sqs = map(boto3.client, ("dynamodb", "s3", "sns", "sqs"))
    dynamodb.create_table(
        TableName="tracks", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "track_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "track_id", "AttributeType": "S"}],
    )
    s3.create_bucket(Bucket="index")
    os.environ["EARSHOT_INDEX_TOPIC_ARN"] = sns.create_topic(Name="published")["TopicArn"]
    queue = sqs.create_queue(QueueName="any.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    os.environ["EARSHOT_COMPACT_QUEUE_URL"] = os.environ["EARSHOT_INDEX_FAILED_QUEUE_URL"] = queue
    os.environ["EARSHOT_MAX_TRIES"] = "10"
    from annoy_service.handler import compact_index, index_tracks
    from earshot.stores.tracks_table import TracksTable
    from earshot.track import TrackInfo

    values = np.ones(624, "<f2").tobytes()
    TracksTable(dynamodb, "tracks").store_embedding(
        TrackInfo("file:0000000000000001", "file"), embedding=values, drift=values, tags=(),
        model="musicnn-msd@1", preview_at="2026-11-20T07:00:00.000000Z",
    )
    index_tracks({"Records": [{"body": '{"track_ids":["file:0000000000000001"]}'}]}, None)
    compact_index({"Records": [{"body": '{"on_demand":true}'}]}, None)
"""


def test_lines_of_fold_and_compaction_come_out_as_json_in_the_name_of_the_service(tmp_path: Path) -> None:
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith(("EARSHOT_", "AWS_"))}
    run = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        cwd=_ROOT,
        env=surroundings
        | {
            "POWERTOOLS_SERVICE_NAME": "annoy_service",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
            "EARSHOT_TRACKS_TABLE": "tracks",
            "EARSHOT_INDEX_BUCKET": "index",
            "EARSHOT_INDEX_WORK_DIR": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    said = {line["message"]: line for line in lines if "message" in line}
    assert {"folded", "in the index", "compacted"} <= said.keys()
    assert {(line["level"], line["service"]) for line in said.values()} == {("INFO", "annoy_service")}
    assert (said["folded"]["added"], said["folded"]["recipe"]) == (1, "musicnn-msd@1-128d-channel")
