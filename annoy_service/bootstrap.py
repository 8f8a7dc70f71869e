"""The one place where annoy_service meets AWS: clients and settings, made once per process."""

from functools import lru_cache, partial
from pathlib import Path

import boto3

from annoy_service.builder import make_builder
from annoy_service.reconcile import ReconcileIndex
from annoy_service.services import Services, make_services
from config.deliveries import DeliverySettings
from config.index_tracks import IndexTracksSettings
from config.reconcile_index import ReconcileIndexSettings
from earshot.deliveries import Deliveries
from earshot.messages import IndexPublished, KeepUp, TrackNotIndexed
from earshot.stores.message_queue import FifoQueue, Letters
from earshot.stores.tracks_table import TracksTable


@lru_cache(maxsize=1)
def services() -> Services:
    """The real thing, from the environment.

    Raises:
        InvalidSettings: a setting is missing or unusable.
    """
    settings = IndexTracksSettings.load()
    sns, sqs = boto3.client("sns"), boto3.client("sqs")

    def announce(message: IndexPublished) -> None:
        sns.publish(TopicArn=settings.index_topic_arn, Message=message.to_json())

    def park(message: TrackNotIndexed) -> None:
        sqs.send_message(QueueUrl=settings.index_failed_queue_url, MessageBody=message.to_json())

    upkeep = FifoQueue(sqs, settings.compact_queue_url)

    return make_services(
        table=TracksTable(boto3.client("dynamodb"), settings.tracks_table),
        make_builder=partial(
            make_builder,
            boto3.client("s3"),
            settings.index_bucket,
            work_dir=Path(settings.index_work_dir),
            engine=settings.engine,
        ),
        recipes=settings.kept,
        announce=announce,
        park=park,
        request_upkeep=lambda: upkeep.send(KeepUp()),
    )


@lru_cache(maxsize=1)
def reconcile() -> ReconcileIndex:
    """What `reconcile_index` runs."""
    settings, sqs = ReconcileIndexSettings.load(), boto3.client("sqs")
    return ReconcileIndex(
        services(),
        FifoQueue(sqs, settings.changes_queue_url),
        parked=Letters(sqs, settings.index_failed_queue_arn),
        dead=[Letters(sqs, arn) for arn in (settings.changes_dlq_arn, settings.compact_dlq_arn)],
    )


@lru_cache(maxsize=1)
def deliveries() -> Deliveries:
    """What the functions do with messages that fail."""
    return Deliveries(boto3.client("sqs"), DeliverySettings.load().max_tries)
