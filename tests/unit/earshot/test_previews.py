from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earshot.clock import Timestamp
from earshot.errors import AudioRejected
from earshot.ids import TrackId
from earshot.stores.previews_bucket import PreviewsBucket
from earshot.track import TrackInfo

INFO = TrackInfo(
    TrackId("file:2c26b46b68ffc68f"), source="file", title="Früh am Morgen", artists=("Ä", "日本"), duration_ms=1
)


def test_a_preview_carries_its_track(bucket: PreviewsBucket) -> None:
    bucket.put(INFO, b"audio", provider="folder", fetched_at=Timestamp("2026-01-01T00:00:00Z"))
    preview = bucket.get(INFO.track_id)
    assert preview is not None
    assert (preview.info, preview.audio, preview.provider) == (INFO, b"audio", "folder")
    assert preview.fetched_at == "2026-01-01T00:00:00Z"


def test_a_preview_that_is_gone_is_none(bucket: PreviewsBucket) -> None:
    assert bucket.get(INFO.track_id) is None
    bucket.put(INFO, b"audio", provider="folder")
    bucket.delete(INFO.track_id)
    bucket.delete(INFO.track_id)
    assert bucket.get(INFO.track_id) is None


def test_an_object_put_by_hand_is_a_preview_of_the_track_in_its_key(bucket: PreviewsBucket, s3: Any) -> None:
    s3.put_object(Bucket="previews", Key="previews/deezer%3A7", Body=b"audio")
    preview = bucket.get(TrackId("deezer:7"))
    assert preview is not None
    assert preview.info == TrackInfo(TrackId("deezer:7"), source="deezer")
    assert preview.fetched_at.startswith("20")


@pytest.mark.parametrize("text", ["[]", "1", "not json", '{"artists": 5, "title": ["x"], "duration_ms": "y"}'])
def test_metadata_that_somebody_else_wrote_is_ignored(bucket: PreviewsBucket, s3: Any, text: str) -> None:
    s3.put_object(Bucket="previews", Key="previews/deezer%3A7", Body=b"audio", Metadata={"track": text})
    preview = bucket.get(TrackId("deezer:7"))
    assert preview is not None
    assert preview.info == TrackInfo(TrackId("deezer:7"), source="deezer")


def test_a_large_object_is_refused_before_its_body_is_read(bucket: PreviewsBucket) -> None:
    bucket.put(INFO, b"x" * 1000, provider="folder")
    with pytest.raises(AudioRejected) as refused:
        bucket.get(INFO.track_id, max_bytes=999)
    assert refused.value.reason == "too_large"


def test_foreign_objects_are_no_waiting_tracks(bucket: PreviewsBucket, s3: Any) -> None:
    bucket.put(INFO, b"audio", provider="folder")
    for key in ("previews/..%2Fx", "previews/", "other/deezer%3A7"):
        s3.put_object(Bucket="previews", Key=key, Body=b"")
    assert list(bucket.track_ids()) == [INFO.track_id]


_long_texts = st.text(st.characters(codec="utf-8"), max_size=2000)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=_long_texts, artists=st.lists(_long_texts, max_size=30), url=_long_texts)
def test_any_description_fits_into_the_metadata(
    bucket: PreviewsBucket, s3: Any, title: str, artists: list[str], url: str
) -> None:
    bucket.put(
        TrackInfo(TrackId("deezer:7"), source="deezer", title=title, artists=tuple(artists), url=url),
        b"",
        provider="deezer",
    )
    metadata = s3.head_object(Bucket="previews", Key="previews/deezer%3A7")["Metadata"]
    assert sum(len(name) + len(value) for name, value in metadata.items()) < 2048
    preview = bucket.get(TrackId("deezer:7"))
    assert preview is not None
    assert preview.info.track_id == "deezer:7"
