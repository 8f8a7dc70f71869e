import shutil
import subprocess
import sys
from pathlib import Path

from earshot.clock import Timestamp
from earshot.ids import TrackId
from earshot.index.rows import track_to_line
from earshot.track import Status, Tag, Track, TrackInfo

_ROOT = Path(__file__).parents[3]
_LAST_FIELD = "    preview_url: str | None = None\n"
_ROUND_TRIPS = """
import boto3
from moto import mock_aws

from earshot.index.rows import IndexedTrack, track_from_line, track_to_line
from earshot.stores.previews_bucket import PreviewsBucket
from earshot.stores.tracks_table import TracksTable
from earshot.track import Track, TrackInfo

info = TrackInfo("deezer:1", "deezer", title="One More Time", label="Virgin")
with mock_aws():
    dynamodb, s3 = boto3.client("dynamodb"), boto3.client("s3")
    dynamodb.create_table(
        TableName="tracks", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "track_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "track_id", "AttributeType": "S"}],
    )
    s3.create_bucket(Bucket="previews")
    tracks, previews = TracksTable(dynamodb, "tracks"), PreviewsBucket(s3, "previews")
    tracks.register(info)
    previews.put(info, b"audio", provider="deezer")
    assert tracks.get("deezer:1").info == previews.get("deezer:1").info == info
line = track_to_line(Track(info))
assert track_from_line(line, b"", b"").info == info
assert IndexedTrack.from_line(line).label == "Virgin"
"""


def test_a_field_more_is_one_line(tmp_path: Path) -> None:
    """Tables, previews and index lines keep it, and give it back."""
    shutil.copytree(_ROOT / "earshot", tmp_path / "earshot", ignore=shutil.ignore_patterns("__pycache__"))
    module = tmp_path / "earshot" / "track.py"
    source = module.read_text(encoding="utf-8")
    assert source.count(_LAST_FIELD) == 1
    module.write_text(source.replace(_LAST_FIELD, f"{_LAST_FIELD}    label: str | None = None\n"), encoding="utf-8")
    aws = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1"}
    subprocess.run([sys.executable, "-c", _ROUND_TRIPS], cwd=tmp_path, env=aws, check=True)


def test_what_an_index_keeps_of_a_track_is_the_same_bytes_as_ever() -> None:
    """A changed line is a changed fingerprint, and every track would be folded anew."""
    info = TrackInfo(
        TrackId("deezer:3135556"), "deezer", "Früh am Morgen", ("Ä", "日本"), "Album", "GBDUW0000059", 226_000,
        "https://www.deezer.com/track/3135556", "https://cdn/x.jpg", "https://p/q.mp3?e=1",
    )  # fmt: skip
    state = Track(
        info, Status.READY, model="musicnn-msd@1", provider="deezer",
        preview_at=Timestamp("2026-01-02T03:04:05.000006Z"),
        created_at=Timestamp("2026-01-01T00:00:00.000000Z"), tags=(Tag("rock", 0.912345), Tag("pop", 0.0)),
    )  # fmt: skip
    assert track_to_line(state).decode() == (
        '{"album":"Album","artists":["Ä","日本"],"artwork_url":"https://cdn/x.jpg","duration_ms":226000,'
        '"isrc":"GBDUW0000059","model":"musicnn-msd@1","preview_at":"2026-01-02T03:04:05.000006Z",'
        '"preview_url":"https://p/q.mp3?e=1","provider":"deezer","source":"deezer","tags":[["rock",0.912345],["pop",0.0]],'
        '"title":"Früh am Morgen","track_id":"deezer:3135556","url":"https://www.deezer.com/track/3135556"}'
    )
    bare = Track(TrackInfo(TrackId("file:2c26b46b68ffc68f"), "file", duration_ms=0), version_of=TrackId("deezer:1"))
    assert track_to_line(bare) == (
        b'{"duration_ms":0,"source":"file","track_id":"file:2c26b46b68ffc68f","version_of":"deezer:1"}'
    )
