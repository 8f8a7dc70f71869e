"""The one place where listening meets AWS: clients and settings, made once per process."""

from functools import lru_cache, partial
from pathlib import Path

import boto3
from botocore.config import Config

from config.deliveries import DeliverySettings
from config.keep_plays import KeepPlaysSettings
from config.learn_listening import LearnListeningSettings
from config.record_plays import RecordPlaysSettings
from earshot.colistening.manifest import Snapshot
from earshot.colistening.store import ColisteningStore
from earshot.deliveries import Deliveries
from earshot.matching import Matching
from earshot.stores.leases import Leases
from earshot.stores.listeners_table import ListenersTable
from earshot.stores.message_queue import Letters, MessageQueue
from earshot.stores.plays_lake import PlaysLake
from earshot.stores.shown_tracks import ShownTracks
from earshot.stores.song_keys import SongKeys
from earshot.stores.tracks_table import TracksTable
from listening.dead_letters import DeadLetters
from listening.keep import Keep
from listening.learn import Heard, Learn
from listening.matching import PlayMatching
from listening.parquet import Plays
from listening.record import Record
from listening.taste import Tastes

_LONGEST_RUN_S = 960


@lru_cache(maxsize=1)
def record() -> Record:
    """What `record_plays` runs.

    Raises:
        InvalidSettings: a setting is missing or unusable.
    """
    settings = RecordPlaysSettings.load()
    # mypy has checked what is sent; botocore's own look at each attribute of each play takes as long as all the rest.
    dynamodb = boto3.client("dynamodb", config=Config(parameter_validation=False))
    matching = Matching(TracksTable(dynamodb, settings.tracks_table), SongKeys(dynamodb, settings.crawls_table))
    return Record(
        PlaysLake(boto3.client("s3"), settings.plays_bucket),
        ListenersTable(dynamodb, settings.listeners_table, keep_days=settings.recent_days),
        PlayMatching(matching),
        Plays(_made(settings.plays_work_dir)),
    )


@lru_cache(maxsize=1)
def keep() -> Keep:
    """What `keep_plays` runs."""
    settings, parts = KeepPlaysSettings.load(), record()
    folder = _made(settings.plays_work_dir)
    leases = Leases(boto3.client("dynamodb"), settings.crawls_table, seconds=_LONGEST_RUN_S)
    return Keep(
        parts.lake,
        parts.listeners,
        parts.matching,
        parts.plays,
        Tastes(parts.lake, parts.listeners, parts.plays, folder, settings.keep_plays_days),
        folder,
        partial(leases.hold, "plays"),
        settings.keep_plays_days,
    )


@lru_cache(maxsize=1)
def learn() -> Learn:
    """What `learn_listening` runs."""
    settings, dynamodb = LearnListeningSettings.load(), boto3.client("dynamodb")
    folder = _made(settings.plays_work_dir)
    leases = Leases(dynamodb, settings.crawls_table, seconds=_LONGEST_RUN_S)
    lake = PlaysLake(boto3.client("s3"), settings.plays_bucket)
    listeners = ListenersTable(dynamodb, settings.listeners_table)
    fit = partial(_fit, settings, folder)
    return Learn(lake, listeners, Plays(folder), folder, fit, partial(leases.hold, "listening"))


def _fit(settings: LearnListeningSettings, folder: Path, heard: Heard, snapshot: Snapshot) -> None:
    from listening.training import train_on  # SciPy takes a second to load, and keeping plays needs none of it

    s3, choose_days = boto3.client("s3"), settings.choose_model_days
    train_on(heard, snapshot, s3, settings.index_bucket, folder, choose_days=choose_days)


def trials() -> tuple[ColisteningStore, ListenersTable, ShownTracks]:
    """What trials are made of and judged by."""
    settings, dynamodb = LearnListeningSettings.load(), boto3.client("dynamodb")
    return (
        ColisteningStore(boto3.client("s3"), settings.index_bucket),
        ListenersTable(dynamodb, settings.listeners_table),
        ShownTracks(dynamodb, settings.listeners_table),
    )


@lru_cache(maxsize=1)
def dead_letters() -> DeadLetters:
    """What gives dead letters back."""
    settings, sqs = KeepPlaysSettings.load(), boto3.client("sqs")
    return DeadLetters(MessageQueue(sqs, settings.plays_queue_url), Letters(sqs, settings.plays_dlq_arn))


@lru_cache(maxsize=1)
def deliveries() -> Deliveries:
    """What the functions do with messages that fail."""
    return Deliveries(boto3.client("sqs"), DeliverySettings.load().max_tries)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
