"""What the commands ask AWS through."""

from typing import TYPE_CHECKING, Literal, Protocol, overload

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_s3 import S3Client
    from types_boto3_sns import SNSClient
    from types_boto3_sqs import SQSClient
    from types_boto3_ssm import SSMClient
    from types_boto3_sts import STSClient


class Session(Protocol):
    """Makes clients: a boto3 session, or one whose clients all talk to one endpoint."""

    @property
    def region_name(self) -> str:
        """Where, e.g. ``eu-central-1``."""

    @overload
    def client(self, service_name: Literal["cloudformation"], /) -> "CloudFormationClient": ...
    @overload
    def client(self, service_name: Literal["dynamodb"], /) -> "DynamoDBClient": ...
    @overload
    def client(self, service_name: Literal["lambda"], /) -> "LambdaClient": ...
    @overload
    def client(self, service_name: Literal["s3"], /) -> "S3Client": ...
    @overload
    def client(self, service_name: Literal["sns"], /) -> "SNSClient": ...
    @overload
    def client(self, service_name: Literal["sqs"], /) -> "SQSClient": ...
    @overload
    def client(self, service_name: Literal["ssm"], /) -> "SSMClient": ...
    @overload
    def client(self, service_name: Literal["sts"], /) -> "STSClient": ...
