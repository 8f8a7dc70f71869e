"""The one place where annoy_service meets AWS: clients and settings, made once per process."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import boto3

from annoy_service.fit import MODELS, Model
from annoy_service.fold import Builder
from config.index_tracks import IndexTracksSettings
from earshot.errors import InvalidSettings
from earshot.index.cache import SegmentCache
from earshot.index.store import IndexStore
from earshot.messages import IndexPublished
from earshot.tracks_table import TracksTable


@dataclass(frozen=True, slots=True)
class Services:
    """What the functions of annoy_service work with."""

    table: TracksTable
    builder: Builder
    announce: Callable[[IndexPublished], None]


@lru_cache(maxsize=1)
def services() -> Services:
    """The real thing, from the environment.

    Raises:
        InvalidSettings: a setting is missing or unusable.
    """
    settings = IndexTracksSettings.load()
    sns = boto3.client("sns")

    def announce(message: IndexPublished) -> None:
        sns.publish(TopicArn=settings.index_topic_arn, Message=message.to_json())

    return Services(
        table=TracksTable(boto3.client("dynamodb"), settings.tracks_table),
        builder=make_builder(boto3.client("s3"), settings.index_bucket, settings.model, Path(settings.index_work_dir)),
        announce=announce,
    )


def make_builder(s3_client: object, bucket: str, model: str, work_dir: Path) -> Builder:
    """A builder for the index in `bucket` that keeps its files in `work_dir`.

    Raises:
        InvalidSettings: no such model is known.
    """
    work_dir.mkdir(parents=True, exist_ok=True)
    store = IndexStore(s3_client, bucket)
    return Builder(store, SegmentCache(store, work_dir), known_model(model), work_dir)


def known_model(name: str) -> Model:
    """The model of this name.

    Raises:
        InvalidSettings: there is none.
    """
    if name not in MODELS:
        raise InvalidSettings(f"EARSHOT_MODEL: no model {name!r}", hint=f"Known models: {', '.join(MODELS)}.")
    return MODELS[name]
