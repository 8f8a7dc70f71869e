"""From plays to a table that serves."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bench.index.folder_s3 import FolderS3
from earshot.colistening.manifest import Snapshot
from earshot.colistening.reader import ColisteningReader
from earshot.colistening.store import ColisteningStore
from earshot.index.reader import IndexReader
from listening.catalogue import Catalogue
from listening.models.cold import Features
from listening.models.interactions import evidence_of_plays, with_opinions
from listening.train import Played, train
from tests.aws import account
from tests.unit.api.world import direction, publish, track
from tests.unit.listening.people import ALBUM, ITEMS, PER_GENRE, evidence, people

SNAPSHOT = Snapshot("2026-11-01", "2026-11-20", 1000, 80, ITEMS, "ab")
IDS = [f"t{item:04d}" for item in range(ITEMS)]


@pytest.fixture
def store() -> Iterator[ColisteningStore]:
    with account() as aws:
        aws.bucket("index")
        yield ColisteningStore(aws.s3, "index")


def reader(store: ColisteningStore, folder: Path) -> ColisteningReader:
    return ColisteningReader(store._client, "index", folder / "cache")


def test_plays_are_added_up_for_each_listener_and_track() -> None:
    found = evidence_of_plays(
        np.array([1, 0, 1, 1]), np.array([4, 2, 4, 4]), np.array([30, 5, 10, 20]), np.array([False, True, False, True])
    )
    rows = zip(*(column.tolist() for column in found), strict=True)
    assert list(rows) == [(0, 2, 0, 1, 5, 0), (1, 4, 2, 1, 10, 0)]


def test_opinions_are_added_to_plays_and_stand_alone_where_nothing_was_played() -> None:
    played = evidence([(0, 2, 3, 1, 5, 0), (1, 4, 1, 0, 30, 0)])
    said = evidence([(1, 4, 0, 0, 2, -1), (0, 1, 0, 0, 9, 1)])
    rows = zip(*(column.tolist() for column in with_opinions(played, said)), strict=True)
    assert list(rows) == [(0, 1, 0, 0, 9, 1), (0, 2, 3, 1, 5, 0), (1, 4, 1, 0, 30, -1)]
    assert [len(column) for column in with_opinions(evidence([]), evidence([]))] == [0] * 6


def test_what_was_learned_serves_and_knows_tracks_that_nobody_played(store: ColisteningStore, tmp_path: Path) -> None:
    some = people(80)
    listeners = np.repeat(np.arange(some.n_listeners), some.sizes)
    heard = some.items % ALBUM > 0
    zeros = np.zeros(int(heard.sum()), np.int64)
    played = evidence_of_plays(
        listeners[heard], some.items[heard].astype(np.intp), np.arange(len(zeros)), zeros.astype(np.bool_)
    )
    plays = Played(played, [*IDS[:-1], "unknown"], SNAPSHOT)
    catalogue = Catalogue(np.array(IDS, "S5"), Features(np.arange(ITEMS) // ALBUM, np.full(ITEMS, -1)))
    first = train(plays, catalogue, store, tmp_path)
    assert first is not None
    assert first.training.verdict.enters
    table = reader(store, tmp_path).current()
    assert table is not None
    assert (table.version, table.size) == (first.version, ITEMS + 1)
    assert table.heard([IDS[0]]) == [(0, 0)]
    assert table.heard([IDS[1]])[0].listeners == some.listeners_of_items()[1]
    cold = table.neighbours(IDS[0]).track_ids[:10]
    assert sum(int(name[1:]) < PER_GENRE for name in cold) > 5
    second = train(plays, catalogue, store, tmp_path)
    assert second is not None
    assert second.previous == first.version
    assert second.training.baselines["serving"] == first.training.figures


def test_too_few_listeners_are_not_learned_from(store: ColisteningStore, tmp_path: Path) -> None:
    nothing = Catalogue(np.zeros(0, "S1"), Features(np.zeros(0, np.intp), np.zeros(0, np.intp)))
    few = evidence([(listener, item, 1, 0, item, 0) for listener in range(5) for item in range(6)])
    assert train(Played(few, IDS[:6], SNAPSHOT), nothing, store, tmp_path) is None
    assert train(Played(evidence([]), [], SNAPSHOT), nothing, store, tmp_path) is None
    assert store.head() is None


def test_a_catalogue_is_what_the_index_says_of_living_tracks(tmp_path: Path) -> None:
    s3 = FolderS3(tmp_path / "s3").as_client()
    tracks = [
        track(1, artists=("Nina Simone", "Somebody"), album="Live"),
        track(2, artists=("NINA SIMONE",), album="Other"),
        track(3, artists=("Muse",), album="Live"),
        track(4, artists=(), album=None),
    ]
    publish(s3, tracks, [direction(a0=1), direction(a1=1), direction(a2=1), direction(a3=1)])
    found = Catalogue.of_index(IndexReader(s3, "index", tmp_path / "cache").current())
    assert found.ids.tolist() == [b"deezer:1", b"deezer:2", b"deezer:3", b"deezer:4"]
    assert found.features.artists.tolist() == [0, 0, 1, -1]
    assert found.features.albums.tolist() == [0, 1, 2, -1]
    more = found.with_tracks(np.array([b"deezer:2", b"apple:77"]))
    assert more.ids.tolist() == [b"apple:77", *found.ids.tolist()]
    assert more.features.artists.tolist() == [-1, 0, 0, 1, -1]
    assert more.features.sound is not None
    assert more.features.sound.sum(axis=1).tolist() == [0, 1, 1, 1, 1]
