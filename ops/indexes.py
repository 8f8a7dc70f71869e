"""The indexes of a stage: what annoy_service's work needs there, and the verdict on which of them serves."""

from functools import partial
from pathlib import Path

import boto3

from annoy_service.builder import make_builder
from annoy_service.generations import promote as put_into_service
from annoy_service.index import announce
from annoy_service.services import Services, make_services
from annoy_service.vector_copy import Copied, Place, copy_version
from config.index_tracks import RecipeSettings
from earshot.index.cache import SegmentCache
from earshot.index.s3_vectors.service import WRITING
from earshot.index.store import IndexStore
from earshot.messages import IndexPublished, KeepUp, TrackNotIndexed
from earshot.stores.message_queue import FifoQueue
from ops.deployment import Deployment


def index_services(deployment: Deployment, work_dir: Path) -> Services:
    """What annoy_service works with, on this deployment; the recipes are those that its functions are told."""
    sns, sqs = deployment.session.client("sns"), deployment.sqs

    def tell(message: IndexPublished) -> None:
        sns.publish(TopicArn=deployment.parameters["index-topic-arn"], Message=message.to_json())

    def park(message: TrackNotIndexed) -> None:
        sqs.send_message(QueueUrl=deployment.parameters["index-failed-queue-url"], MessageBody=message.to_json())

    upkeep = FifoQueue(sqs, deployment.parameters["compact-queue-url"])
    bucket = deployment.parameters["index-bucket"]
    settings = RecipeSettings.load()
    return make_services(
        table=deployment.tracks,
        make_builder=partial(make_builder, deployment.s3, bucket, work_dir=work_dir, engine=settings.engine),
        recipes=settings.kept,
        announce=tell,
        park=park,
        request_upkeep=lambda: upkeep.send(KeepUp()),
    )


def copy_to_vectors(deployment: Deployment, work_dir: Path, vector_bucket: str) -> Copied:
    """Make the copy in `vector_bucket` of S3 Vectors hold the version that serves; see `copy_version`.

    Args:
        deployment: the stage.
        work_dir: for segments of the version, of nobody else.
        vector_bucket: exists.
    """
    store = IndexStore(deployment.s3, deployment.parameters["index-bucket"])
    client = boto3.client("s3vectors", config=WRITING)
    return copy_version(Place(store, SegmentCache(store, work_dir), client, vector_bucket))


def promote(deployment: Deployment, work_dir: Path, recipe: str, *, incomplete: bool) -> str:
    """Let the index of `recipe` serve; returns what to say of it.

    Raises:
        InvalidSettings: no such recipe is known.
        RecipeNotReady: it is not kept, not there, or lacks tracks that the one in service has (unless `incomplete`).
    """
    services = index_services(deployment, work_dir)
    outcome = announce(put_into_service(recipe, services, incomplete=incomplete), services)
    tracks = outcome.manifest.tracks if outcome.manifest else 0
    return f"{recipe} {'serves now' if outcome.published else 'served already'}: {tracks} tracks"
