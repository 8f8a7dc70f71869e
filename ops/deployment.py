"""A deployed stage as the commands see it: its tables, queues and buckets, found through SSM."""

from functools import cached_property
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from crawler.reconcile import Reconcile
from earshot.errors import InvalidSettings
from earshot.ids import TrackId
from earshot.stores.crawls_table import CrawlsTable
from earshot.stores.listeners_table import ListenersTable
from earshot.stores.message_queue import MessageQueue
from earshot.stores.previews_bucket import PreviewsBucket
from earshot.stores.scan_positions import ScanPositions
from earshot.stores.tracks_table import TracksTable
from earshot.uploads import PreviewUploaded
from ops.aws import Session

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient


class Deployment:
    """Adapters of one stage, local or in the cloud; which of the two depends on the session's endpoint alone.

    Args:
        session: makes the clients.
        stage: part of every SSM name.
    """

    def __init__(self, session: Session, stage: str) -> None:
        self.session = session
        self.stage = stage

    @cached_property
    def parameters(self) -> dict[str, str]:
        """SSM parameters by the last part of their name.

        Raises:
            InvalidSettings: the stage has none, or AWS does not answer.
        """
        prefix = f"/earshot/{self.stage}/"
        try:
            pages = list(self.session.client("ssm").get_paginator("get_parameters_by_path").paginate(Path=prefix))
        except (BotoCoreError, ClientError) as error:
            raise InvalidSettings(
                f"AWS cannot be asked about stage {self.stage!r}: {error}",
                hint="Check the credentials (AWS_PROFILE) and AWS_REGION.",
            ) from None
        found = {entry["Name"].removeprefix(prefix): entry["Value"] for page in pages for entry in page["Parameters"]}
        if not found:
            raise InvalidSettings(
                f"no stage {self.stage!r} is deployed here: SSM holds nothing under {prefix}",
                hint="Deploy it first, or check AWS_REGION and the credentials.",
            )
        return found

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """For the tables."""
        return self.session.client("dynamodb")

    @cached_property
    def s3(self) -> "S3Client":
        """For the buckets."""
        return self.session.client("s3")

    @cached_property
    def sqs(self) -> "SQSClient":
        """For the queues."""
        return self.session.client("sqs")

    @cached_property
    def tracks(self) -> TracksTable:
        """The tracks table."""
        return TracksTable(self.dynamodb, self.parameters["tracks-table"])

    @cached_property
    def crawls(self) -> CrawlsTable:
        """The crawls table."""
        return CrawlsTable(self.dynamodb, self.parameters["crawls-table"])

    @cached_property
    def listeners(self) -> ListenersTable:
        """The listeners table."""
        return ListenersTable(self.dynamodb, self.parameters["listeners-table"])

    @cached_property
    def plays_queue(self) -> MessageQueue:
        """The queue that takes what is played."""
        return MessageQueue(self.sqs, self.parameters["plays-queue-url"])

    @cached_property
    def previews(self) -> PreviewsBucket:
        """The previews bucket."""
        return PreviewsBucket(self.s3, self.parameters["previews-bucket"])

    @cached_property
    def crawl_queue(self) -> MessageQueue:
        """Takes `CrawlPlaylist`."""
        return MessageQueue(self.sqs, self.parameters["crawl-queue-url"])

    @cached_property
    def fetch_queue(self) -> MessageQueue:
        """Takes `FetchPreview`."""
        return MessageQueue(self.sqs, self.parameters["fetch-queue-url"])

    @cached_property
    def extract_queue(self) -> MessageQueue:
        """Takes `PreviewUploaded`."""
        return MessageQueue(self.sqs, self.parameters["extract-queue-url"])

    def waiting(self, queue: str) -> int:
        """Messages in a queue of the table: visible, delayed and in flight."""
        attributes = self.sqs.get_queue_attributes(
            QueueUrl=self.parameters[f"{queue}-queue-url"],
            AttributeNames=[
                "ApproximateNumberOfMessages",
                "ApproximateNumberOfMessagesDelayed",
                "ApproximateNumberOfMessagesNotVisible",
            ],
        )["Attributes"]
        return sum(map(int, attributes.values()))

    def preview_uploaded(self, track_id: TrackId) -> PreviewUploaded:
        """The message that S3 sends when the preview of `track_id` arrives."""
        return PreviewUploaded(self.parameters["previews-bucket"], track_id, self.session.region_name)

    @property
    def reconcile(self) -> Reconcile:
        """Gives back what was lost in this stage."""
        return Reconcile(
            tracks=self.tracks,
            crawls=self.crawls,
            previews=self.previews,
            crawl_queue=self.crawl_queue,
            fetch_queue=self.fetch_queue,
            extract_queue=self.extract_queue,
            position=ScanPositions(self.dynamodb, self.parameters["crawls-table"], "pending by hand"),
            upload_of=self.preview_uploaded,
        )
