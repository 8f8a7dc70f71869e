"""What is remembered of requests is nothing in which one differs from another."""

from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import ClientError

from tests.aws import account


def test_a_condition_is_judged_by_the_values_of_its_request() -> None:
    with account() as aws:
        name = aws.table("numbers", "key")

        def put(number: int, at_most: int) -> None:
            aws.dynamodb.put_item(
                TableName=name,
                Item={"key": {"S": "one"}, "number": {"N": str(number)}},
                ConditionExpression="attribute_not_exists(#n) OR #n <= :most",
                ExpressionAttributeNames={"#n": "number"},
                ExpressionAttributeValues={":most": {"N": str(at_most)}},
            )

        put(5, 0)
        with pytest.raises(ClientError, match="ConditionalCheckFailed"):
            put(6, 4)
        put(7, 5)
        assert aws.dynamodb.get_item(TableName=name, Key={"key": {"S": "one"}})["Item"]["number"] == {"N": "7"}


def test_answers_have_ids_of_their_own() -> None:
    with account() as aws:
        ids = {aws.dynamodb.list_tables()["ResponseMetadata"]["RequestId"] for _ in range(3)}
    assert len(ids) == 3
    assert {len(one) for one in ids} == {52}


def test_a_signed_address_is_signed() -> None:
    with account() as aws:
        url = aws.s3.generate_presigned_url("get_object", Params={"Bucket": aws.bucket("signed"), "Key": "a"})
    asked = {name.lower(): value for name, value in parse_qs(urlsplit(url).query).items()}
    assert len((asked.get("x-amz-signature") or asked["signature"])[0]) >= 28


def test_what_is_made_where_moto_keeps_it_is_what_a_request_makes() -> None:
    """But for when it was made."""
    with account() as aws:
        keys = "crawl_id", "entry"
        aws.table("ours", *keys, stream=True)
        aws.dynamodb.create_table(
            TableName="asked",
            KeySchema=[{"AttributeName": keys[0], "KeyType": "HASH"}, {"AttributeName": keys[1], "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        ours, asked = (aws.dynamodb.describe_table(TableName=name)["Table"] for name in ("ours", "asked"))
        same = {"KeySchema", "AttributeDefinitions", "BillingModeSummary", "StreamSpecification", "TableStatus"}
        assert ours.keys() == asked.keys()
        assert {name: ours.get(name) for name in same} == {name: asked.get(name) for name in same}
        region = aws.s3.get_bucket_location(Bucket=aws.bucket("made"))["LocationConstraint"]
        assert region == aws.s3.meta.region_name
