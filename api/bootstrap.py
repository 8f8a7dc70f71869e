"""The one place where the api meets its settings and AWS. Everything here exists once per process."""

from dataclasses import dataclass
from functools import lru_cache

import boto3
from earshot.index.reader import IndexReader

from config.api import ApiSettings
from earshot.tracks_table import TracksTable


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes work with."""

    settings: ApiSettings
    index: IndexReader
    tracks: TracksTable


@lru_cache(maxsize=1)
def services() -> Services:
    """Settings and adapters of this process.

    Raises:
        InvalidSettings: names every missing or unusable variable.
    """
    settings = ApiSettings.load()
    return Services(
        settings=settings,
        index=IndexReader(
            boto3.client("s3"),
            settings.index_bucket,
            settings.index_cache_dir,
            check_every_s=settings.index_check_every_s,
        ),
        tracks=TracksTable(boto3.client("dynamodb"), settings.tracks_table),
    )
