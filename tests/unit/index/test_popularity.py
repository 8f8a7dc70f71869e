"""How well known rows are: the filter finds what a look at every row finds."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.errors import DamagedIndex
from earshot.facts import Facts, Learned, recording_of
from earshot.ids import TrackId
from earshot.index.arrays import write_columns
from earshot.index.popularity import Popularity, popularity_file, popularity_of, unknown
from earshot.index.rows import IndexedTrack, track_to_line
from earshot.track import Status, Track, TrackInfo

percent = st.integers(0, 100)
listeners = st.none() | st.integers(0, 60_000)


def _line(number: int, count: int | None) -> bytes:
    info = TrackInfo(TrackId(f"{number:06d}"), "file", title="x")
    said = Learned("2026-11-27", recording_of(info.to_row()), Facts(mbid="m", listeners=count))
    return track_to_line(Track(info, Status.READY, learned={"listenbrainz": said}))


@given(st.lists(listeners, min_size=1, max_size=12), st.none() | percent, st.none() | percent)
def test_the_filter_finds_what_a_look_at_every_row_finds(
    counts: list[int | None], least: int | None, greatest: int | None
) -> None:
    lines = [_line(number, count) for number, count in enumerate(counts)]
    column = popularity_of(lines)
    known = [IndexedTrack.from_line(line).popularity for line in lines]
    assert (column is None) == all(one is None for one in known)
    found = unknown(len(counts))
    if column is not None:
        with TemporaryDirectory() as folder:
            write_columns(Path(folder) / "popularity", column)
            found = popularity_file(Path(folder) / "popularity", len(counts))
    assert found.within((least, greatest)).tolist() == [
        one is not None and (least is None or one >= least) and (greatest is None or one <= greatest) for one in known
    ]
    assert found.is_known == (column is not None)


@pytest.mark.parametrize("column", [np.zeros(3, np.uint8), np.full(2, 102, np.uint8)])
def test_a_column_of_other_rows_or_of_no_popularities_is_refused(
    column: "np.ndarray[tuple[int], np.dtype[np.uint8]]",
) -> None:
    with pytest.raises(DamagedIndex):
        Popularity(column, 2)
