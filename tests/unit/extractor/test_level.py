import numpy as np
import pytest

from extractor.audio.level import QUIET_LUFS, RECORDS_LUFS, as_loud_as_records, is_quiet
from extractor.audio.loudness import Loudness
from extractor.audio.samples import Audio


def _audio(loudness: float | None) -> Audio:
    return Audio(np.full(100, 0.01, np.float32), 16_000, 4.0, Loudness(loudness))


@pytest.mark.parametrize(("loudness", "quiet"), [(-9.0, False), (QUIET_LUFS, False), (-40.0, True), (None, False)])
def test_what_is_quieter_than_records_are_is_quiet(loudness: float | None, quiet: bool) -> None:
    assert is_quiet(_audio(loudness)) is quiet


def test_what_is_20_db_too_quiet_becomes_ten_times_as_large_and_its_loudness_stays_what_was_measured() -> None:
    louder = as_loud_as_records(_audio(RECORDS_LUFS - 20))
    np.testing.assert_allclose(louder.samples, 0.1, rtol=1e-5)
    assert louder.loudness.integrated == RECORDS_LUFS - 20


def test_what_has_no_loudness_stays_as_it_is() -> None:
    assert as_loud_as_records(_audio(None)).samples.max() == np.float32(0.01)
