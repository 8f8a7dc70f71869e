"""From what a caller names to what the index knows."""

from collections.abc import Iterable

import pytest

from api.answers.seeds import LOOKED_UP, seed_of, seeds_of_playlist
from earshot.errors import TrackNotFound, TrackNotReady
from earshot.ids import TrackId
from earshot.reasons import Reason
from earshot.track import Status, Track, TrackInfo
from tests.unit.answers.conftest import IndexOf
from tests.unit.api.world import direction, track


def _nothing(_: TrackId) -> Track | None:
    return None


def _none(_: Iterable[TrackId]) -> dict[TrackId, Track]:
    return {}


def test_a_seed_is_what_the_index_holds_of_the_track(index_of: IndexOf) -> None:
    index = index_of([track(1)], [direction(a3=1)])
    seed = seed_of(index, _nothing, TrackId("deezer:1"), -0.5)
    assert (seed.track.title, seed.weight) == ("Title 1", -0.5)
    assert seed.vector.tolist() == direction(a3=1).tolist()


def test_a_track_that_nobody_crawled_is_not_found(index_of: IndexOf) -> None:
    with pytest.raises(TrackNotFound):
        seed_of(index_of([track(1)], [direction(a0=1)]), _nothing, TrackId("deezer:77"))


@pytest.mark.parametrize(
    ("status", "reason"), [(Status.PENDING, None), (Status.READY, None), (Status.NO_PREVIEW, Reason.MISS)]
)
def test_a_track_on_its_way_is_not_ready_and_says_why(index_of: IndexOf, status: Status, reason: Reason | None) -> None:
    index = index_of([track(1)], [direction(a0=1)])
    known = Track(TrackInfo(TrackId("deezer:5"), "deezer"), status=status, reason=reason)
    with pytest.raises(TrackNotReady) as refusal:
        seed_of(index, lambda _: known, TrackId("deezer:5"))
    assert (refusal.value.status, refusal.value.reason) == (status, reason)
    assert refusal.value.hint


def test_a_track_that_got_another_id_is_found_by_the_old_one(index_of: IndexOf) -> None:
    index = index_of([track(1)], [direction(a3=1)])
    moved = Track(track(1).info, status=Status.READY)
    old = TrackId("file:0123456789abcdef")
    assert seed_of(index, lambda _: moved, old).track.track_id == "deezer:1"
    seeds, skipped = seeds_of_playlist(index, lambda _: {old: moved}, [old, "deezer:1"])
    assert ([seed.track.track_id for seed in seeds], skipped) == (["deezer:1"], [])


def test_later_tracks_of_a_playlist_weigh_more_and_those_it_cannot_use_are_named(index_of: IndexOf) -> None:
    index = index_of([track(1), track(2)], [direction(a0=1), direction(a1=1)])
    texts = ["https://www.deezer.com/track/1", "deezer:77", "nonsense", "deezer:2"]
    seeds, skipped = seeds_of_playlist(index, _none, texts)
    assert [(seed.track.track_id, seed.weight) for seed in seeds] == [("deezer:1", 0.75), ("deezer:2", 1.0)]
    assert [(one.text, one.error.code) for one in skipped] == [
        ("deezer:77", "track_not_found"),
        ("nonsense", "invalid_track_id"),
    ]


def test_a_track_named_twice_counts_once(index_of: IndexOf) -> None:
    index = index_of([track(1), track(2)], [direction(a0=1), direction(a1=1)])
    seeds, _ = seeds_of_playlist(index, _none, ["deezer:1", "deezer:2", "deezer:1"])
    assert [seed.track.track_id for seed in seeds] == ["deezer:1", "deezer:2"]


def test_a_playlist_without_any_usable_track_is_the_error_of_its_first(index_of: IndexOf) -> None:
    index = index_of([track(1)], [direction(a0=1)])
    with pytest.raises(TrackNotFound, match="deezer:77"):
        seeds_of_playlist(index, _none, ["deezer:77", "nonsense"])


def test_what_the_index_lacks_is_looked_up_at_once_and_not_without_end(index_of: IndexOf) -> None:
    index = index_of([track(1)], [direction(a0=1)])
    asked: list[list[TrackId]] = []

    def look_up(track_ids: Iterable[TrackId]) -> dict[TrackId, Track]:
        asked.append(list(track_ids))
        return {TrackId("deezer:1000"): Track(TrackInfo(TrackId("deezer:1000"), "deezer"))}

    lacking = [f"deezer:{1000 + number}" for number in range(LOOKED_UP + 9)]
    _, skipped = seeds_of_playlist(index, look_up, ["deezer:1", *lacking])
    assert asked == [lacking[:LOOKED_UP]]
    assert [one.text for one in skipped] == lacking
    assert skipped[0].error.code == skipped[-1].error.code == "track_not_ready"
    assert {one.error.code for one in skipped[1:LOOKED_UP]} == {"track_not_found"}
