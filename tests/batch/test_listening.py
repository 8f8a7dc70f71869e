"""What is played together, learned on Spark: the same as on one machine, within what is said of each model."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame, SparkSession

from earshot.colistening.store import ColisteningStore
from earshot.errors import InvalidInput
from listening import spark as door
from listening.catalogue import Catalogue
from listening.models.cold import Features
from listening.models.interactions import Interactions
from listening.models.judge import judge, of_table, split
from listening.models.learn import ndcg_of
from listening.models.recipe import Fits, Recipe
from listening.models.table import table_rows
from tests.aws import REGION, Account
from tests.unit.listening.people import GENRES, ITEMS, PER_GENRE, people

KNN, ALS = Recipe(knn=1), Recipe(als=1)
IDS = np.array([f"t{item:03}".encode() for item in range(ITEMS)], np.bytes_)
GENRE = np.repeat(np.arange(GENRES), PER_GENRE)


@pytest.fixture(scope="module")
def known() -> Interactions:
    return people(240, each=8)


@pytest.fixture(scope="module")
def source(known: Interactions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as Parquet of anybody: a row for each listener and track."""
    folder = tmp_path_factory.mktemp("plays")
    who = np.repeat(np.arange(known.n_listeners), known.sizes)
    when = np.arange(len(known.items)) - known.starts[who] + 86_400
    columns = {"listener": [f"{one:04}" for one in who], "track": IDS[known.items].astype(str), "time": when}
    for part, rows in enumerate(np.array_split(np.random.default_rng(0).permutation(len(who)), 3)):
        pq.write_table(pa.table(columns).take(pa.array(rows)), folder / f"{part}.parquet")
    return folder


@pytest.fixture(scope="module")
def liked(spark: SparkSession, source: Path) -> Iterator[DataFrame]:
    """Who likes what, as Spark has read it."""
    with door.at_scale(spark):
        played, _ = door.read(spark, str(source))
        found = door.interactions(spark, played, door.people_in(played), IDS).persist()
        yield found
        found.unpersist()


def test_neighbours_and_what_they_share_are_those_of_one_machine(
    spark: SparkSession, liked: DataFrame, known: Interactions
) -> None:
    plays = np.arange(ITEMS)
    ours = table_rows(Fits(known).table(KNN), known, IDS, plays)
    fits = door.SparkFits(spark, liked, Fits(known), known.n_listeners)
    found = fits.rows(KNN, IDS, plays)
    fits.close()
    for name in ("neighbours", "weights", "listeners", "heard"):
        np.testing.assert_array_equal(getattr(found, name), getattr(ours, name), err_msg=name)


def test_listeners_are_the_same_people_in_the_same_order(
    spark: SparkSession, liked: DataFrame, known: Interactions
) -> None:
    some = np.array([3, 77, 200])
    found, ours = door.local(spark, liked, some, ITEMS), known.of(some)
    for name in ("starts", "items", "confidence"):
        np.testing.assert_array_equal(getattr(found, name), getattr(ours, name), err_msg=name)


def test_factors_find_as_much_for_whom_they_have_not_seen(
    spark: SparkSession, liked: DataFrame, known: Interactions
) -> None:
    """Within a standard error of NDCG@10, and six of ten neighbours the same: the ridge is another."""
    parts = split(known)
    trained = np.sort(np.random.default_rng(0).permutation(known.n_listeners)[2 * parts.test.n_listeners :])
    users = spark.createDataFrame([(int(user),) for user in trained], "user int")
    theirs = door.SparkFits(spark, liked.join(users, "user", "left_semi"), Fits(parts.train), len(trained))
    ours, found = Fits(parts.train).table(ALS), theirs.table(ALS)
    judged = [judge(of_table(rows), parts.test) for rows in (ours, found)]
    assert abs(ndcg_of(judged[0]) - ndcg_of(judged[1])) <= judged[0].figures()["ndcg10_se"]
    same = [len(set(_best(ours, item)) & set(_best(found, item))) for item in range(ITEMS)]
    assert np.mean(same) >= 6


def _best(rows: object, item: int) -> list[int]:
    row = rows[[item]]  # type: ignore[index]
    best: list[int] = row.indices[np.argsort(-row.data, kind="stable")[:10]].tolist()
    return best


def test_what_was_learned_enters_service_by_its_verdict(
    spark: SparkSession, aws: Account, source: Path, tmp_path: Path
) -> None:
    aws.s3.create_bucket(Bucket="learned", CreateBucketConfiguration={"LocationConstraint": REGION})
    store = ColisteningStore(aws.s3, "learned")
    catalogue = Catalogue(np.append(IDS, b"unheard"), Features(np.append(GENRE, 0), np.full(ITEMS + 1, -1)))
    manifest = door.run(spark, str(source), catalogue, store, tmp_path)
    assert manifest is not None
    assert manifest.training.verdict.enters
    data = manifest.training.data
    assert (data.first_day, data.listeners, data.plays) == ("1970-01-02", 240, len(people(240, each=8).items))
    head = store.head()
    assert head is not None
    assert head.pointer.version == manifest.version


def test_files_that_hold_no_plays_are_named(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no plays at"):
        door.read(spark, str(tmp_path))
