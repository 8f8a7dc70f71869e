"""What infra/ creates in the cloud, created in the embedded AWS: buckets, tables, queues, topic, SSM parameters.

Everything here may be run again and leaves what exists as it is.
"""

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

PREVIEWS_PREFIX = "previews/"
_QUEUES: Mapping[str, tuple[int, int]] = {
    # name: visibility timeout in seconds (function timeout and a little), receives before the dead-letter queue
    "crawl": (310, 5),
    "fetch": (70, 5),
    "extract": (130, 3),
    "compact": (910, 3),
}
_API_EVENTS = "api-events"
_FOURTEEN_DAYS_S = "1209600"


def create_all(session: Any, stage: str) -> None:
    """Create what is missing and (re)write the SSM parameters.

    Args:
        session: a boto3 session.
        stage: part of every name.
    """
    prefix = f"earshot-{stage}"
    sqs = session.client("sqs")
    parameters: dict[str, str] = {}
    for name, (visibility_s, receives) in _QUEUES.items():
        dead = _queue(sqs, f"{prefix}-{name}-dlq", MessageRetentionPeriod=_FOURTEEN_DAYS_S)
        redrive = json.dumps({"deadLetterTargetArn": _arn(sqs, dead), "maxReceiveCount": receives})
        url = _queue(
            sqs,
            f"{prefix}-{name}",
            VisibilityTimeout=str(visibility_s),
            RedrivePolicy=redrive,
            MessageRetentionPeriod=_FOURTEEN_DAYS_S,
        )
        parameters |= {f"{name}-queue-url": url, f"{name}-queue-arn": _arn(sqs, url)}
    index_failed = _queue(sqs, f"{prefix}-index-failed", MessageRetentionPeriod=_FOURTEEN_DAYS_S)
    parameters |= {"index-failed-queue-url": index_failed, "index-failed-queue-arn": _arn(sqs, index_failed)}
    parameters |= _tables(session.client("dynamodb"), prefix)
    parameters |= _buckets(session.client("s3"), prefix, extract_queue_arn=parameters["extract-queue-arn"])
    parameters["index-topic-arn"] = session.client("sns").create_topic(Name=f"{prefix}-index-published")["TopicArn"]
    ssm = session.client("ssm")
    for name, value in parameters.items():
        ssm.put_parameter(Name=f"/earshot/{stage}/{name}", Value=value, Type="String", Overwrite=True)


def subscribe(session: Any, stage: str, topic_arn: str, function: str) -> str:
    """ARN of a queue that receives what the topic publishes, on behalf of `function`.

    On AWS, SNS calls the function; here a queue keeps the notifications until the function's process takes them.
    """
    sqs = session.client("sqs")
    url = _queue(sqs, f"earshot-{stage}-{function}-events", VisibilityTimeout="30", MessageRetentionPeriod="3600")
    arn = _arn(sqs, url)
    session.client("sns").subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True)
    return arn


def _queue(sqs: Any, name: str, **attributes: str) -> str:
    url: str
    try:
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    except ClientError as error:
        if error.response["Error"]["Code"] not in (
            "AWS.SimpleQueueService.NonExistentQueue",
            "QueueDoesNotExist",
        ):
            raise
        url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    else:
        sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)
    return url


def _arn(sqs: Any, url: str) -> str:
    arn: str = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return arn


def _tables(dynamodb: Any, prefix: str) -> dict[str, str]:
    tracks = _table(
        dynamodb,
        TableName=f"{prefix}-tracks",
        KeySchema=[{"AttributeName": "track_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "track_id", "AttributeType": "S"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    crawls = _table(
        dynamodb,
        TableName=f"{prefix}-crawls",
        KeySchema=[
            {"AttributeName": "crawl_id", "KeyType": "HASH"},
            {"AttributeName": "entry", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "crawl_id", "AttributeType": "S"},
            {"AttributeName": "entry", "AttributeType": "S"},
        ],
    )
    return {
        "tracks-table": tracks["TableName"],
        "tracks-stream-arn": tracks["LatestStreamArn"],
        "crawls-table": crawls["TableName"],
    }


def _table(dynamodb: Any, **definition: Any) -> dict[str, Any]:
    try:
        dynamodb.create_table(BillingMode="PAY_PER_REQUEST", **definition)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceInUseException":
            raise
    dynamodb.get_waiter("table_exists").wait(
        TableName=definition["TableName"], WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    described: dict[str, Any] = dynamodb.describe_table(TableName=definition["TableName"])["Table"]
    return described


def _buckets(s3: Any, prefix: str, *, extract_queue_arn: str) -> dict[str, str]:
    names = {f"{kind}-bucket": f"{prefix}-{kind}" for kind in ("previews", "index")}
    for name in names.values():
        try:
            s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
        except ClientError as error:
            # After a hard kill the objects are there and the rest of the bucket is not: that is repaired below.
            if error.response["Error"]["Code"] != "BucketAlreadyOwnedByYou":
                raise
    bucket = names["previews-bucket"]
    if "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket=bucket):
        s3.put_bucket_notification_configuration(
            Bucket=bucket,
            NotificationConfiguration={
                "QueueConfigurations": [
                    {
                        "QueueArn": extract_queue_arn,
                        "Events": ["s3:ObjectCreated:*"],
                        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": PREVIEWS_PREFIX}]}},
                    }
                ]
            },
        )
    return names
