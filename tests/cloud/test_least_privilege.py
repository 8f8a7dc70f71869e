"""Every role grants what its function calls, and nothing else.

The calls are those of the deployed pipeline (test_deployed_pipeline.py), noted by botocore inside each function. What
the run does not reach, or what Lambda itself does with the role, is listed here with the reason.
"""

import json

import pytest

from tests.cloud.conftest import STAGE, Deployment
from tests.cloud.privileges import Call, Grant, grants, recorded_calls

_BY_LAMBDA = {
    "logs:CreateLogStream": "the runtime writes the log",
    "logs:PutLogEvents": "the runtime writes the log",
    "xray:PutTraceSegments": "the runtime writes the trace",
    "xray:PutTelemetryRecords": "the runtime writes the trace",
    "sqs:ReceiveMessage": "the event source mapping reads the queue",
    "sqs:DeleteMessage": "the event source mapping reads the queue",
    "sqs:GetQueueAttributes": "the event source mapping reads the queue",
    "dynamodb:GetRecords": "the event source mapping reads the stream",
    "dynamodb:GetShardIterator": "the event source mapping reads the stream",
    "dynamodb:DescribeStream": "the event source mapping reads the stream",
    "dynamodb:ListStreams": "Lambda refuses to make the event source mapping without it",
}
_MISSING_OBJECT = "S3 answers 403 instead of 404 for a missing object when the role may not list the bucket"
_NOT_REACHED = {
    (
        "crawl_playlist",
        "sqs:SendMessage",
        "earshot-dev-crawl",
    ): "long playlists and throttled sources go on in a new message",
    **{
        (
            function,
            "ssm:PutParameter",
            "parameter/earshot/dev/secrets/spotify_login",
        ): "Spotify replaces a login's refresh token"
        for function in ("crawl_playlist", "fetch_preview")
    },
    ("crawl_playlist", "dynamodb:GetItem", "table/earshot-dev-crawls"): "rate limits of web sources",
    ("crawl_playlist", "dynamodb:PutItem", "table/earshot-dev-crawls"): "rate limits of web sources",
    ("crawl_playlist", "dynamodb:DeleteItem", "table/earshot-dev-tracks"): "only a crawl with remove_missing removes",
    ("fetch_preview", "sqs:SendMessage", "earshot-dev-fetch"): "a throttled provider's message goes back with a delay",
    ("fetch_preview", "sqs:SendMessage", "earshot-dev-fetch-now"): "the same, of a track that was asked for by name",
    ("fetch_preview", "sqs:SendMessage", "earshot-dev-extract-now"): "a track that was asked for by name",
    ("fetch_preview", "s3:PutObject", "arn:aws:s3:::earshot-dev-previews/clips/*"): "queries whose clip is a URL",
    ("queue_changes", "sqs:SendMessage", "earshot-dev-index-failed"): "Lambda sends what failed for the last time",
    ("reconcile_index", "dynamodb:BatchGetItem", "table/earshot-dev-tracks"): "this hour's slice may hold no track",
    ("reconcile_index", "s3:ListBucket", "arn:aws:s3:::earshot-dev-index"): _MISSING_OBJECT,
    ("fetch_preview", "dynamodb:GetItem", "table/earshot-dev-crawls"): "rate limits of web providers",
    ("fetch_preview", "dynamodb:PutItem", "table/earshot-dev-crawls"): "the same, and which track has a recording",
    ("fetch_preview", "dynamodb:UpdateItem", "table/earshot-dev-crawls"): "notes that a provider asked to wait",
    ("fetch_preview", "s3:ListBucket", "arn:aws:s3:::earshot-dev-previews"): _MISSING_OBJECT,
    ("fetch_preview", "s3:GetObject", "arn:aws:s3:::earshot-dev-previews/queries/*"): "queries whose clip is a URL",
    ("fetch_preview", "s3:PutObject", "arn:aws:s3:::earshot-dev-previews/queries/*"): "queries whose clip is a URL",
    ("extract", "s3:ListBucket", "arn:aws:s3:::earshot-dev-previews"): _MISSING_OBJECT,
    **{
        (function, action, f"earshot-dev-{queue}"): "only what fails is told when to come back"
        for function, queue in (
            ("crawl_playlist", "crawl"),
            ("fetch_preview", "fetch"),
            ("fetch_preview", "fetch-now"),
            ("extract", "extract"),
            ("extract", "extract-now"),
            ("index_tracks", "changes.fifo"),
            ("compact_index", "compact.fifo"),
            ("record_plays", "plays"),
        )
        for action in ("sqs:ChangeMessageVisibility", "sqs:GetQueueUrl")
    },
    ("extract", "dynamodb:GetItem", "table/earshot-dev-tracks"): "whether a preview that is gone is still needed",
    ("extract", "sqs:SendMessage", "earshot-dev-fetch"): "asks for another preview when one has expired",
    **{
        ("reconcile", action, f"earshot-dev-{queue}-dlq"): "no such letter came"
        for action in ("sqs:DeleteMessage",)
        for queue in ("crawl", "fetch-now", "extract", "extract-now")
    },
    ("reconcile", "sqs:SendMessage", "earshot-dev-extract"): "no preview waited for half a day",
    ("reconcile", "s3:GetObject", "arn:aws:s3:::earshot-dev-previews/previews/*"): "no preview was dead",
    ("reconcile", "s3:DeleteObject", "arn:aws:s3:::earshot-dev-previews/previews/*"): "no preview was dead",
    **{
        ("learn_facts", f"dynamodb:{action}", f"table/earshot-dev-{table}"): "no provider of facts is switched on"
        for action, table in (
            ("Scan", "tracks"),
            ("UpdateItem", "tracks"),
            ("GetItem", "crawls"),
            ("PutItem", "crawls"),
        )
    },
    ("index_tracks", "s3:ListBucket", "arn:aws:s3:::earshot-dev-index"): _MISSING_OBJECT,
    ("index_tracks", "sqs:SendMessage", "earshot-dev-index-failed"): "all tracks can be indexed",
    ("api", "s3:ListBucket", "arn:aws:s3:::earshot-dev-index"): _MISSING_OBJECT,
    ("api", "s3:PutObject", "arn:aws:s3:::earshot-dev-previews/clips/*"): "signs addresses for uploads",
    ("api", "s3:DeleteObject", "arn:aws:s3:::earshot-dev-previews/clips/*"): "sweeps what is an hour old",
    ("api", "s3:DeleteObject", "arn:aws:s3:::earshot-dev-previews/queries/*"): "sweeps what is an hour old",
    ("api", "s3:ListBucket", "arn:aws:s3:::earshot-dev-previews"): "sweeps what is an hour old",
    (
        "index_tracks",
        "s3:DeleteObject",
        "arn:aws:s3:::earshot-dev-index/generations/*",
    ): "a change of networks",
    ("record_plays", "dynamodb:Query", "table/earshot-dev-listeners"): "whoever asks to be forgotten meanwhile",
    **{
        ("learn_listening", action, f"arn:aws:s3:::earshot-dev-index{place}"): "too little was played"
        for action, place in (
            ("s3:ListBucket", ""),
            ("s3:PutObject", "/listening/*"),
            ("s3:DeleteObject", "/listening/*"),
        )
    },
    ("pipeline_step", "sqs:SendMessage", "earshot-dev-changes.fifo"): "the index lacks nothing",
    ("pipeline_step", "sqs:SendMessage", "earshot-dev-compact.fifo"): "what serves stays",
    ("pipeline_step", "s3:PutObject", "arn:aws:s3:::earshot-dev-index/*"): "what serves stays",
    ("pipeline_step", "s3:DeleteObject", "arn:aws:s3:::earshot-dev-index/generations/*"): "what serves stays",
    ("pipeline_step", "s3:ListBucket", "arn:aws:s3:::earshot-dev-index"): _MISSING_OBJECT,
    ("pipeline_step", "sns:Publish", "earshot-dev-index-published"): "what serves stays",
    ("compact_index", "dynamodb:BatchGetItem", "table/earshot-dev-tracks"): "finishes verdicts that were cut short",
    ("compact_index", "s3:PutObject", "arn:aws:s3:::earshot-dev-index/*"): "ten tracks need no compaction",
    ("compact_index", "s3:DeleteObject", "arn:aws:s3:::earshot-dev-index/*"): "a young index has no garbage",
    ("compact_index", "sns:Publish", "earshot-dev-index-published"): "ten tracks need no compaction",
}


@pytest.fixture(scope="module")
def granted(deployment: Deployment) -> dict[str, set[Grant]]:
    """What each role of the deployed stack allows."""
    body = deployment.client("cloudformation").get_template(StackName=f"earshot-{STAGE}")["TemplateBody"]
    found = grants(json.loads(body) if isinstance(body, str) else body)
    assert set(found) == set(deployment.functions)
    return found


@pytest.fixture(scope="module")
def called(deployment: Deployment) -> dict[str, set[Call]]:
    """What each function called in the pipeline's run."""
    found = recorded_calls(deployment.calls, f"earshot-{STAGE}-")
    assert set(found) == set(deployment.functions), "run this together with test_deployed_pipeline.py"
    return found


def test_every_call_of_every_function_is_allowed(called: dict[str, set[Call]], granted: dict[str, set[Grant]]) -> None:
    missing = {
        (function, call)
        for function, calls in called.items()
        for call in calls
        if not any(grant.covers(call) for grant in granted[function])
    }
    assert not missing, "\n".join(
        f"{function} may not {call.action} on {call.resource}" for function, call in sorted(missing)
    )


def test_every_grant_is_used_or_has_its_reason(called: dict[str, set[Call]], granted: dict[str, set[Grant]]) -> None:
    unused = {
        (function, grant.action, grant.resource)
        for function, allowed in granted.items()
        for grant in allowed
        if grant.action not in _BY_LAMBDA and not any(grant.covers(call) for call in called[function])
    }
    assert unused - set(_NOT_REACHED) == set()


def test_no_reason_outlives_its_grant(granted: dict[str, set[Grant]]) -> None:
    existing = {(name, grant.action, grant.resource) for name, allowed in granted.items() for grant in allowed}
    assert set(_NOT_REACHED) - existing == set()


def test_no_role_grants_a_wildcard_action_or_every_resource(granted: dict[str, set[Grant]]) -> None:
    for function, allowed in granted.items():
        for grant in allowed:
            assert "*" not in grant.action, function
            assert grant.resource != "*" or grant.action.startswith("xray:"), (function, grant)
