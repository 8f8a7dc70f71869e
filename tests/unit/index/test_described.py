"""Tempo, key and loudness of rows: the filters find what a look at every row finds."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.descriptors import Descriptors
from earshot.errors import DamagedIndex
from earshot.index.arrays import write_columns
from earshot.index.described import columns_of, described_file, unknown
from earshot.index.rows import IndexedTrack, row_in, track_from_line, track_to_line
from earshot.keys import KEYS
from earshot.track import Status, Track, TrackInfo

tenths = st.integers(400, 2400).map(lambda number: number / 10)
loudness = st.integers(-700, 30).map(lambda number: number / 10)
described = st.builds(
    Descriptors,
    bpm=st.none() | tenths,
    other_bpm=st.none() | tenths,
    key=st.none() | st.sampled_from(KEYS),
    loudness=st.none() | loudness,
)
rows_of = st.lists(st.none() | described, min_size=1, max_size=12)


def line(number: int, said: Descriptors | None) -> bytes:
    return track_to_line(Track(TrackInfo(f"{number:06d}", "file"), Status.READY, descriptors=said))  # type: ignore[arg-type]


def _within(value: float | None, least: float | None, greatest: float | None) -> bool:
    return value is not None and (least is None or value >= least) and (greatest is None or value <= greatest)


@settings(deadline=None, max_examples=60)
@given(rows_of, st.none() | tenths, st.none() | tenths, st.none() | loudness, st.sets(st.sampled_from(KEYS)))
def test_filters_find_what_a_look_at_every_row_finds(
    said: list[Descriptors | None], slow: float | None, fast: float | None, quiet: float | None, keys: set[str]
) -> None:
    columns = columns_of(line(number, one) for number, one in enumerate(said))
    with TemporaryDirectory() as folder:
        if columns is None:
            found = unknown(len(said))
        else:
            write_columns(Path(folder) / "described", columns)
            found = described_file(Path(folder) / "described", len(said))
        rows = [one or Descriptors() for one in said]
        assert found.in_tempo((slow, fast)).tolist() == [
            _within(one.bpm, slow, fast) or _within(one.other_bpm, slow, fast) for one in rows
        ]
        assert found.as_loud_as((quiet, None)).tolist() == [_within(one.loudness, quiet, None) for one in rows]
        assert found.as_loud_as((None, quiet)).tolist() == [_within(one.loudness, None, quiet) for one in rows]
        assert found.in_keys(keys).tolist() == [one.key in keys for one in rows]  # type: ignore[arg-type]


def test_nothing_is_written_where_nothing_is_said() -> None:
    assert columns_of(line(number, None) for number in range(3)) is None


def test_a_segment_that_says_nothing_lets_nothing_through() -> None:
    nothing = unknown(3)
    assert not nothing.in_tempo((None, None)).any()
    assert not nothing.in_keys(KEYS).any()
    assert not nothing.as_loud_as((None, None)).any()


@settings(deadline=None, max_examples=40)
@given(st.binary(max_size=300), st.integers(0, 5))
def test_a_mutilated_file_is_refused_or_answers(content: bytes, rows: int) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "described"
        path.write_bytes(content)
        try:
            found = described_file(path, rows)
        except DamagedIndex:
            return
        assert len(found.in_tempo((60, 120))) == len(found.in_keys([])) == rows


def test_the_file_of_other_rows_and_keys_that_there_are_not_are_refused(tmp_path: Path) -> None:
    columns = columns_of([line(0, Descriptors(bpm=120.0, key=KEYS[3]))])
    assert columns is not None
    write_columns(tmp_path / "described", columns)
    with pytest.raises(DamagedIndex):
        described_file(tmp_path / "described", 2)
    columns[2] = np.array([25], np.uint8)
    write_columns(tmp_path / "described", columns)
    with pytest.raises(DamagedIndex):
        described_file(tmp_path / "described", 1)


@given(st.none() | described)
def test_a_line_keeps_what_was_said(said: Descriptors | None) -> None:
    written = line(1, said)
    kept = said if said and said.to_row() else None
    assert IndexedTrack.from_line(written).descriptors == kept
    assert track_from_line(written, b"", b"").descriptors == kept
    assert ("descriptors" in row_in(written)) == (said is not None)


def test_a_line_is_the_same_whether_a_table_or_a_file_said_it() -> None:
    """A table makes 120 of 120.0; another line would be another fingerprint, and a row that is indexed anew."""
    row = {"track_id": "file:01", "source": "file", "status": "ready"}
    of_table = {"bpm": 120, "other_bpm": 60, "pulse_clarity": 1, "key": "A minor", "loudness": -9, "loudness_range": 0}
    of_file = {"bpm": 120.0, "other_bpm": 60.0, "pulse_clarity": 1.0, "key": "A minor"}
    of_file |= {"loudness": -9.0, "loudness_range": 0.0}
    one, other = (track_to_line(Track.from_row({**row, "descriptors": said})) for said in (of_table, of_file))
    assert one == other
