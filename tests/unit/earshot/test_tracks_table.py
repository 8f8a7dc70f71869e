from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.clock import Timestamp
from earshot.descriptors import Descriptors
from earshot.ids import TrackId
from earshot.keys import Key
from earshot.reasons import Reason
from earshot.stores.dynamodb import Table, to_item
from earshot.stores.tracks_table import TracksTable, track_from_item
from earshot.track import Status, Tag, Track, TrackInfo

INFO = TrackInfo(
    TrackId("deezer:1"),
    source="deezer",
    title="One More Time",
    artists=("Daft Punk",),
    album="Discovery",
    duration_ms=320_357,
)
TAGS = (Tag("electronic", 0.912345), Tag("dance", 0.4))


def store(
    table: TracksTable,
    at: str,
    *,
    mark: bytes = b"\0\0",
    model: str = "musicnn-msd@1",
    descriptors: Descriptors | None = None,
) -> bool:
    return table.store_embedding(
        INFO,
        embedding=mark * 624,
        drift=bytes(1248),
        tags=TAGS,
        model=model,
        preview_at=Timestamp(at),
        provider="deezer",
        descriptors=descriptors,
    )


def known(table: TracksTable) -> Track:
    track = table.get(INFO.track_id)
    assert track is not None
    return track


def ready(table: TracksTable) -> Track:
    track = known(table)
    assert track.status is Status.READY
    return track


def test_a_registered_track_is_pending_and_keeps_what_the_source_said(table: TracksTable) -> None:
    assert table.register(INFO)
    track = table.get(INFO.track_id)
    assert track is not None
    assert (track.info, track.status, track.embedding) == (INFO, Status.PENDING, None)
    assert track.created_at is not None


def test_registering_again_reports_it_known_and_erases_nothing(table: TracksTable) -> None:
    table.register(INFO)
    store(table, "2026-01-01T00:00:00Z")
    assert not table.register(TrackInfo(TrackId("deezer:1"), source="deezer", title="One More Time (Live)"))
    track = ready(table)
    assert (track.info.title, track.info.artists) == ("One More Time (Live)", ("Daft Punk",))


def test_an_embedding_makes_the_track_ready_and_round_trips(table: TracksTable) -> None:
    table.register(INFO)
    assert store(table, "2026-01-01T00:00:00Z", mark=b"\x01\x3c")
    track = ready(table)
    assert track.embedding == b"\x01\x3c" * 624
    assert track.tags == TAGS
    assert (track.model, track.provider) == ("musicnn-msd@1", "deezer")


def test_an_embedding_recreates_a_track_that_the_table_lost(table: TracksTable) -> None:
    assert store(table, "2026-01-01T00:00:00Z")
    assert ready(table).info == INFO


def test_a_duplicate_embedding_changes_nothing(table: TracksTable) -> None:
    store(table, "2026-01-01T00:00:00Z")
    before = ready(table)
    assert not store(table, "2026-01-01T00:00:00Z", mark=b"\x01\x3c")
    assert ready(table) == before


def test_another_model_replaces_the_embedding_of_the_same_preview(table: TracksTable) -> None:
    store(table, "2026-01-01T00:00:00Z")
    assert store(table, "2026-01-01T00:00:00Z", model="choi-2017@1")
    assert ready(table).model == "choi-2017@1"


def test_a_failure_never_turns_a_ready_track_back(table: TracksTable) -> None:
    store(table, "2026-01-01T00:00:00Z")
    assert not table.mark_failed(INFO, reason=Reason.SILENT, preview_at=Timestamp("2026-02-01T00:00:00Z"))
    assert not table.mark_no_preview(INFO.track_id, reason=Reason.MISS)
    assert ready(table).reason is None


def test_a_failure_of_an_older_preview_is_ignored(table: TracksTable) -> None:
    table.register(INFO)
    table.mark_failed(INFO, reason=Reason.SILENT, preview_at=Timestamp("2026-02-01T00:00:00Z"))
    assert not table.mark_failed(INFO, reason=Reason.UNDECODABLE, preview_at=Timestamp("2026-01-01T00:00:00Z"))
    track = table.get(INFO.track_id)
    assert track is not None
    assert track.reason == "silent"


def test_success_after_failure_clears_the_reason(table: TracksTable) -> None:
    table.mark_failed(INFO, reason=Reason.UNDECODABLE, preview_at=Timestamp("2026-01-01T00:00:00Z"))
    assert store(table, "2026-01-01T00:00:00Z")
    assert ready(table).reason is None


def test_reopening_is_for_tracks_that_ended_without_an_embedding(table: TracksTable) -> None:
    table.register(INFO)
    assert not table.reopen(INFO.track_id)
    table.mark_no_preview(INFO.track_id, reason=Reason.MISS)
    assert table.reopen(INFO.track_id)
    track = table.get(INFO.track_id)
    assert track is not None
    assert (track.status, track.reason) == (Status.PENDING, None)
    assert not table.reopen(TrackId("deezer:999"))


def test_no_preview_of_an_unknown_track_creates_none(table: TracksTable) -> None:
    assert not table.mark_no_preview(TrackId("deezer:999"), reason=Reason.MISS)
    assert table.get(TrackId("deezer:999")) is None


def test_many_tracks_are_read_in_batches_and_missing_ones_left_out(table: TracksTable, dynamodb: Any) -> None:
    ids = [TrackId(f"deezer:{n}") for n in range(1, 151)]
    Table(dynamodb, "tracks").put_many({"track_id": track_id} for track_id in ids)
    found = table.get_many([*ids, *ids, TrackId("deezer:999")])
    assert sorted(found) == sorted(ids)
    assert {track.track_id for track in table.scan()} == set(ids)


def test_the_newest_preview_wins_in_whatever_order_events_arrive(table: TracksTable) -> None:
    events: list[Callable[[], Any]] = [
        lambda: store(table, "2026-01-01T00:00:00Z", mark=b"\x01\x3c"),
        lambda: store(table, "2026-01-03T00:00:00Z", mark=b"\x03\x3c"),
        lambda: table.mark_failed(INFO, reason=Reason.SILENT, preview_at=Timestamp("2026-01-02T00:00:00Z")),
        lambda: table.register(INFO),
    ]
    for order in permutations(events):
        table.delete(INFO.track_id)
        for event in (*order, *order[:2]):  # the first two are delivered again, late
            event()
        assert ready(table).embedding == b"\x03\x3c" * 624


_texts = st.text(st.characters(codec="utf-8"), max_size=30)


@given(title=_texts, artists=st.lists(_texts.filter(bool), max_size=3), duration=st.none() | st.integers(0, 10**7))
def test_whatever_a_source_says_round_trips(title: str, artists: list[str], duration: int | None) -> None:
    info = TrackInfo(TrackId("deezer:7"), source="deezer", title=title, artists=tuple(artists), duration_ms=duration)
    assert track_from_item(to_item(info.to_row())).info == info


def test_a_track_of_another_release_is_read_with_what_it_says(table: TracksTable, dynamodb: Any) -> None:
    row = {"track_id": "deezer:1", "status": "failed", "reason": "of_another_day", "colour": "red"}
    Table(dynamodb, "tracks").put(row)
    track = known(table)
    assert (track.status, track.reason, track.info.source) == (Status.FAILED, "of_another_day", "")
    assert table.states([TrackId("deezer:1")]) == {"deezer:1": (Status.FAILED, "of_another_day")}


def test_an_aws_error_that_is_no_lost_race_is_not_swallowed(dynamodb: Any) -> None:
    with pytest.raises(dynamodb.exceptions.ResourceNotFoundException):
        TracksTable(dynamodb, "absent").reopen(TrackId("deezer:1"))


def test_what_happens_to_a_track_while_it_gets_another_id_is_not_lost(
    table: TracksTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.register(INFO)
    honest, done = Table.get_many, list[bool]()

    def heard_meanwhile(reading: Table, *given: Any) -> Any:
        rows = [*honest(reading, *given)]
        if not done:
            done.append(store(table, "2026-01-01T00:00:00Z"))
        return iter(rows)

    monkeypatch.setattr(Table, "get_many", heard_meanwhile)
    renamed = replace(INFO, track_id=TrackId("deezer:2"))
    assert table.rename(INFO.track_id, renamed)
    track = table.get(INFO.track_id)
    assert track is not None
    assert (track.track_id, track.status, [t.track_id for t in table.scan()]) == (
        "deezer:2",
        Status.READY,
        ["deezer:2"],
    )


def test_what_was_heard_in_musics_words_comes_and_goes_with_its_embedding(table: TracksTable) -> None:
    said = Descriptors(120.0, 60.0, 0.43, Key("F# minor"), 0.81, -9.3, 4.0)
    assert store(table, "2026-11-20T00:00:00Z", descriptors=said)
    assert known(table).descriptors == said
    assert not store(table, "2026-11-19T00:00:00Z", descriptors=Descriptors(bpm=90.0)), "of an older preview"
    assert known(table).descriptors == said
    assert store(table, "2026-11-21T00:00:00Z")
    assert known(table).descriptors is None
