"""What audio in bulk is read from: folders, prefixes of buckets, manifests."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from earshot.errors import InvalidInput
from earshot.ids import TrackId
from earshot.track import TrackInfo
from extractor.bulk import clients
from extractor.bulk.wanted import Wanted, pages_of, wanted_at
from tests.aws import Account, account

_AUDIO = {".mp3"}


@pytest.fixture
def aws() -> Iterator[Account]:
    with account() as made:
        clients.s3.cache_clear()
        yield made
        clients.s3.cache_clear()


def _manifest(folder: Path, name: str, content: str) -> list[Wanted]:
    (folder / name).write_text(content, encoding="utf-8")
    return list(wanted_at(str(folder / name), _AUDIO))


def test_a_folder_is_its_audio_at_any_depth(tmp_path: Path) -> None:
    for name in ("b/c.MP3", "a.mp3", "cover.jpg", ".hidden.mp3", ".trash/d.mp3"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [wanted.key for wanted in wanted_at(str(tmp_path), _AUDIO)] == [f"{tmp_path}/a.mp3", f"{tmp_path}/b/c.MP3"]


def test_a_prefix_is_its_audio_and_its_previews(aws: Account) -> None:
    aws.previews_bucket().put(TrackInfo(TrackId("deezer:1"), "deezer"), b"x", provider="deezer")
    for key in ("music/a.mp3", "music/notes.txt"):
        aws.s3.put_object(Bucket="previews", Key=key, Body=b"x")
    assert [wanted.key for wanted in wanted_at("s3://previews/music/", _AUDIO)] == ["s3://previews/music/a.mp3"]
    assert [wanted.key for wanted in wanted_at("s3://previews", _AUDIO)] == [
        "s3://previews/music/a.mp3",
        "s3://previews/previews/deezer%3A1",
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("m.csv", "Title,Artist,Path,ISRC\nSong,Band,music/a.mp3,GBAYE0000351\n"),
        ("m.tsv", "title\tartist\tfile\tisrc\nSong\tBand\tmusic/a.mp3\tGBAYE0000351\n"),
        ("m.jsonl", '{"title": "Song", "artist": "Band", "path": "music/a.mp3", "isrc": "GB-AYE-00-00351"}\n'),
    ],
)
def test_a_manifest_says_where_audio_is_and_what_it_is(tmp_path: Path, name: str, content: str) -> None:
    (wanted,) = _manifest(tmp_path, name, content)
    assert wanted.key == f"{tmp_path}/music/a.mp3"
    assert wanted.said is not None
    assert {**wanted.said} == {"title": "Song", "artists": ["Band"], "isrc": "GBAYE0000351", "track_id": ""} or {
        name: value for name, value in wanted.said.items() if value
    } == {"title": "Song", "artists": ["Band"], "isrc": "GBAYE0000351"}


def test_an_id_that_a_manifest_gives_is_the_tracks(tmp_path: Path) -> None:
    (wanted,) = _manifest(tmp_path, "m.csv", "track_id,path\ndeezer:7,s3://bucket/a.mp3\n")
    assert wanted.said is not None
    assert (wanted.key, wanted.said["track_id"]) == ("s3://bucket/a.mp3", "deezer:7")
    assert wanted.said["source"] == "deezer"


def test_lines_of_keys_are_a_manifest(tmp_path: Path) -> None:
    assert _manifest(tmp_path, "m.txt", "a.mp3\n\ns3://bucket/b, c.mp3\n") == [
        Wanted(f"{tmp_path}/a.mp3"),
        Wanted("s3://bucket/b, c.mp3"),
    ]


def test_a_row_that_names_no_audio_costs_no_other(tmp_path: Path) -> None:
    rows = ['{"path": "a.mp3"}', "no json", "{}", '{"path": "https://host/b.mp3"}', '{"path": "c.mp3"}']
    found = _manifest(tmp_path, "m.jsonl", "\n".join(rows))
    assert [bool(wanted.why_not) for wanted in found] == [False, True, True, True, False]
    assert found[3].key.endswith("m.jsonl, row 4")


def test_a_manifest_in_a_bucket_speaks_of_its_neighbours(aws: Account) -> None:
    aws.s3.put_object(Bucket=aws.bucket("lists"), Key="all/m.csv", Body=b"path\na.mp3\n")
    assert list(wanted_at("s3://lists/all/m.csv", _AUDIO)) == [Wanted("s3://lists/all/a.mp3")]


def test_what_is_neither_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="neither a folder nor a manifest"):
        wanted_at(str(tmp_path / "nothing"), _AUDIO)


def test_a_name_that_is_not_utf_8_is_named_and_nothing_stops(tmp_path: Path) -> None:
    (tmp_path / "a\udcff.mp3").touch()
    (wanted,) = wanted_at(str(tmp_path), _AUDIO)
    assert wanted.why_not
    json.dumps(wanted.key).encode()


def test_lists_of_any_length_go_by_in_pages() -> None:
    pages: dict[int, bytes] = {}
    assert pages_of(({"key": str(number)} for number in range(5)), pages.__setitem__, 2) == 3
    assert [len(page.splitlines()) for page in pages.values()] == [2, 2, 1]
