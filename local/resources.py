"""What infra/ creates in the cloud, created in the embedded AWS: buckets, tables, queues, topic, SSM parameters.

Everything here may be run again and leaves what exists as it is.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from earshot.stores.listeners_table import OPINIONS_INDEX
from local.timings import AT_ONCE, Timings
from ops.aws import Session
from ops.queue_table import QueueTable, queue_table

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import KeySchemaElementTypeDef, TableDescriptionTypeDef
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import CORSRuleTypeDef
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.literals import QueueAttributeNameType

_UPLOADS: "CORSRuleTypeDef" = {
    "AllowedMethods": ["PUT"],
    "AllowedOrigins": ["*"],
    "AllowedHeaders": ["content-type", "if-none-match"],
    "MaxAgeSeconds": 3600,
}
"""As infra/ has it: a page puts a clip at an address that was signed for it."""


def covers_bucket(stage: str) -> str:
    """Where covers of own files and media servers are kept. infra/ has none: functions in the cloud see neither."""
    return f"earshot-{stage}-covers"


def create_all(session: Session, stage: str, timings: Timings = AT_ONCE) -> None:
    """Create what is missing and (re)write the SSM parameters.

    Args:
        session: for the embedded AWS.
        stage: part of every name.
        timings: for how long queues hide and keep messages.
    """
    prefix = f"earshot-{stage}"
    parameters = _queues(session.client("sqs"), stage, queue_table(), timings)
    parameters |= _tables(session.client("dynamodb"), prefix)
    woken = {upload: parameters[f"{queue}-queue-arn"] for upload, queue in queue_table().uploads.items()}
    parameters |= _buckets(session.client("s3"), prefix, woken)
    parameters["index-topic-arn"] = session.client("sns").create_topic(Name=f"{prefix}-index-published")["TopicArn"]
    ssm = session.client("ssm")
    for name, value in parameters.items():
        ssm.put_parameter(Name=f"/earshot/{stage}/{name}", Value=value, Type="String", Overwrite=True)


def subscribe(session: Session, stage: str, topic_arn: str, function: str) -> str:
    """ARN of a queue that receives what the topic publishes, on behalf of `function`.

    On AWS, SNS calls the function; here a queue keeps the notifications until the function's process takes them.
    """
    sqs = session.client("sqs")
    url = _queue(
        sqs, f"earshot-{stage}-{function}-events", {"VisibilityTimeout": "30", "MessageRetentionPeriod": "3600"}
    )
    arn = _arn(sqs, url)
    session.client("sns").subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True)
    return arn


def _queues(sqs: "SQSClient", stage: str, table: QueueTable, timings: Timings) -> dict[str, str]:
    kept: dict[QueueAttributeNameType, str] = {"MessageRetentionPeriod": str(timings.retention_s())}
    urls = {name: _queue(sqs, table.name(name, stage), kept) for name in table.parked}
    dead: dict[str, str] = {}
    for name, queue in table.work.items():
        fifo: dict[QueueAttributeNameType, str] = {"FifoQueue": "true"} if queue.fifo else {}
        hidden = {**kept, **fifo, "VisibilityTimeout": str(timings.visibility_s(queue))}
        dead[name] = _arn(sqs, _queue(sqs, table.dead_name(name, stage), {**kept, **fifo}))
        redrive = json.dumps({"deadLetterTargetArn": dead[name], "maxReceiveCount": queue.receives})
        urls[name] = _queue(sqs, table.name(name, stage), {**hidden, "RedrivePolicy": redrive})
    return (
        {f"{name}-queue-url": url for name, url in urls.items()}
        | {f"{name}-queue-arn": _arn(sqs, url) for name, url in urls.items()}
        | {f"{name}-dlq-arn": arn for name, arn in dead.items()}
    )


def _queue(sqs: "SQSClient", name: str, attributes: "dict[QueueAttributeNameType, str]") -> str:
    try:
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"):
            raise
        return sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    changeable = attributes.copy()
    changeable.pop("FifoQueue", None)
    sqs.set_queue_attributes(QueueUrl=url, Attributes=changeable)
    return url


def _arn(sqs: "SQSClient", url: str) -> str:
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def _tables(dynamodb: "DynamoDBClient", prefix: str) -> dict[str, str]:
    tracks = _table(dynamodb, f"{prefix}-tracks", "track_id", stream=True)
    crawls = _table(dynamodb, f"{prefix}-crawls", "crawl_id", "entry")
    listeners = _table(dynamodb, f"{prefix}-listeners", "listener", "item")
    if not listeners.get("GlobalSecondaryIndexes"):
        index_opinions(dynamodb, listeners["TableName"])
    return {
        "tracks-table": tracks["TableName"],
        "tracks-stream-arn": tracks["LatestStreamArn"],
        "crawls-table": crawls["TableName"],
        "listeners-table": listeners["TableName"],
    }


def index_opinions(dynamodb: "DynamoDBClient", name: str) -> None:
    """Give the table of listeners its secondary index, as infra/ has it."""
    dynamodb.update_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("listener", "item", "opinion")],
        GlobalSecondaryIndexUpdates=[
            {
                "Create": {
                    "IndexName": OPINIONS_INDEX,
                    "KeySchema": [{"AttributeName": "opinion", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["said_at"]},
                }
            }
        ],
    )


def _table(
    dynamodb: "DynamoDBClient", name: str, hash_key: str, range_key: str | None = None, *, stream: bool = False
) -> "TableDescriptionTypeDef":
    """The table, after it has been made where it was missing. Its keys are texts."""
    keys = filter(None, (hash_key, range_key))
    schema: list[KeySchemaElementTypeDef] = [{"AttributeName": hash_key, "KeyType": "HASH"}]
    if range_key:
        schema.append({"AttributeName": range_key, "KeyType": "RANGE"})
    try:
        dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=schema,
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
            if stream
            else {"StreamEnabled": False},
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceInUseException":
            raise
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    return dynamodb.describe_table(TableName=name)["Table"]


def _buckets(s3: "S3Client", prefix: str, woken: Mapping[str, str]) -> dict[str, str]:
    """`woken`: the ARN of the queue that hears of uploads, by their prefix."""
    names = {f"{kind}-bucket": f"{prefix}-{kind}" for kind in ("previews", "index", "plays")}
    for name in (*names.values(), f"{prefix}-covers"):
        try:
            s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})  # type: ignore[typeddict-item]  # any region
        except ClientError as error:
            # After a hard kill the objects are there and the rest of the bucket is not: that is repaired below.
            if error.response["Error"]["Code"] != "BucketAlreadyOwnedByYou":
                raise
    bucket = names["previews-bucket"]
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [_UPLOADS]})
    there = s3.get_bucket_notification_configuration(Bucket=bucket).get("QueueConfigurations", [])
    if {configuration["QueueArn"] for configuration in there} != set(woken.values()):
        s3.put_bucket_notification_configuration(
            Bucket=bucket,
            NotificationConfiguration={
                "QueueConfigurations": [
                    {
                        "QueueArn": arn,
                        "Events": ["s3:ObjectCreated:*"],
                        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": upload}]}},
                    }
                    for upload, arn in woken.items()
                ]
            },
        )
    return names
