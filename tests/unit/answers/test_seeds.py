"""From what a caller names to what the index knows."""

import pytest

from api.answers.seeds import seed_of, seeds_of_playlist
from earshot.errors import TrackNotFound, TrackNotReady
from earshot.ids import TrackId
from earshot.reasons import Reason
from earshot.track import Status, Track, TrackInfo
from tests.unit.answers.conftest import IndexOf
from tests.unit.api.world import direction, track


def _nothing(_: TrackId) -> Track | None:
    return None


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


def test_later_tracks_of_a_playlist_weigh_more_and_those_it_cannot_use_are_named(index_of: IndexOf) -> None:
    index = index_of([track(1), track(2)], [direction(a0=1), direction(a1=1)])
    texts = ["https://www.deezer.com/track/1", "deezer:77", "nonsense", "deezer:2"]
    seeds, skipped = seeds_of_playlist(index, _nothing, texts)
    assert [(seed.track.track_id, seed.weight) for seed in seeds] == [("deezer:1", 0.75), ("deezer:2", 1.0)]
    assert [(one.text, one.error.code) for one in skipped] == [
        ("deezer:77", "track_not_found"),
        ("nonsense", "invalid_track_id"),
    ]


def test_a_track_named_twice_counts_once(index_of: IndexOf) -> None:
    index = index_of([track(1), track(2)], [direction(a0=1), direction(a1=1)])
    seeds, _ = seeds_of_playlist(index, _nothing, ["deezer:1", "deezer:2", "deezer:1"])
    assert [seed.track.track_id for seed in seeds] == ["deezer:1", "deezer:2"]


def test_a_playlist_without_any_usable_track_is_the_error_of_its_first(index_of: IndexOf) -> None:
    index = index_of([track(1)], [direction(a0=1)])
    with pytest.raises(TrackNotFound, match="deezer:77"):
        seeds_of_playlist(index, _nothing, ["deezer:77", "nonsense"])
