"""What the clock does for the lake."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest

import earshot.clock
from earshot.clock import now
from earshot.colistening.manifest import Snapshot
from earshot.ids import TrackId
from earshot.plays import ListenerId
from earshot.stores.listeners_table import Opinion
from listening import keep
from listening.learn import Heard, read_plays
from tests.unit.listening.world import ANA, BEN, EVA, World, message, play

Later = Callable[[timedelta], None]
X = TrackId("deezer:x")


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """Lets time pass."""
    honest, passed = earshot.clock.now, [timedelta()]

    def now() -> datetime:
        return honest() + passed[0]

    def let_pass(time: timedelta) -> None:
        passed[0] += time

    for module in ("earshot.clock", "listening.keep", "listening.taste"):
        monkeypatch.setattr(f"{module}.now", now)
    return let_pass


def test_the_parts_of_a_day_become_one_whole_and_each_play_is_there_once(world: World) -> None:
    for some in ([play(1), play(2)], [play(1), play(3, BEN)], [play(4, days_ago=9)]):
        world.record.run([message(*some)])
    assert world.keep().merged == 2
    assert [found.is_whole for found in world.objects()] == [True, True]
    assert sorted(kept.title for kept in world.kept()) == ["Song 1", "Song 2", "Song 3", "Song 4"]
    before = world.objects()
    assert world.keep().merged == 0, "and costs nothing where nothing is new"
    assert [found.modified for found in world.objects()] == [found.modified for found in before]


def test_what_comes_later_is_merged_with_what_is_there(world: World) -> None:
    for number in (1, 2, 1):
        world.record.run([message(play(number, BEN if number == 2 else ANA))])
        world.keep()
    assert [found.is_whole for found in world.objects()] == [True]
    assert len(world.kept()) == 2


def test_where_time_is_up_the_next_run_goes_on(world: World) -> None:
    world.record.run([message(*(play(1, days_ago=days) for days in range(1, 6)))])
    answers = iter([False, False, True])
    assert world.keep(time_is_up=lambda: next(answers, True)).merged == 2
    assert sum(found.is_whole for found in world.objects()) == 2
    assert world.keep().merged == 3


def test_two_do_not_keep_the_lake_at_a_time(world: World) -> None:
    world.record.run([message(play(1))])
    with patch.object(keep, "logger"), patch("tests.unit.listening.world.nullcontext", lambda _: _Taken()):
        assert world.keep() == keep.Done()
    assert not world.objects()[0].is_whole


class _Taken:
    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None


def test_a_play_whose_track_comes_later_gets_it_in_lake_and_table(world: World, later: Later) -> None:
    world.record.run([message(play(1), play(1, BEN, days_ago=3), play(2))])
    assert world.keep().matched == 0
    track = world.register(1)
    later(timedelta(minutes=5))
    with patch.object(world.record.matching, "_now", lambda: 1e9):  # what was not found is asked for again
        assert world.keep().matched == 2
    assert sorted((kept.listener, kept.track_id or "") for kept in world.kept()) == [
        (ANA, ""),
        (ANA, track),
        (BEN, track),
    ]
    assert [found.track_id for found in world.stage.listeners.recent(BEN, 9)] == [track]
    assert [found.title for found in world.stage.listeners.recent(BEN, 9)] == ["Song 1"]


def test_of_who_asked_nothing_is_left_in_the_lake_and_of_others_everything(world: World, later: Later) -> None:
    world.record.run([message(play(1), play(1, BEN), play(2, EVA)), message(play(3, days_ago=40))])
    world.keep()
    world.stage.listeners.forget(ANA)
    assert world.keep().forgotten == 0, "what was being written when they asked comes first"
    later(timedelta(minutes=20))
    assert world.keep().forgotten == 1
    assert {kept.listener for kept in world.kept()} == {BEN, EVA}
    assert world.stage.listeners.to_forget() == []


def test_who_plays_again_after_they_asked_keeps_that(world: World, later: Later) -> None:
    world.record.run([message(play(1), minutes_ago=9)])
    world.stage.listeners.forget(ANA)
    world.record.run([message(play(2), minutes_ago=-1)])
    later(timedelta(minutes=20))
    world.keep()
    assert [kept.title for kept in world.kept()] == ["Song 2"]
    assert [kept.title for kept in world.stage.listeners.recent(ANA, 9)] == ["Song 2"]


def test_forgetting_reads_the_objects_that_may_hold_the_listener_and_no_others(
    world: World, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listening.parquet._MOST_ROWS", 1)
    world.record.run([message(play(1), play(1, EVA)), message(play(1, EVA, days_ago=5))])
    world.keep()
    before = {found.key for found in world.objects() if not found.may_hold(ANA)}
    world.stage.listeners.forget(ANA)
    later(timedelta(minutes=20))
    world.keep()
    assert {found.key for found in world.objects()} == before


def test_forgetting_goes_on_where_time_was_up(world: World, later: Later, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keep, "_NOTED_EVERY", 1)
    world.record.run([message(*(play(1, days_ago=days) for days in range(1, 5)))])
    world.stage.listeners.forget(ANA)
    later(timedelta(minutes=20))
    answers = iter([False, False, True])
    world.keep(time_is_up=lambda: next(answers, True))
    (asked,) = world.stage.listeners.to_forget()
    assert asked.until == play(1, days_ago=3).day.isoformat()
    assert world.keep().forgotten == 1
    assert world.objects() == []


def test_plays_are_kept_for_as_long_as_was_chosen(world: World) -> None:
    world.record.run([message(play(1, days_ago=9), play(2, days_ago=11), play(3, days_ago=1))])
    assert world.keep(keep_days=10).expired == 1
    assert {kept.title for kept in world.kept()} == {"Song 1", "Song 3"}
    assert world.keep().expired == 0, "for ever, unless something else was chosen"


def test_a_taste_is_what_was_played_the_later_the_more(world: World, later: Later) -> None:
    tracks = [world.register(number) for number in range(4)]
    plays = [
        play(0, days_ago=400),
        play(1, days_ago=2),
        play(1, days_ago=3),
        play(2, days_ago=1, skipped=True),
        play(3, BEN),
    ]
    world.record.run([message(*plays)])
    assert world.keep().tastes == 2
    taste = world.stage.listeners.get(ANA, 1).taste
    assert taste is not None
    assert [track for track, _ in taste.tracks] == [tracks[1], tracks[0]]
    assert taste.tracks[0][1] == 1
    assert taste.tracks[1][1] == pytest.approx(0.5 ** (397.5 / 180) / 2, rel=0.01)


def test_a_history_is_all_that_was_ever_heard_with_when(world: World, later: Later) -> None:
    tracks = [world.register(number) for number in range(3)]
    long_ago = play(0, days_ago=900)
    plays = [long_ago, play(1, days_ago=2), play(1, days_ago=500), play(2, skipped=True), play(9), play(1, BEN)]
    world.record.run([message(*plays), message(play(1, days_ago=2))])
    world.keep()
    history = world.stage.listeners.history(ANA)
    assert history is not None
    assert history.plays == 5
    ever, lately = history.heard_since(), history.heard_since(long_ago.listened_at + 86_400)
    assert [[track in some for track in tracks] for some in (ever, lately)] == [[True, True, True], [False, True, True]]
    assert "deezer:9" not in ever
    assert world.stage.listeners.history(ListenerId("0" * 16)) is None


def test_only_those_who_have_played_since_get_a_new_taste(world: World, later: Later) -> None:
    world.register(1)
    world.record.run([message(play(1), play(1, BEN))])
    assert world.keep().tastes == 2
    later(timedelta(hours=6))
    assert world.keep().tastes == 2, "a play that was under way when theirs was made may be new"
    later(timedelta(hours=6))
    assert world.keep().tastes == 0
    world.record.run([message(replace(play(1, BEN), listened_at=play(2).listened_at), minutes_ago=-12 * 60)])
    assert world.keep().tastes == 1


def test_who_asks_to_be_forgotten_gets_no_taste(world: World) -> None:
    world.register(1)
    world.record.run([message(play(1))])
    world.stage.listeners.forget(ANA)
    assert world.keep().tastes == 0
    assert list(world.stage.listeners.everything(ANA)) == []


def test_what_a_model_learns_from_is_who_played_what_and_a_snapshot_tells_of_what(world: World) -> None:
    assert _read(world) is None
    one, two = world.register(1), world.register(2)
    world.record.run([message(play(1), play(1, days_ago=5), play(2, BEN, skipped=True), play(9)), message(play(1))])
    read = _read(world)
    assert read is not None
    heard, snapshot = read
    assert heard.track_ids == [one, two]
    rows = list(zip(heard.listener, heard.track, heard.at, heard.skip, strict=True))
    ana = [(0, 0, play(1, days_ago=days).listened_at, False) for days in (5, 1)]
    assert rows == [*ana, (1, 1, play(2).listened_at, True)]
    assert (snapshot.plays, snapshot.listeners, snapshot.tracks) == (3, 2, 2)
    assert (snapshot.first_day, snapshot.last_day) == (str(play(1, days_ago=5).day), str(play(1).day))
    world.keep()
    again = _read(world)
    assert again is not None
    assert again[1].digest != snapshot.digest
    assert list(again[0].at) == list(heard.at)


def test_what_is_loved_and_banned_is_learned_from_whether_or_not_it_was_played(world: World, later: Later) -> None:
    track = world.register(1)
    world.record.run([message(play(1), play(2, BEN))])
    _think(world, ANA, track, Opinion.LOVED)
    _think(world, EVA, X, Opinion.BANNED)
    read = _read(world)
    assert read is not None
    heard, snapshot = read
    assert heard.track_ids == [track, X]
    said = [(who, track, feedback) for who, track, _, feedback in zip(*heard.opinions, strict=True)]
    assert said == [(0, 0, 1), (1, 1, -1)], "nobody knows who EVA is, and what BEN played has no track"
    assert (snapshot.plays, snapshot.listeners, snapshot.opinions) == (1, 2, 2)
    world.stage.listeners.say(ANA, track, None)
    world.stage.listeners.forget(EVA)
    again = _read(world)
    assert again is not None
    assert again[1].opinions == 0
    later(timedelta(seconds=2))
    _think(world, EVA, X, Opinion.LOVED)
    anew = _read(world)
    assert anew is not None
    assert anew[1].opinions == 1, "who was forgotten may begin anew"


def test_a_listener_who_asks_leaves_no_trace_in_any_table_or_object(world: World, later: Later) -> None:
    """The bytes are searched: of what is left, only the word that they asked names them, and it expires."""
    listener = ListenerId("3f9c0d5e7a1b2c48")
    world.register(1)
    said: dict[str, Any] = {"title": "Unheard-of Lullaby", "client": "peculiar player 7"}
    plays = [play(1, listener), play(2, listener, **said), play(3, listener, days_ago=50, **said)]
    world.record.run([message(*plays, play(1, BEN), minutes_ago=1)])
    world.keep()
    assert world.stage.listeners.history(listener) is not None
    world.record.run([message(play(4, listener, **said), play(2, BEN), minutes_ago=1)])
    _think(world, listener, X, Opinion.LOVED)
    world.stage.listeners.forget(listener)
    learned_from = _read(world)
    assert learned_from is not None
    assert (len(learned_from[0].at), learned_from[1].opinions) == (1, 0), "what models read has nothing of them at once"
    later(timedelta(minutes=20))
    world.keep()
    rows, bodies = _everything(world)
    words = [row for row in rows if row.get("listener") == {"S": "forgotten"}]
    assert len(words) == 1
    assert float(words[0]["expires_at"]["N"]) < (now() + timedelta(days=46)).timestamp()
    left = repr([row for row in rows if row not in words]).encode() + b"".join(bodies)
    kept = repr(world.kept()).encode()  # what is packed in the bytes
    for trace in (listener, listener[:8], "Lullaby", "peculiar"):
        assert trace.encode() not in left + kept
    assert BEN.encode() in kept


def _read(world: World) -> tuple[Heard, Snapshot] | None:
    return read_plays(world.record.lake, world.stage.listeners, world.record.plays, world.folder)


def _think(world: World, listener: ListenerId, track_id: TrackId, opinion: Opinion) -> None:
    world.stage.listeners.say(listener, track_id, opinion)


def _everything(world: World) -> tuple[list[dict[str, dict[str, str]]], list[bytes]]:
    """All items of all tables, and all keys and contents of all buckets."""
    aws = world.stage.account
    tables = aws.dynamodb.list_tables()["TableNames"]
    rows = [row for table in tables for row in aws.dynamodb.scan(TableName=table)["Items"]]
    bodies = []
    for bucket in aws.s3.list_buckets()["Buckets"]:
        for found in aws.s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", ()):
            content = aws.s3.get_object(Bucket=bucket["Name"], Key=found["Key"])["Body"].read()
            bodies.append(found["Key"].encode() + content)
    return rows, bodies  # type: ignore[return-value]
