"""Export and import of a whole catalogue: lose everything, get it back; never lose anything newer."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from earshot.clock import Timestamp
from earshot.errors import DamagedCatalogueFile
from earshot.ids import TrackId
from earshot.stores.digests import Digests
from earshot.stores.tracks_table import TracksTable
from earshot.track import Tag, TrackInfo
from ops import catalogue_file
from ops.__main__ import main
from ops.catalogue import Imported, load, scan
from tests.aws import account

_OLD, _NEW = "2026-01-01T00:00:00.000000Z", "2026-02-01T00:00:00.000000Z"


@pytest.fixture
def client() -> Iterator[Any]:
    with account() as aws:
        for name in ("lost", "fresh"):
            aws.table(name, "track_id")
        aws.crawls_table()
        yield aws.dynamodb


def _embed(table: TracksTable, number: int, *, preview_at: str = _OLD, fill: bytes = b"\1") -> None:
    info = TrackInfo(track_id=TrackId(f"deezer:{number}"), source="deezer", title=f"Tïtle {number}", artists=("A", "B"))
    table.store_embedding(
        info,
        embedding=fill * 1248,
        drift=b"\2" * 1248,
        tags=[Tag("ambient", 0.5)],
        model="musicnn-msd@1",
        preview_at=Timestamp(preview_at),
    )


def _items(client: Any, table: str) -> dict[str, Any]:
    return {item["track_id"]["S"]: item for item in scan(client, table)}


def test_a_lost_table_comes_back_from_its_file_byte_by_byte(client: Any, tmp_path: Path) -> None:
    table = TracksTable(client, "lost")
    for number in range(30):
        _embed(table, number)
    table.register(TrackInfo(track_id=TrackId("deezer:99"), source="deezer", title="pending"))
    before = _items(client, "lost")

    file = tmp_path / "catalogue.gz"
    assert catalogue_file.write(file, scan(client, "lost")).tracks == 31
    client.delete_table(TableName="lost")
    assert load(client, "fresh", file) == Imported(written=31, kept=0)
    assert _items(client, "fresh") == before


def test_a_table_as_it_was_comes_back_through_a_file_because_none_can_be_renamed(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _embed(TracksTable(client, "lost"), 1)
    before = _items(client, "lost")
    recovery = {"PointInTimeRecoveryEnabled": True}
    client.update_continuous_backups(TableName="lost", PointInTimeRecoverySpecification=recovery)
    client.restore_table_to_point_in_time(
        SourceTableName="lost", TargetTableName="restored", UseLatestRestorableTime=True
    )
    client.delete_item(TableName="lost", Key={"track_id": {"S": "deezer:1"}})

    for name, value in (("tracks-table", "lost"), ("crawls-table", "crawls")):
        boto3.client("ssm").put_parameter(Name=f"/earshot/dev/{name}", Value=value, Type="String")
    digests = Digests(client, "crawls")
    edition = digests.edition()
    monkeypatch.setenv("EARSHOT_STAGE", "dev")
    file = str(tmp_path / "catalogue.jsonl.gz")
    assert main(["export", "--table", "restored", "--", file]) == 0
    assert main(["import", "--", file]) == 0
    assert _items(client, "lost") == before
    assert digests.edition() != edition, "crawls look at all tracks once more"


def test_importing_twice_changes_nothing(client: Any, tmp_path: Path) -> None:
    _embed(TracksTable(client, "lost"), 1)
    catalogue_file.write(tmp_path / "file", scan(client, "lost"))
    assert load(client, "lost", tmp_path / "file") == Imported(written=0, kept=1)


def test_an_import_replaces_what_is_older_and_keeps_what_is_newer(client: Any, tmp_path: Path) -> None:
    old, fresh = TracksTable(client, "lost"), TracksTable(client, "fresh")
    _embed(old, 1, preview_at=_NEW, fill=b"\3")
    _embed(fresh, 1, preview_at=_OLD)
    _embed(old, 2, preview_at=_OLD)
    _embed(fresh, 2, preview_at=_NEW, fill=b"\4")
    old.register(TrackInfo(track_id=TrackId("deezer:3"), source="deezer"))
    _embed(fresh, 3)
    catalogue_file.write(tmp_path / "file", scan(client, "lost"))
    assert load(client, "fresh", tmp_path / "file") == Imported(written=1, kept=2)
    fills = {track.track_id: (track.embedding or b"")[:1] for track in fresh.scan()}
    assert fills == {"deezer:1": b"\3", "deezer:2": b"\4", "deezer:3": b"\1"}


def test_a_pending_track_takes_its_embedding_from_the_file(client: Any, tmp_path: Path) -> None:
    _embed(TracksTable(client, "lost"), 1)
    fresh = TracksTable(client, "fresh")
    fresh.register(TrackInfo(track_id=TrackId("deezer:1"), source="deezer"))
    catalogue_file.write(tmp_path / "file", scan(client, "lost"))
    load(client, "fresh", tmp_path / "file")
    track = fresh.get(TrackId("deezer:1"))
    assert track is not None
    assert track.embedding


@pytest.mark.parametrize("damage", ["cut", "altered", "one_track_less", "other_format", "no_gzip"])
def test_a_damaged_file_is_refused_before_anything_is_written(client: Any, tmp_path: Path, damage: str) -> None:
    table = TracksTable(client, "lost")
    for number in range(3):
        _embed(table, number)
    file = tmp_path / "file"
    catalogue_file.write(file, scan(client, "lost"))
    lines = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
    altered = {
        "cut": lines[:-1],
        "altered": [lines[0], lines[1].replace(b"AQEB", b"AQEC", 1), *lines[2:]],
        "one_track_less": [lines[0], *lines[2:]],
        "other_format": [b'{"format":"earshot-catalogue@2"}\n', *lines[1:]],
    }
    file.write_bytes(gzip.compress(b"".join(altered[damage])) if damage in altered else b"not gzip")
    with pytest.raises(DamagedCatalogueFile):
        load(client, "fresh", file)
    assert _items(client, "fresh") == {}


def test_an_export_that_fails_leaves_no_file_under_its_name(tmp_path: Path) -> None:
    def failing() -> Iterator[dict[str, Any]]:
        yield {"track_id": {"S": "deezer:1"}}
        raise OSError("the network is gone")

    with pytest.raises(OSError, match="network"):
        catalogue_file.write(tmp_path / "file", failing())
    assert not (tmp_path / "file").exists()
