"""Listening's door for Spark: plays of any number -> a co-listening table, by the verdict and pointer of `train`.

What grows with plays is done by Spark: adding plays up, pairs of tracks, factors, neighbours. What grows with tracks
alone (ids, vectors, 50 neighbours of each) is the driver's, and so is the choice of a recipe, on a sample of listeners.
Item-kNN is equal to that of one machine bit for bit. ALS is MLlib's: the same model, whose ridge grows with what a
listener has heard. EASE, a dense matrix, is fitted on the sample.
"""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pyspark.ml.recommendation import ALS
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F  # noqa: N812 (what everybody calls it)
from scipy import sparse

from earshot.clock import day_of
from earshot.colistening.garbage import collect_garbage
from earshot.colistening.manifest import Manifest, Snapshot
from earshot.colistening.rows import TableRows
from earshot.colistening.store import ColisteningStore
from earshot.errors import InvalidInput
from earshot.index.arrays import Ids
from earshot.stores.parts import parts_at
from listening.bulk import arrow
from listening.bulk.blocks import Block, assembled
from listening.bulk.reading import PLAYS, plays_in, s3
from listening.catalogue import Catalogue
from listening.models.als import Als, weighing
from listening.models.interactions import MOST_ITEMS, Floats, Interactions, Numbers
from listening.models.judge import MOST_JUDGED
from listening.models.learn import SEARCH_LISTENERS, decide
from listening.models.ratings import rating_figures
from listening.models.recipe import Fits, Recipe
from listening.models.strongest import blocks
from listening.models.table import heard_by, laid_out
from listening.rhythm import chosen
from listening.train import LEAST_LISTENERS, published
from listening.training import catalogue_of

_ROWS_AT_ONCE = 20_000
"""Of numbers; the session's own are keys whose work is long."""
_PARTITIONS_A_CORE = 2
_WIDTH = 100
"""Neighbours that a blend is made of."""
_DAY_S = 86_400


def run(
    spark: SparkSession, source: str, catalogue: Catalogue, store: ColisteningStore, work_dir: Path
) -> Manifest | None:
    """Choose a model, judge it, fit it to all plays and publish it, as `listening.train.train` does.

    Args:
        spark: a session.
        source: a folder or ``s3://bucket/prefix`` of Parquet: the lake, or columns listener, track, time, weight.
        catalogue: all tracks that get a row.
        store: where tables are.
        work_dir: room for files.

    Returns:
        The version; None where so few people have played anything that nothing can be judged.

    Raises:
        InvalidInput: there are no plays, or they are of another form.
        IndexRace: another version was published meanwhile.
        DamagedIndex: what serves cannot be read.
    """
    began = time.perf_counter()
    seen = store.head()
    with at_scale(spark):
        played, digest = read(spark, source)
        played = played.persist()
        by_track = _columns(played.groupBy("track").agg(F.sum(F.greatest("worth", F.lit(0.0))).alias("plays")))
        names = np.array(by_track["track"].tolist(), np.bytes_)
        tracks = catalogue.with_tracks(names)
        plays = np.zeros(len(tracks.ids), np.int64)
        plays[np.searchsorted(tracks.ids, names)] = by_track["plays"]
        people = people_in(played)
        liked = interactions(spark, played, people, tracks.ids).persist()
        if liked.groupBy("user").count().where("count > 1").limit(LEAST_LISTENERS).count() < LEAST_LISTENERS:
            return None
        parts = _divided(len(people))
        validation, test, some = (local(spark, liked, users, len(tracks.ids)) for users in parts)
        few = Fits(some, tracks.features)
        away = spark.createDataFrame([(int(user),) for user in np.concatenate(parts[:2])], "user int")
        train = liked.join(F.broadcast(away), "user", "left_anti")
        fits = SparkFits(spark, train, few, len(people) - len(parts[0]) - len(parts[1]))
        serving = store.manifest(seen.pointer) if seen else None
        known = Recipe.from_parameters(serving.training.parameters) if serving else None
        outcome = decide(fits, few, validation, test, serving=known, ratings=rating_figures(some))
        fits.close()
        trainings = chosen(outcome, serving, _snapshot(played, digest))
        everybody = SparkFits(spark, liked, few, len(people))
        manifest = published(
            trainings,
            lambda recipe: everybody.rows(recipe, tracks.ids, plays),
            store=store,
            seen=seen,
            work_dir=work_dir,
            began=began,
        )
        everybody.close()
    collect_garbage(store)
    return manifest


def train_from(spark: SparkSession, source: str, index_bucket: str, work_dir: Path) -> Manifest | None:
    """`run` for all tracks of the index in `index_bucket`, into that bucket."""
    catalogue = catalogue_of(s3(), index_bucket, work_dir / "index")
    return run(spark, source, catalogue, ColisteningStore(s3(), index_bucket), work_dir)


def read(spark: SparkSession, source: str) -> tuple[DataFrame, str]:
    """What each listener did with each track (`listener`, `track`, `worth`, `at`, and how many `events` that were); and
    a digest of the files.

    Raises:
        InvalidInput: there are none.
    """
    names = list(parts_at(source, s3).names(".parquet"))
    if not names:
        raise InvalidInput(f"no plays at {source!r}", hint="Give a folder or s3://bucket/prefix of Parquet files.")
    files = spark.createDataFrame([(name,) for name in names], "name string").repartition(len(names))
    events = files.mapInArrow(partial(plays_in, place=source), PLAYS)
    once = (
        events.where("song IS NOT NULL")
        .groupBy("listener", "at", "song")
        .agg(F.max_by(F.struct("track", "worth"), F.struct("accepted", "track")).alias("one"))
        .select("listener", "one.track", "at", "one.worth")
    )
    every = once.unionByName(events.where("song IS NULL").select("listener", "track", "at", "worth"))
    added = every.groupBy("listener", "track").agg(
        F.sum("worth").alias("worth"), F.min("at").alias("at"), F.max("at").alias("last"), F.count("*").alias("events")
    )
    return added, hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]


def interactions(spark: SparkSession, played: DataFrame, people: Ids, tracks: Ids) -> DataFrame:
    """Liking as `Interactions.of_evidence` finds it (`arrow.NUMBERED`); `people` and `tracks` ascend."""
    latest = Window.partitionBy("listener").orderBy(F.desc("at"), F.desc("track"))
    liked = (
        played.where("worth > 0").withColumn("place", F.row_number().over(latest)).where(F.col("place") <= MOST_ITEMS)
    )
    send = spark.sparkContext.broadcast
    worker = partial(arrow.numbered_in, people=send(people), tracks=send(tracks))
    return liked.select("listener", "track", "worth", "at").mapInArrow(worker, arrow.NUMBERED)


def people_in(played: DataFrame) -> Ids:
    """Who has shown liking for anything, in order."""
    found = _columns(played.where("worth > 0").select("listener").distinct())["listener"]
    return np.sort(np.array(found.tolist(), np.bytes_))


def local(spark: SparkSession, liked: DataFrame, users: Numbers, n_items: int) -> Interactions:
    """The interactions of some users, here, in the order of their numbers."""
    wanted = spark.createDataFrame([(int(user),) for user in users], "user int")
    found = _columns(liked.join(F.broadcast(wanted), "user"))
    place = np.searchsorted(np.sort(users), found["user"])
    order = np.lexsort((found["item"], found["at"], place))
    starts = np.concatenate([[0], np.cumsum(np.bincount(place, minlength=len(users)))]).astype(np.intp)
    return Interactions(starts, found["item"][order].astype(np.int32), found["confidence"][order], n_items)


class SparkFits(Fits):
    """What was fitted on Spark to listeners of any number.

    Args:
        spark: a session.
        liked: who likes what (`arrow.NUMBERED`).
        few: the same of some of them, on this machine, with the features of the tracks: for EASE.
        n_users: how many they are.
    """

    def __init__(self, spark: SparkSession, liked: DataFrame, few: Fits, n_users: int) -> None:
        n_items = few.interactions.n_items
        nobody = Interactions(np.zeros(1, np.intp), np.zeros(0, np.int32), np.zeros(0, np.float32), n_items)
        super().__init__(nobody, few.features)
        self._spark, self._liked, self._few, self._n_items = spark, liked, few, n_items
        counted = _columns(liked.groupBy("item").count())
        self.listeners = np.zeros(n_items, np.int64)
        self.listeners[counted["item"]] = counted["count"]
        self._n_users = n_users
        self._pairs: DataFrame | None = None

    def fitted(self, name: str, recipe: Recipe) -> sparse.csr_array:
        """See `Fits`."""
        send = self._spark.sparkContext.broadcast
        if name == "knn":
            worker = partial(arrow.cosines_in, listeners=send(self.listeners), shrinkage=recipe.shrinkage, k=_WIDTH)
            return self._assembled(self.pairs().mapInArrow(worker, arrow.BLOCKS))
        if name == "als":
            vectors = self.factors(recipe)
            vectors = vectors @ weighing(vectors)
            steps = list(blocks(self._n_items, self._n_items))
            worker = partial(arrow.products_in, vectors=send(vectors), step=steps[0].stop, k=_WIDTH)
            return self._assembled(self._spark.range(0, len(steps), 1, len(steps)).mapInArrow(worker, arrow.BLOCKS))
        return self._few.fitted(name, recipe)

    def factorised(self, how: Als) -> Floats:
        """See `Fits`. MLlib's ridge is that of `how` for a row of mean length, and grows with a row's."""
        entries = float(self.listeners.sum())
        means = entries / max(self._n_users, 1), entries / max(int((self.listeners > 0).sum()), 1)
        model = ALS(
            rank=how.dimensions,
            maxIter=how.iterations,
            regParam=how.regularisation / float(np.sqrt(means[0] * means[1])),
            alpha=how.confidence,
            implicitPrefs=True,
            seed=how.seed,
            userCol="user",
            itemCol="item",
            ratingCol="rating",
        ).fit(self._liked.select("user", "item", F.pow("confidence", F.lit(how.counts)).cast("float").alias("rating")))
        found = model.itemFactors.toArrow()
        factors = np.zeros((self._n_items, how.dimensions), np.float32)
        vectors = found["features"].combine_chunks().flatten().to_numpy()
        factors[found["id"].to_numpy()] = vectors.reshape(-1, how.dimensions)
        return factors

    def rows(self, recipe: Recipe, ids: Ids, plays: npt.NDArray[np.int64]) -> TableRows:
        """The table of the tracks `ids`, as it is served."""
        neighbours, weights = laid_out(self.table(recipe))
        worker = partial(arrow.shared_in, neighbours=self._spark.sparkContext.broadcast(neighbours))
        shared = np.zeros(neighbours.shape, np.uint32)
        for part in self.pairs().mapInArrow(worker, arrow.SHARED).toLocalIterator():
            items = np.frombuffer(part.items, np.int32)
            shared[items] = np.frombuffer(part.shared, np.uint32).reshape(len(items), -1)
        shared[weights == 0] = 0
        return TableRows(ids, neighbours, weights, shared, heard_by(self.listeners, plays))

    def pairs(self) -> DataFrame:
        """`arrow.PAIRS` both ways, the rows of an item in one partition, by i and j; counted once and kept."""
        if self._pairs is None:
            baskets = self._liked.groupBy("user").agg(F.collect_list("item").alias("items")).select("items")
            upper = baskets.mapInArrow(partial(arrow.pairs_in, n_items=self._n_items), arrow.PAIRS)
            added = upper.groupBy("i", "j").agg(F.sum("n").cast("float").alias("n"))
            both = added.unionByName(added.select(F.col("j").alias("i"), F.col("i").alias("j"), "n"))
            self._pairs = both.repartition("i").sortWithinPartitions("i", "j").persist()
        return self._pairs

    def close(self) -> None:
        """Let go of what was kept."""
        if self._pairs is not None:
            self._pairs.unpersist()

    def _assembled(self, frame: DataFrame) -> sparse.csr_array:
        shape = self._n_items

        def read_blocks() -> Iterator[Block]:
            for row in frame.toLocalIterator():
                items = np.frombuffer(row.items, np.int32).astype(np.intp)
                cells = np.frombuffer(row.cells, np.float32), np.frombuffer(row.columns, np.int32)
                starts = np.frombuffer(row.starts, np.int64)
                yield Block(items, sparse.csr_array((*cells, starts), shape=(len(items), shape)))

        return assembled(read_blocks(), shape)


def _divided(n_users: int, seed: int = 0) -> tuple[Numbers, Numbers, Numbers]:
    """Users to choose on, to decide on, and some of the others, as `judge.split` divides them."""
    order = np.random.default_rng(seed).permutation(n_users)
    count = min(n_users // 5, MOST_JUDGED)
    return order[count : 2 * count], order[:count], order[2 * count :][:SEARCH_LISTENERS]


def _columns(frame: DataFrame) -> dict[str, npt.NDArray[Any]]:
    found = frame.toArrow()
    return {name: found[name].to_numpy() for name in found.column_names}


def _snapshot(played: DataFrame, digest: str) -> Snapshot:
    (found,) = played.agg(
        F.min("at"), F.max("last"), F.sum("events"), F.countDistinct("listener"), F.countDistinct("track")
    ).collect()
    first, last = (str(day_of(int(at))) for at in found[:2])
    return Snapshot(first, last, int(found[2]), int(found[3]), int(found[4]), digest)


@contextmanager
def at_scale(spark: SparkSession) -> Iterator[None]:
    """Within the block batches are of many rows (of numbers: the session thinks of keys whose work is long), and
    partitions as many as there is work for."""
    wanted = {
        "spark.sql.execution.arrow.maxRecordsPerBatch": _ROWS_AT_ONCE,
        "spark.sql.shuffle.partitions": _PARTITIONS_A_CORE * spark.sparkContext.defaultParallelism,
    }
    before = {name: spark.conf.get(name) for name in wanted}
    for name, value in wanted.items():
        spark.conf.set(name, str(value))
    try:
        yield
    finally:
        for name, known in before.items():
            spark.conf.set(name, str(known))
