"""From plays to a table that serves."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from bench.index.folder_s3 import FolderS3
from earshot.clock import epoch, iso, now, now_iso
from earshot.colistening.garbage import collect_garbage
from earshot.colistening.manifest import WATCHED, Manifest, Snapshot, TableEntry, Training, Verdict
from earshot.colistening.publish import publish as publish_table
from earshot.colistening.reader import ColisteningReader
from earshot.colistening.store import ColisteningStore
from earshot.index.stored_rows import newest_rows
from listening.catalogue import Catalogue
from listening.models.cold import Features
from listening.models.fit import fit
from listening.models.interactions import Evidence, Interactions, evidence_of_plays, with_opinions
from listening.models.judge import Judgement
from listening.models.learn import Judged, Outcome
from listening.models.newest import newest
from listening.models.recipe import Recipe
from listening.rhythm import chosen, is_to_be_chosen
from listening.train import Played, train
from listening.watch import Drift, watch
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
    again = train(plays, catalogue, store, tmp_path)
    assert again is not None
    assert again.previous == first.version
    assert again.table.objects == first.table.objects, "the same plays: fitted again it is the same to the byte"
    assert again.training.chosen_at == first.training.chosen_at
    anew = train(plays, catalogue, store, tmp_path, choose_days=0)
    assert anew is not None
    assert anew.training.chosen_at > first.training.chosen_at
    assert anew.training.baselines["serving"] == first.training.figures


def _crowd(first: int, n: int, each: int, at: int, genres: range) -> Evidence:
    """`n` listeners who each hear so many items of one of the genres, the first at a time."""
    return evidence(
        (first + number, PER_GENRE * genres[number % len(genres)] + (3 * number + item) % PER_GENRE, 1, 0, at + item, 0)
        for number in range(n)
        for item in range(each)
    )


def test_a_model_is_chosen_when_its_time_is_over_or_it_has_drifted_or_there_is_much_more(
    store: ColisteningStore, tmp_path: Path
) -> None:
    training = Training("knn", {}, SNAPSHOT, {}, {}, {}, Verdict(True, ""), chosen_at=now_iso(), chosen_on=1000)
    table = TableEntry("t", 0, {})
    serving = Manifest(table, training, now_iso())
    assert not is_to_be_chosen(serving, SNAPSHOT, None, 7)
    assert is_to_be_chosen(serving, replace(SNAPSHOT, plays=1500), None, 7)
    week_ago = replace(training, chosen_at=iso(now() - timedelta(days=6, hours=23)))
    assert is_to_be_chosen(replace(serving, training=week_ago), SNAPSHOT, None, 7)
    assert not is_to_be_chosen(replace(serving, training=week_ago), SNAPSHOT, None, 8)
    for has_drifted in (False, True):
        drift = Drift("v", now_iso(), {}, {}, 0.1, has_drifted)
        assert is_to_be_chosen(serving, SNAPSHOT, drift, 7) is has_drifted
    assert is_to_be_chosen(replace(serving, training=replace(training, chosen_at="")), SNAPSHOT, None, 7)


def test_where_nothing_better_is_found_what_serves_is_fitted_to_the_newest_plays() -> None:
    """So who was forgotten leaves it all the same."""
    some = np.full(3, 0.1, np.float32)
    judgement = Judgement(some, some, some, 0.5)
    refused = Outcome(Judged(Recipe(als=1), judgement), {}, {"serving": {"ndcg10": 0.2}}, Verdict(False, "worse"))
    before = Training("knn", {"knn": 1.0}, SNAPSHOT, {"ndcg10": 0.3}, {}, {}, Verdict(True, ""))
    serving = Manifest(TableEntry("t", 0, {}), before, now_iso())
    champion, kept = chosen(refused, serving, replace(SNAPSHOT, plays=2000))
    assert (champion.model, champion.verdict.enters) == ("als", False)
    assert (kept.model, kept.verdict.enters, kept.data.plays) == ("knn", True, 2000)
    assert (kept.figures["ndcg10"], kept.chosen_on) == (0.2, 2000)


def test_who_is_watched_has_found_the_newest_fifth_since() -> None:
    rows = [(0, item, 1, 0, item, 0) for item in range(5)]  # before
    rows += [(1, item, 1, 0, 10 * item, 0) for item in range(5)]  # the last one since
    rows += [(2, item, 1, 0, 38 + item, 0) for item in range(10)]  # but two before
    rows += [(3, 1, 1, 0, 50, 0)]  # nothing to be found from one item
    some = evidence(rows)
    interactions = Interactions.of_evidence(some, n_listeners=4, n_items=10)
    assert newest(interactions, some, 40).sizes.tolist() == [5, 10]
    assert newest(interactions, some, 41).sizes.tolist() == [10]


def test_what_serves_is_watched_on_what_was_played_since(
    store: ColisteningStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A crowd of the same taste comes, then one whose taste nobody had before."""
    later, names = int(epoch()) + 3600, np.array(IDS, "S5")
    before = Interactions.of_evidence(_crowd(0, 80, 12, 1000, range(4)), n_listeners=80, n_items=ITEMS)
    rows = fit(before, Recipe(knn=1), ids=names, plays=before.listeners_of_items())
    at_verdict = {"ndcg10": 0.5, "ndcg10_se": 0.05}
    training = Training("knn", {"knn": 1.0}, SNAPSHOT, at_verdict, {}, {}, Verdict(True, ""))
    serving = publish_table(store, rows, training, seen=None, work_dir=tmp_path)
    said = []
    for crowd in (_crowd(0, 40, 12, later, range(4)), _crowd(0, 40, 12, later, range(4, 8))):
        people = Interactions.of_evidence(crowd, n_listeners=40, n_items=ITEMS)
        said.append(watch(store, serving, people, names, tmp_path))
    assert [one and one.has_drifted for one in said] == [False, True]
    kept = [
        json.loads(store._client.get_object(Bucket="index", Key=one.key)["Body"].read()) for one in store.list(WATCHED)
    ]
    assert {one["version"] for one in kept} == {serving.version}
    emitted = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert sum("ColisteningDrifted" in line for line in emitted) == 1
    assert sum("ColisteningNdcg" in line for line in emitted) == 2
    assert watch(store, serving, people.of(np.arange(29)), names, tmp_path) is None
    collect_garbage(store, now=now() + timedelta(days=91))
    assert list(store.list(WATCHED)) == []


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
    found = Catalogue.of_index(newest_rows(s3, "index", tmp_path / "cache"))
    assert found.ids.tolist() == [b"deezer:1", b"deezer:2", b"deezer:3", b"deezer:4"]
    assert found.features.artists.tolist() == [0, 0, 1, -1]
    assert found.features.albums.tolist() == [0, 1, 2, -1]
    more = found.with_tracks(np.array([b"deezer:2", b"apple:77"]))
    assert more.ids.tolist() == [b"apple:77", *found.ids.tolist()]
    assert more.features.artists.tolist() == [-1, 0, 0, 1, -1]
    assert more.features.sound is not None
    assert more.features.sound.sum(axis=1).tolist() == [0, 1, 1, 1, 1]
