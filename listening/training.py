"""From the plays that were read, and the index as it is, to a co-listening table."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from earshot.colistening.manifest import Snapshot
from earshot.colistening.store import ColisteningStore
from earshot.index.stored_rows import newest_rows
from earshot.telemetry import logger
from listening.catalogue import Catalogue
from listening.learn import Heard
from listening.models.cold import Features
from listening.models.interactions import Evidence, evidence_of_plays, with_opinions
from listening.train import Played, train

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


def train_on(
    heard: Heard, snapshot: Snapshot, s3: "S3Client", index_bucket: str, folder: Path, *, choose_days: int
) -> None:
    """Learn from what was heard, for all tracks of the index, and publish what its verdict lets in.

    Args:
        heard: the plays.
        snapshot: which these are.
        s3: a boto3 S3 client.
        index_bucket: where the index is, and where the table goes.
        folder: room for files.
        choose_days: how long the choice of a model holds.

    Raises:
        IndexRace: another version was published meanwhile.
        DamagedIndex: the index, or the table that serves, cannot be read.
    """
    with TemporaryDirectory(dir=folder) as place:
        catalogue = catalogue_of(s3, index_bucket, Path(place) / "index")
        store = ColisteningStore(s3, index_bucket)
        manifest = train(played_by(heard, snapshot), catalogue, store, Path(place), choose_days)
    if manifest is None:
        logger().info("too few have played anything to learn from", listeners=snapshot.listeners)


def played_by(heard: Heard, snapshot: Snapshot) -> Played:
    """What plays and opinions say of each listener and track, as a model learns from it."""
    plays, said = evidence_of_plays(heard.listener, heard.track, heard.at, heard.skip), heard.opinions
    none = np.zeros(len(said.at), np.int64)
    opinions = Evidence(said.listener, said.track, none, none, said.at, said.feedback)
    return Played(with_opinions(plays, opinions), heard.track_ids, snapshot)


def catalogue_of(s3: "S3Client", index_bucket: str, folder: Path) -> Catalogue:
    """The tracks of the index; none where there is no index yet. `folder`: room for its files.

    Raises:
        DamagedIndex: the index cannot be read.
    """
    segments = newest_rows(s3, index_bucket, folder)
    if not segments:
        return Catalogue(np.zeros(0, "S1"), Features(np.zeros(0, np.intp), np.zeros(0, np.intp)))
    return Catalogue.of_index(segments)
