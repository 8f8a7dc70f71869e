"""What S3 says where an object is not there: as many words as there are operations."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import GetObjectOutputTypeDef

ABSENT = frozenset({"NoSuchKey", "NotFound", "404"})
REPLACED = frozenset({"PreconditionFailed", "412"})


def code_of(error: ClientError) -> str:
    """The code in an answer of AWS."""
    return error.response["Error"]["Code"]


def get_object(client: "S3Client", bucket: str, key: str) -> "GetObjectOutputTypeDef | None":
    """The answer with the object's body yet to be read, or None when it is not (or no longer) there."""
    try:
        return client.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if code_of(error) in ABSENT:
            return None
        raise
