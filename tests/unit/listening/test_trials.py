"""Another model for some of the listeners, and what they made of it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from api.bootstrap import services
from earshot.clock import epoch, iso, now, now_iso
from earshot.colistening.garbage import collect_garbage
from earshot.colistening.manifest import TABLES
from earshot.colistening.store import ColisteningStore
from earshot.colistening.trial import Arm, Trial
from earshot.errors import DamagedIndex, InvalidInput
from earshot.ids import TrackId
from earshot.plays import ListenerId, Play
from earshot.stores.shown_tracks import Shown
from listening import trials
from listening.catalogue import Catalogue
from listening.models.cold import Features
from listening.train import Played, train
from tests.colistening import published, rows_of
from tests.unit.api.world import World, running_world
from tests.unit.listening.people import evidence
from tests.unit.listening.test_train import IDS, SNAPSHOT

NOTHING = Catalogue(np.zeros(0, "S1"), Features(np.zeros(0, np.intp), np.zeros(0, np.intp)))
X, Y, Z = TrackId("x"), TrackId("y"), TrackId("z")
ANA = ListenerId("a" * 16)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with running_world(tmp_path, EARSHOT_INDEX_CHECK_EVERY_S="0.1") as world:
        yield world


def test_a_share_of_the_listeners_is_tried_on_and_another_name_draws_others() -> None:
    listeners = [ListenerId(f"{number:016x}") for number in range(4000)]
    one, other = Trial("one", 0.1, "v"), Trial("other", 0.1, "v")
    tried = {listener for listener in listeners if one.arm_of(listener) is Arm.CHALLENGER}
    assert len(tried) == pytest.approx(400, abs=60)
    both = [listener for listener in tried if other.arm_of(listener) is Arm.CHALLENGER]
    assert len(both) == pytest.approx(40, abs=25)
    assert {replace(one, share=0.0).arm_of(listener) for listener in listeners} == {Arm.CHAMPION}
    assert {listener for listener in listeners if replace(one, share=0.3).arm_of(listener) is Arm.CHALLENGER} > tried


@pytest.mark.parametrize("body", [b"", b"{}", b'{"name": "A B", "share": 0.1, "source": "v", "pointer": null}', b"[1]"])
def test_what_is_no_trial_is_called_damaged(body: bytes) -> None:
    with pytest.raises(DamagedIndex):
        Trial.from_bytes(body)


def test_a_trial_serves_its_listeners_alone_from_the_next_learning_until_it_ends(world: World, tmp_path: Path) -> None:
    store = ColisteningStore(world.s3, "index")
    other = published(world.s3, rows_of({"a": {"b": (1.0, 5)}}), tmp_path)
    crowd = evidence((who, (5 * (who % 8) + item) % 40, 1, 0, item, 0) for who in range(60) for item in range(6))
    played = Played(crowd, IDS[:40], SNAPSHOT)
    trials.start(store, "first", other, 0.5)
    with pytest.raises(InvalidInput, match="runs"):
        trials.start(store, "second", other, 0.5)
    serving = train(played, NOTHING, store, tmp_path, choose_days=0)
    head = store.trial()
    assert serving is not None
    assert head is not None
    assert head.trial.pointer is not None
    assert head.trial.started_at
    listeners = [ListenerId(f"{number:016x}") for number in range(20)]
    tables = {who: services().trial.table_for(who) for who in listeners}
    assert {who for who, table in tables.items() if table} == {
        who for who in listeners if head.trial.arm_of(who) is Arm.CHALLENGER
    }
    assert {table.version for table in tables.values() if table} == {head.trial.pointer.version}
    collect_garbage(store, now=now() + timedelta(hours=2))
    assert store.manifest(head.trial.pointer).object_keys() <= {entry.key for entry in store.list(TABLES)}
    trials.end(store, adopted=Arm.CHALLENGER)
    services().trial.look_again()
    assert [services().trial.table_for(who) for who in listeners] == [None] * 20
    adopted = store.head()
    assert adopted is not None
    assert adopted.pointer == head.trial.pointer
    with pytest.raises(InvalidInput, match="no trial"):
        trials.end(store, adopted=Arm.CHAMPION)


def test_what_happened_is_the_first_play_within_a_day_of_what_was_shown() -> None:
    at = 1_780_000_000
    shown = {X: Shown(1, at), Y: Shown(2, at), Z: Shown(1, at)}

    def play(track: TrackId, after_s: int, *, skipped: bool = False) -> Play:
        return Play(ANA, at + after_s, track_id=track, skipped=skipped)

    plays = [play(X, 90), play(X, 20, skipped=True), play(Y, 86_400), play(Z, 86_401), play(Z, -1)]
    assert trials.happened(shown, plays) == (3, 1, 1)


def test_arms_are_compared_over_listeners_and_nothing_is_said_of_few() -> None:
    few = {Arm.CHAMPION: np.ones((50, 3), np.int64), Arm.CHALLENGER: np.ones((9, 3), np.int64)}
    assert trials.compared(few).lead_played is None
    rng = np.random.default_rng(0)

    def arm(share: float) -> trials.Counts:
        shown = np.full(200, 20)
        played = rng.binomial(shown, np.clip(rng.normal(share, 0.1, 200), 0, 1))  # people differ
        return np.column_stack([shown, played, np.zeros(200)]).astype(np.int64)

    found = trials.compared({Arm.CHAMPION: arm(0.2), Arm.CHALLENGER: arm(0.3)})
    assert found.lead_played is not None
    assert 0.05 < found.lead_played.low < found.lead_played.mean < found.lead_played.high < 0.15
    width = found.lead_played.high - found.lead_played.low
    assert width > 1.2 * 3.92 * np.sqrt(2 * 0.25 * 0.75 / 4000), "a binomial interval would be too narrow"
    alike = arm(0.2)
    same = trials.compared({Arm.CHAMPION: alike, Arm.CHALLENGER: alike})
    assert same.lead_played is not None
    assert same.lead_played.low < 0 < same.lead_played.high
    assert "challenger less champion: played +" in trials.text(Trial("first", 0.1, "v", now_iso()), found)


def test_a_report_counts_what_was_shown_since_the_trial_began_and_is_a_day_old(world: World) -> None:
    listeners, shown = services().listeners, services().shown
    day_ago = int(epoch()) - 90_000
    trial = Trial("first", 0.5, "v", iso(now() - timedelta(days=2)))
    arms = {Arm.CHAMPION: 0, Arm.CHALLENGER: 0}
    for number in range(40):
        who = ListenerId(f"{number:016x}")
        arms[trial.arm_of(who)] += 1
        shown.note(who, {X: Shown(1, day_ago), Y: Shown(1, day_ago - 10 * 86_400)}, [Z])
        if trial.arm_of(who) is Arm.CHALLENGER:
            listeners.note_plays([Play(who, day_ago + 60, track_id=X, skipped=False, accepted_at=day_ago + 60)])
    found = trials.report(trial, listeners, shown)
    assert found.listeners == arms == found.shown, "Y was shown before, Z just now"
    assert found.played is not None
    assert (found.played[Arm.CHAMPION].mean, found.played[Arm.CHALLENGER].mean) == (0, 1)
    assert trials.report(replace(trial, started_at=""), listeners, shown).listeners == dict.fromkeys(Arm, 0)
