"""Tests share their clients, and nothing else of one another."""

import boto3
from botocore.stub import Stubber

from tests.aws import account


def test_what_one_test_hangs_on_a_client_is_not_there_in_the_next() -> None:
    heard: list[str] = []
    with account() as aws:
        aws.tracks_table()
        aws.dynamodb.meta.events.register("before-call.dynamodb", lambda **_: heard.append("a request"))
        aws.dynamodb.list_tables()
        stubber = Stubber(boto3.client("sns"))
        stubber.add_response("list_topics", {"Topics": [{"TopicArn": "stubbed"}]})
        stubber.activate()
        assert boto3.client("sns").list_topics()["Topics"]
    with account() as aws:
        assert aws.dynamodb.list_tables()["TableNames"] == []
        assert boto3.client("sns").list_topics()["Topics"] == []
    assert heard == ["a request"]
