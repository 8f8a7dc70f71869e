"""Parts are there whole or not at all, in a folder as in a bucket."""

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from earshot.descriptors import Descriptors
from earshot.embedding_files import COLUMNS, row_of, track_in
from earshot.errors import InvalidInput
from earshot.ids import TrackId
from earshot.keys import Key
from earshot.reasons import Reason
from earshot.stores.parts import Parts, parts_at
from earshot.track import Status, Tag, Track, TrackInfo
from tests.aws import account


@pytest.fixture(params=["folder", "file://", "s3://"])
def parts(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Parts]:
    if request.param == "s3://":
        with account() as aws:
            yield parts_at(f"s3://{aws.bucket('parts')}/below/here", lambda: aws.s3)
    else:
        place = tmp_path / "a b"
        yield parts_at(
            place.as_uri() if request.param == "file://" else str(place), lambda: pytest.fail("no S3 is asked")
        )


def test_what_was_written_is_there_under_its_name(parts: Parts) -> None:
    assert list(parts.names()) == []
    assert parts.read("x/1.parquet") is None
    parts.write("x/1.parquet", b"one")
    parts.write("x/1.parquet", b"two")
    parts.write("y.json", b"{}")
    assert parts.read("x/1.parquet") == b"two"
    assert list(parts.names(".parquet")) == ["x/1.parquet"]
    assert sorted(parts.names()) == ["x/1.parquet", "y.json"]


def test_a_part_that_could_not_be_written_leaves_nothing(tmp_path: Path) -> None:
    parts = parts_at(str(tmp_path), lambda: pytest.fail("no S3 is asked"))
    with (
        patch("earshot.stores.parts.os.fsync", side_effect=OSError("no space")),
        pytest.raises(OSError, match="no space"),
    ):
        parts.write("x", b"one")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["", "s3://", "https://host/x"])
def test_what_is_no_place_is_refused(place: str) -> None:
    with pytest.raises(InvalidInput, match="no place for files"):
        parts_at(place, lambda: pytest.fail("no S3 is asked"))


def test_a_row_of_embeddings_holds_all_of_a_track() -> None:
    info = TrackInfo(
        TrackId("deezer:1"), "deezer", "T", ("A", "B"), "C", "GBAYE0000351", 1000, genres=("pop",), year=1999
    )
    ready = Track(
        info,
        Status.READY,
        model="m@1",
        embedding=b"12",
        drift=b"34",
        tags=(Tag("rock", 0.5),),
        provider="deezer",
        preview_at=None,
        descriptors=Descriptors(bpm=122.4, key=Key("A minor"), loudness=-9.1),
    )
    failed = Track(info, Status.FAILED, Reason.SILENT, model="m@1")
    for track in (ready, failed):
        row = row_of(track, "s3://bucket/key", "why" if track.reason else "")
        assert set(row) == set(COLUMNS)
        assert track_in(row) == track
