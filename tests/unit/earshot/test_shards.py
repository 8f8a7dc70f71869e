import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.errors import InvalidInput
from earshot.shards import MOST, Shard, shard_of

GOLDEN = {
    "11dFghVXANMlKmJXsNCbNl": (0, 0, 1, 0, 8, 288),
    "deezer:3135556": (0, 0, 1, 0, 4, 644),
    "file:2c26b46b68ffc68f": (0, 1, 2, 3, 7, 247),
    "subsonic:tr-1234": (0, 0, 1, 2, 10, 258),
    "manifest:8d969eef6ecad3c2": (0, 0, 0, 0, 4, 764),
}
"""Of 1, 2, 3, 4, 16 and 1,000 shards the one: buckets have been filled by this."""


@pytest.mark.parametrize(("track_id", "numbers"), GOLDEN.items())
def test_a_track_stays_where_it_was_put(track_id: str, numbers: tuple[int, ...]) -> None:
    assert tuple(shard_of(track_id, of) for of in (1, 2, 3, 4, 16, 1_000)) == numbers


@given(st.text(min_size=1, max_size=40), st.integers(1, MOST))
def test_a_track_belongs_to_exactly_one_shard(track_id: str, of: int) -> None:
    number = shard_of(track_id, of)
    assert Shard(number, of).owns(track_id)
    assert not Shard((number + 1) % of, of).owns(track_id) or of == 1


def test_shards_are_about_equal() -> None:
    counts = np.bincount([shard_of(f"deezer:{number}", 16) for number in range(32_000)], minlength=16)
    assert counts.min() > 1_800
    assert counts.max() < 2_200


@pytest.mark.parametrize("of", [0, -1, MOST + 1])
def test_there_is_no_division_into_nothing_nor_into_too_many(of: int) -> None:
    with pytest.raises(InvalidInput, match="shards"):
        shard_of("deezer:1", of)
