"""Whatever arrives, dies or races: in the end every recipe's index holds what the table holds.

A state machine drives the real code against the semantics of S3 and DynamoDB and compares with a dict. Between any two
calls to AWS the process may die, or another process may run to its end.
"""

import itertools
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from annoy_service.builder import Builder
from annoy_service.garbage import collect_garbage
from annoy_service.generations import promote, settle
from annoy_service.index import index_batch
from annoy_service.pointers import manifest_at, position
from annoy_service.policy import Policy, UpkeepRequests
from annoy_service.repair import index_missing, rebuild_from_table
from annoy_service.services import Services
from annoy_service.upkeep import keep_up
from earshot.clock import now_iso
from earshot.errors import NoIndexYet, RecipeNotReady
from earshot.ids import TrackId
from earshot.index.cache import SegmentCache
from earshot.index.directory import Directory
from earshot.index.reader import IndexReader
from earshot.index.row_sources import fresh_row
from earshot.index.store import IndexStore
from earshot.messages import IndexPublished, KeepUp, TrackNotIndexed, TracksChanged
from earshot.networks import CHOI
from earshot.recipes import Recipe, default_recipe
from earshot.stores.tracks_table import TracksTable
from earshot.track import Tag, TrackInfo
from tests.aws import Account, account

NETWORK = CHOI  # the smallest one: the machine takes thousands of steps
RECIPES = (default_recipe(NETWORK), Recipe("a challenger", NETWORK, "centred", NETWORK.dimensions))
POLICY = Policy(small_catalogue=2, min_delta_rows=3, delta_share=0.5, dead_share=0.4)
IDS = tuple(TrackId(f"file:{n:016x}") for n in range(6))

tracks = st.sampled_from(IDS)
recipes = st.sampled_from(RECIPES)
calls = st.one_of(st.none(), st.integers(0, 30))
"""After how many calls to AWS something happens; None: nothing does."""


class Killed(Exception):
    """The process has died here."""


@dataclass
class Aws:
    """Clients whose calls are counted; at the `at`-th one from now on, `do` happens first (or after it)."""

    account: Account
    s3: Any
    dynamodb: Any
    at: int | None = None
    after: bool = False
    do: Callable[[], None] | None = None

    def watch(self) -> None:
        for client in (self.s3, self.dynamodb):
            client.meta.events.register("before-call", lambda **_: self._step(after=False))
            client.meta.events.register("after-call", lambda **_: self._step(after=True))

    def _step(self, *, after: bool) -> None:
        if self.do is None or self.at is None or after is not self.after:
            return
        self.at -= 1
        if self.at < 0:
            do, self.do = self.do, None
            do()

    @contextmanager
    def happens(self, at: int | None, do: Callable[[], None], *, after: bool = False) -> Iterator[None]:
        """Within the block, `do` happens at the `at`-th call."""
        self.at, self.after, self.do = at, after, do
        try:
            yield
        finally:
            self.at, self.do = None, None


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with account() as made:
        clients = Aws(made, made.s3, made.dynamodb)
        clients.watch()
        yield clients


def kill() -> None:
    raise Killed


def vectors(seed: int) -> bytes:
    values: npt.NDArray[np.float16] = np.random.default_rng(seed).normal(size=NETWORK.dimensions).astype("<f2")
    return values.tobytes()


_worlds = itertools.count()


class IndexAndTable(RuleBasedStateMachine):
    """`pending` are stream records not acknowledged yet; `lost` tells that some expired before anybody read them."""

    aws: Aws

    def __init__(self) -> None:
        super().__init__()
        name = self.aws.account.bucket(f"world-{next(_worlds)}")
        self.aws.account.table(name, "track_id")
        self.bucket = name
        self.table = TracksTable(self.aws.dynamodb, name)
        self.folder = tempfile.TemporaryDirectory()
        self.processes = [self.start(0), self.start(1)]
        self.reader = IndexReader(self.aws.s3, name, Path(self.folder.name) / "reader", check_every_s=0)
        self.truth: dict[str, tuple[int, str]] = {}
        self.pending: list[str] = []
        self.lost = False
        self.seeds = itertools.count()

    def start(self, number: int) -> Services:
        """A process with an empty memory, and on its disk whatever the one before it left there."""
        folder = Path(self.folder.name) / f"process-{number}"
        store = IndexStore(self.aws.s3, self.bucket)

        def builder(place: int) -> Builder:
            mine = folder / str(place)
            mine.mkdir(parents=True, exist_ok=True)
            return Builder(store, SegmentCache(store, mine), RECIPES[place], mine, POLICY, leads=place == 0)

        announced: list[IndexPublished] = []
        parked: list[TrackNotIndexed] = []
        upkeep = UpkeepRequests(lambda: None, POLICY)
        builders = tuple(map(builder, range(len(RECIPES))))
        return Services(self.table, builders, lambda _: builders[0], announced.append, parked.append, upkeep)

    def teardown(self) -> None:
        self.deliver_all()
        settle(self.processes[0], now=datetime.now(UTC) + timedelta(days=1))
        if self.lost:
            index_missing(self.processes[0])
        self.compare()
        self.folder.cleanup()

    def deliver_all(self) -> None:
        index_batch(self.records(self.pending), self.processes[0])
        self.pending.clear()

    @staticmethod
    def records(track_ids: Sequence[str]) -> list[TracksChanged]:
        return [TracksChanged((TrackId(track_id),)) for track_id in track_ids]

    # What people and the extractor do to the table.

    @rule(track_id=tracks)
    def extract(self, track_id: str) -> None:
        seed = next(self.seeds)
        title = self.truth.get(track_id, (0, track_id))[1]
        self.table.store_embedding(
            TrackInfo(TrackId(track_id), "file", title=title),
            embedding=vectors(seed),
            drift=vectors(-1 - seed & 0xFFFF),
            tags=[Tag("guitar", 0.25)],
            model=NETWORK.name,
            preview_at=now_iso(),
        )
        self.truth[track_id] = seed, title
        self.pending.append(track_id)

    @rule(track_id=tracks, title=st.sampled_from(["Über den Wolken", "再見", "x" * 500]))
    @precondition(lambda self: self.truth)
    def rename(self, track_id: str, title: str) -> None:
        if track_id in self.truth:
            self.table.register(TrackInfo(TrackId(track_id), "file", title=title))
            self.truth[track_id] = self.truth[track_id][0], title
            self.pending.append(track_id)

    @rule(track_id=tracks)
    def delete(self, track_id: str) -> None:
        if self.truth.pop(track_id, None):
            self.table.delete(TrackId(track_id))
            self.pending.append(track_id)

    # What the stream does with the records.

    @rule(data=st.data(), process=st.integers(0, 1), dies_at=calls, after=st.booleans())
    @precondition(lambda self: self.pending)
    def deliver_some(self, data: st.DataObject, process: int, dies_at: int | None, after: bool) -> None:
        """Any records, in any order, some of them twice; a batch whose function died comes again."""
        batch = data.draw(st.lists(st.sampled_from(self.pending), min_size=1, max_size=6))
        with suppress(Killed), self.aws.happens(dies_at, kill, after=after):
            index_batch(self.records(batch), self.processes[process])
            self.pending = [track_id for track_id in self.pending if track_id not in batch]
            return
        self.processes[process] = self.start(process)

    @rule(data=st.data(), at=st.integers(0, 30))
    @precondition(lambda self: self.pending)
    def deliver_to_two_at_once(self, data: st.DataObject, at: int) -> None:
        """While one process is at its `at`-th call, the table changes and another process indexes all of it."""
        first = data.draw(st.lists(st.sampled_from(self.pending), min_size=1, max_size=4))
        changed = data.draw(tracks)

        def meanwhile() -> None:
            self.extract(changed)
            index_batch(self.records(self.pending), self.processes[1])

        with self.aws.happens(at, meanwhile):
            index_batch(self.records(first), self.processes[0])
        # Every change has been in a batch by now, except one made after the second process had its turn.

    @rule()
    @precondition(lambda self: self.pending)
    def records_expire(self) -> None:
        self.pending.clear()
        self.lost = True

    # What upkeep does.

    @rule(on_demand=st.booleans(), dies_at=calls, after=st.booleans())
    def compact(self, on_demand: bool, dies_at: int | None, after: bool) -> None:
        with suppress(Killed), self.aws.happens(dies_at, kill, after=after):
            keep_up([KeepUp(on_demand)], self.processes[1])
            return
        self.processes[1] = self.start(1)

    @rule(at=st.integers(0, 30), track_id=tracks)
    def compact_while_folding(self, at: int, track_id: str) -> None:
        def meanwhile() -> None:
            self.extract(track_id)
            index_batch(self.records(self.pending), self.processes[0])

        with self.aws.happens(at, meanwhile):
            keep_up([KeepUp(on_demand=True)], self.processes[1])

    @rule(at=st.integers(0, 40), track_id=tracks)
    def rebuild_while_folding(self, at: int, track_id: str) -> None:
        def meanwhile() -> None:
            self.extract(track_id)
            index_batch(self.records(self.pending), self.processes[0])

        with self.aws.happens(at, meanwhile):
            rebuild_from_table(self.processes[1])

    @rule()
    def two_days_pass(self) -> None:
        in_two_days = datetime.now(UTC) + timedelta(days=2)
        settle(self.processes[0], now=in_two_days)
        collect_garbage(self.processes[0].leading.store, now=in_two_days)

    # What people decide.

    @rule(recipe=recipes, incomplete=st.booleans(), dies_at=calls, after=st.booleans())
    def verdict(self, recipe: Recipe, incomplete: bool, dies_at: int | None, after: bool) -> None:
        with suppress(Killed, RecipeNotReady), self.aws.happens(dies_at, kill, after=after):
            promote(recipe.name, self.processes[1], incomplete=incomplete)
            return
        self.processes[1] = self.start(1)

    @rule(recipe=recipes, at=st.integers(0, 30), track_id=tracks)
    def verdict_while_folding(self, recipe: Recipe, at: int, track_id: str) -> None:
        def meanwhile() -> None:
            self.extract(track_id)
            index_batch(self.records(self.pending), self.processes[0])

        with suppress(RecipeNotReady), self.aws.happens(at, meanwhile):
            promote(recipe.name, self.processes[1])

    @rule(recipe=recipes, at=st.integers(0, 30))
    @precondition(lambda self: self.pending)
    def fold_during_a_verdict(self, recipe: Recipe, at: int) -> None:
        def meanwhile() -> None:
            with suppress(RecipeNotReady):
                promote(recipe.name, self.processes[1], incomplete=True)

        with self.aws.happens(at, meanwhile):
            self.deliver_all()

    # What must hold.

    @rule()
    def a_reader_finds_every_track_of_its_version_once(self) -> None:
        try:
            searcher = self.reader.current()
        except NoIndexYet:
            return
        if searcher.size:
            query = np.ones(searcher.dim, np.float32)
            found = [hit.track.track_id for hit in searcher.search(query, len(IDS) + 1)]
            assert len(found) == len(set(found)) == searcher.size
            assert all(searcher.contains(track_id) for track_id in found)

    def compare(self) -> None:
        """Each index holds exactly the tracks of the table, as the table holds them, and so does a fresh reader."""
        in_table = {
            track.track_id: fresh_row(track, NETWORK).fingerprint for track in self.table.scan() if track.embedding
        }
        for builder in self.start(2).builders:
            located = Directory(builder.cache, manifest_at(builder, position(builder))).locate(IDS)
            assert {track_id: place.fingerprint for track_id, place in located.items()} == in_table
        assert in_table.keys() == self.truth.keys()
        if not in_table:
            return
        searcher = IndexReader(self.aws.s3, self.bucket, Path(self.folder.name) / "fresh").current()
        assert searcher.size == len(self.truth)
        for track_id, (_, title) in self.truth.items():
            row, vector = searcher.row(track_id), searcher.vector(track_id)
            assert row is not None
            assert vector is not None
            assert row.title == title
            assert searcher.search(vector, 1)[0].similarity == pytest.approx(1, abs=1e-6)


def test_the_index_equals_the_table_after_quiescence(aws: Aws) -> None:
    class Machine(IndexAndTable):
        pass

    Machine.aws = aws
    Machine.TestCase.settings = settings(
        max_examples=int(os.environ.get("EARSHOT_EXAMPLES", "6")),
        stateful_step_count=12,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    test = Machine.TestCase("runTest")
    test.runTest()
