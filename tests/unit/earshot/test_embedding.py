import numpy as np
import pytest

from earshot.embedding import Embedding
from earshot.errors import AudioRejected, InvalidInput


def test_bytes_are_little_endian_float16_and_round_trip() -> None:
    values = np.array([1.0, -2.5, 0.333], np.float32)
    embedding, drift = Embedding(values, values * 2).to_bytes()
    assert embedding[:2] == b"\x00\x3c"
    back = Embedding.from_bytes(embedding, drift)
    np.testing.assert_allclose(back.embedding, values, rtol=1e-3)
    np.testing.assert_allclose(back.drift, values * 2, rtol=1e-3)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 70_000.0])
def test_what_float16_cannot_hold_is_refused(bad: float) -> None:
    good = np.zeros(3, np.float32)
    with pytest.raises(AudioRejected) as refused:
        Embedding(good, np.array([0, bad, 0], np.float32))
    assert refused.value.reason == "not_finite"


def test_bytes_that_are_no_pair_of_vectors_are_refused() -> None:
    for pair in ((b"\0\0", b"\0\0\0\0"), (b"\0", b"\0")):
        with pytest.raises(InvalidInput):
            Embedding.from_bytes(*pair)
