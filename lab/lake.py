"""The plays of a stage, read from its lake as learning reads them (`listening.learn`): with opinions, without who left.

What is made of them names nobody: listeners are positions, and only sums and scores leave this module. Files of the
lake lie on this machine while it is read, some days at a time.
"""

from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from earshot.colistening.manifest import Snapshot
from earshot.colistening.store import ColisteningStore
from earshot.errors import InvalidInput
from earshot.stores.plays_lake import PlaysLake
from lab.listening import PlaysCorpus
from listening.learn import read_plays
from listening.models.recipe import Recipe
from listening.parquet import Plays
from listening.train import liked
from listening.training import catalogue_of, played_by
from ops.deployment import Deployment


def plays_of(deployment: Deployment, folder: Path) -> PlaysCorpus:
    """What the stage's listeners have played, among all tracks of its index, and the model that serves them.

    Args:
        deployment: the stage.
        folder: room for files; made where it is missing.

    Raises:
        InvalidInput: nothing was played yet.
        DamagedIndex: the index, or what serves, cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    bucket = deployment.parameters["index-bucket"]
    with TemporaryDirectory(dir=folder) as place, closing(Plays(Path(place))) as plays:
        lake = PlaysLake(deployment.s3, deployment.parameters["plays-bucket"])
        read = read_plays(lake, deployment.listeners, plays, Path(place))
        if read is None:
            raise InvalidInput(
                f"the lake of stage {deployment.stage} holds no play of a track that it knows",
                hint="Judge once people have played (docs/listening.md), or on a table of plays (docs/lab.md).",
            )
        heard, snapshot = read
        found = liked(played_by(heard, snapshot), catalogue_of(deployment.s3, bucket, Path(place) / "index"))
    serving = _serving(ColisteningStore(deployment.s3, bucket))
    return PlaysCorpus.of(found.interactions, found.tracks.features, _source(deployment.stage, snapshot), serving)


def _serving(store: ColisteningStore) -> Recipe | None:
    head = store.head()
    return Recipe.from_parameters(store.manifest(head.pointer).training.parameters) if head else None


def _source(stage: str, snapshot: Snapshot) -> dict[str, str | int]:
    """The fields of the manifests of what is learned, so that the two can be told to be of the same plays."""
    return {
        "source": f"lake of stage {stage}",
        "first_day": snapshot.first_day,
        "last_day": snapshot.last_day,
        "plays": snapshot.plays,
        "opinions": snapshot.opinions,
        "digest": snapshot.digest,
    }
