"""How near is near: shares of a catalogue."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.answers import scale
from api.answers.scale import NO_SCALE, Scale, key_bound, sample_of
from api.http.shard_contract import packed, unpacked_numbers
from earshot.index.shelving import sample_key
from tests.unit.api.world import direction, track

from .conftest import IndexOf

cosines = st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=40)


@given(cosines, st.floats(-1, 1, width=32), st.floats(-1, 1, width=32))
def test_what_is_more_similar_is_never_closer_than_less(sample: list[float], one: float, other: float) -> None:
    told = Scale(np.array(sample, np.float32))
    less, more = (told.closer_than(similarity) for similarity in sorted((one, other)))
    assert less is not None
    assert more is not None
    assert 0 <= less <= more <= 1


def test_it_is_the_share_of_the_others_that_are_farther(index_of: IndexOf) -> None:
    index = index_of([track(n) for n in range(1, 6)], [direction(a0=1, a1=n - 1) for n in range(1, 6)])
    sample = sample_of(index)
    assert sample is not None
    told = Scale(sample.cosines([direction(a0=1)], {"deezer:1", "deezer:99"}))
    found = index.search(direction(a0=1), 4, exclude={"deezer:1"})
    assert [told.closer_than(near.similarity) for near in found] == [0.75, 0.5, 0.25, 0.0]
    nearest_of_two = sample.cosines([direction(a0=1), direction(a0=1, a1=4)], {"deezer:1", "deezer:5"})
    assert Scale(nearest_of_two).closer_than(float(nearest_of_two.max())) == pytest.approx(2 / 3)


def test_where_nothing_can_be_compared_nothing_is_told() -> None:
    assert NO_SCALE.closer_than(1.0) is None


def test_of_many_tracks_a_sample_tells_nearly_what_all_would(
    index_of: IndexOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = np.random.default_rng(5)
    vectors = dice.normal(size=(1500, 128)).astype(np.float32) + 1
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    tracks = [track(1000 + n) for n in range(len(vectors))]
    index = index_of(tracks, list(vectors))
    monkeypatch.setattr(scale, "SAMPLE", 300)
    sample = sample_of(index)
    assert sample is not None
    assert set(sample.rows) == {t.track_id for t in tracks if sample_key(t.track_id) < key_bound(1500)}
    exact = vectors @ vectors[0]
    told = Scale(sample.cosines([vectors[0]]))
    for share in (0.5, 0.9, 0.99):
        found = told.closer_than(float(np.quantile(exact, share)))
        assert found == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / len(sample.rows)))


def test_samples_of_parts_are_together_that_of_the_whole(index_of: IndexOf) -> None:
    tracks = [track(n) for n in range(1, 41)]
    vectors = [direction(a0=1, a1=n / 10) for n in range(1, 41)]
    bound, point = key_bound(40) // 2, direction(a0=1)
    whole, *parts = (
        sample_of(index_of(tracks[rows], vectors[rows]), bound) for rows in (slice(None), slice(15), slice(15, None))
    )
    assert whole is not None
    told = [unpacked_numbers(packed(part.cosines([point]))) for part in parts if part is not None]
    assert 0 < len(whole.rows) < 40
    assert sorted(np.concatenate(told)) == pytest.approx(sorted(whole.cosines([point])))
