"""The one place where annoy_service meets AWS: clients and settings, made once per process."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import boto3

from annoy_service.fit import MODELS, Model
from annoy_service.fold import Builder
from annoy_service.policy import Policy, UpkeepRequests
from config.index_tracks import IndexTracksSettings
from earshot.errors import InvalidSettings
from earshot.index.cache import SegmentCache
from earshot.index.store import IndexStore
from earshot.messages import IndexPublished, TrackNotIndexed
from earshot.tracks_table import TracksTable


@dataclass(frozen=True, slots=True)
class Services:
    """What the functions of annoy_service work with."""

    table: TracksTable
    builder: Builder
    """For the model that is to be indexed."""
    builder_of: Callable[[str], Builder]
    """For any known model, by name."""
    announce: Callable[[IndexPublished], None]
    park: Callable[[TrackNotIndexed], None]
    """Keeps a track that cannot be indexed for a person to look at."""
    upkeep: UpkeepRequests


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

    def request_upkeep() -> None:
        sqs.send_message(QueueUrl=settings.compact_queue_url, MessageBody='{"on_demand":false}')

    return make_services(
        table=TracksTable(boto3.client("dynamodb"), settings.tracks_table),
        builder_of=partial(
            make_builder, boto3.client("s3"), settings.index_bucket, work_dir=Path(settings.index_work_dir)
        ),
        model=settings.model,
        announce=announce,
        park=park,
        request_upkeep=request_upkeep,
    )


def make_services(
    *,
    table: TracksTable,
    builder_of: Callable[[str], Builder],
    model: str,
    announce: Callable[[IndexPublished], None],
    park: Callable[[TrackNotIndexed], None],
    request_upkeep: Callable[[], None],
) -> Services:
    """Services around these parts; one builder, and so one cache, per model."""
    cached = lru_cache(maxsize=None)(builder_of)
    builder = cached(model)
    return Services(table, builder, cached, announce, park, UpkeepRequests(request_upkeep, builder.policy))


def make_builder(s3_client: Any, bucket: str, model: str, work_dir: Path, policy: Policy | None = None) -> Builder:
    """A builder of the index in `bucket` that keeps its files below `work_dir`.

    Raises:
        InvalidSettings: no such model is known.
    """
    folder = _claim(work_dir / quote(model, safe=""))
    store = IndexStore(s3_client, bucket)
    return Builder(store, SegmentCache(store, folder), known_model(model), folder, policy or Policy())


def _claim(folder: Path) -> Path:
    """A folder below `folder` that no other builder uses, for as long as this process lives.

    On Lambda each has a disk of its own; on one machine two compactions may run at a time. What a process that was
    killed had half written is removed: at a million tracks gigabytes each time.
    """
    for number in count():
        place = folder / str(number)
        place.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(place / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # dies with the process, however that ends
        except BlockingIOError:
            os.close(descriptor)
        else:
            for left in place.glob(f"{tempfile.gettempprefix()}*"):
                shutil.rmtree(left, ignore_errors=True)
            return place
    raise AssertionError("count() does not end")


def known_model(name: str) -> Model:
    """The model of this name.

    Raises:
        InvalidSettings: there is none.
    """
    if name not in MODELS:
        raise InvalidSettings(f"EARSHOT_MODEL: no model {name!r}", hint=f"Known models: {', '.join(MODELS)}.")
    return MODELS[name]
