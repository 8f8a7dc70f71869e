"""A damaged index object is found out before a query can touch it; readers keep the version they have."""

import io
import resource
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pytest
from annoy import AnnoyIndex

from annoy_service.bases import rebuilt
from annoy_service.builder import Builder, make_builder
from annoy_service.fold import fold
from annoy_service.pointers import manifest_at, position, publish
from earshot.errors import DamagedIndex
from earshot.ids import TrackId
from earshot.index import layout
from earshot.index.manifest import Manifest
from earshot.index.reader import IndexReader
from earshot.index.row_sources import FreshRow, FreshRows
from earshot.index.rows import LINES, OFFSETS, track_to_line
from earshot.index.shelf import SHELF
from earshot.recipes import recipe_named
from earshot.track import Track, TrackInfo
from tests.aws import account

N = 11_000  # enough for Annoy to be used at query time
NODE_BYTES = 4 * (160 + 3)
BUCKET = "damaged"


def fresh(n: int, start: int = 0) -> list[FreshRow]:
    """Rows of choi-2017@1 with the structure of music: a few directions in which tracks differ much."""
    rng = np.random.default_rng(start)
    embeddings = rng.normal(size=(n, 8)) @ np.random.default_rng(1).normal(size=(8, 160))
    embeddings += 0.1 * rng.normal(size=(n, 160))
    rows = np.stack([embeddings, np.zeros((n, 160))], axis=1).astype("<f2")
    return [
        FreshRow(i, track_to_line(Track(TrackInfo(i, "file", title=i))), row.tobytes())
        for i, row in zip((TrackId(f"file:{start + i:016x}") for i in range(n)), rows, strict=True)
    ]


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    """A published version with a base large enough for Annoy and a delta."""
    with pytest.MonkeyPatch.context() as patch, account() as aws:
        patch.setattr(layout, "_STEPS_FRESH", 2)  # the map of a large base takes many seconds, and has its own tests
        patch.setattr(layout, "LANDMARKS_OF_MANY", 50)
        builder = make_builder(
            aws.s3,
            aws.bucket(BUCKET),
            recipe_named("choi-2017@1-160d"),
            tmp_path_factory.mktemp("builder"),
            engine="annoy",
        )
        publish(builder, rebuilt(builder, [FreshRows(fresh(N), 160)], 0.0), position(builder))
        yield builder


@pytest.fixture
def s3(builder: Builder) -> Any:
    return boto3.client("s3")


@pytest.fixture
def manifest(builder: Builder) -> Manifest:
    found = manifest_at(builder, position(builder))
    assert found is not None
    return found


@pytest.fixture
def replaced(s3: Any, manifest: Manifest) -> Iterator[Callable[[str, bytes], None]]:
    """Overwrite an object of the base; the original comes back after the test."""
    before: dict[str, bytes] = {}

    def overwrite(name: str, content: bytes) -> None:
        key = manifest.bases[0].key(name)
        before[key] = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        s3.put_object(Bucket=BUCKET, Key=key, Body=content)

    yield overwrite
    for key, content in before.items():
        s3.put_object(Bucket=BUCKET, Key=key, Body=content)


def original(s3: Any, manifest: Manifest, name: str) -> bytes:
    body: bytes = s3.get_object(Bucket=BUCKET, Key=manifest.bases[0].key(name))["Body"].read()
    return body


def wrong_dimension(n: int) -> bytes:
    index = AnnoyIndex(64, "angular")
    for row in range(n):
        index.add_item(row, [float(row % 7), 1.0, *[0.0] * 62])
    index.build(2, n_jobs=1)
    with tempfile.NamedTemporaryFile() as file:
        index.save(file.name)
        return Path(file.name).read_bytes()


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "truncated at a node boundary": lambda content: content[: len(content) // NODE_BYTES // 2 * NODE_BYTES],
    "one node short": lambda content: content[:-NODE_BYTES],
    "one bit flipped": lambda content: content[:9999] + bytes([content[9999] ^ 1]) + content[10000:],
    "bytes flipped": lambda content: content[:-5000] + bytes(255 - b for b in content[-5000:-4000]) + content[-4000:],
    "zeroed tail": lambda content: content[:-4096] + bytes(4096),
    "random bytes": lambda content: np.random.default_rng(0).bytes(len(content)),
    "empty": lambda _: b"",
    "wrong dimension": lambda _: wrong_dimension(500),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_reader_refuses_a_damaged_annoy_file(
    s3: Any, manifest: Manifest, replaced: Callable[[str, bytes], None], damage: str, request: pytest.FixtureRequest
) -> None:
    tmp_path: Path = request.getfixturevalue("tmp_path")
    capsys: pytest.CaptureFixture[str] = request.getfixturevalue("capsys")
    replaced("annoy.ann", DAMAGES[damage](original(s3, manifest, "annoy.ann")))
    with pytest.raises(DamagedIndex):
        IndexReader(s3, BUCKET, tmp_path / "cache").current()
    assert '"IndexDamaged":[1.0]' in capsys.readouterr().out


@pytest.mark.parametrize("name", ["vectors.npy", "ids.npy", LINES, OFFSETS, SHELF])
def test_a_reader_refuses_any_other_damaged_file(
    s3: Any, manifest: Manifest, replaced: Callable[[str, bytes], None], tmp_path: Path, name: str
) -> None:
    content = original(s3, manifest, name)
    replaced(name, content[: len(content) // 2] + bytes(len(content) - len(content) // 2))
    with pytest.raises(DamagedIndex):
        IndexReader(s3, BUCKET, tmp_path).current()


def test_a_reader_keeps_its_version_while_the_newer_one_is_damaged_and_takes_it_once_it_is_mended(
    builder: Builder, s3: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = IndexReader(s3, BUCKET, tmp_path, check_every_s=0)
    before = reader.current()
    row = fresh(1, start=N)[0]
    fold(builder, lambda: {row.track_id: row})
    manifest = manifest_at(builder, position(builder))
    assert manifest is not None
    key = manifest.deltas[-1].key("vectors.npy")
    good = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    s3.put_object(Bucket=BUCKET, Key=key, Body=good[:-2] + b"\0\0")
    assert reader.current() is before
    assert '"IndexDamaged":[1.0]' in capsys.readouterr().out
    assert before.search(before.vector(row_id(0)), 3)[0].track.track_id == row_id(0)  # type: ignore[arg-type]
    s3.put_object(Bucket=BUCKET, Key=key, Body=good)
    reader.refresh()
    assert reader.current().contains(row.track_id)


@contextmanager
def no_room_on_the_disk() -> Iterator[None]:
    """Writing any byte to a file fails, as it does on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_reader_without_room_for_a_newer_version_keeps_serving_and_takes_it_once_there_is_room(
    builder: Builder, s3: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reader = IndexReader(s3, BUCKET, tmp_path, check_every_s=0)
    before = reader.current()
    row = fresh(1, start=N + 1)[0]
    fold(builder, lambda: {row.track_id: row})
    with no_room_on_the_disk():
        assert reader.current() is before
    assert '"IndexDamaged":[1.0]' in capsys.readouterr().out
    assert list(tmp_path.rglob(".*")) == [], "half a download is no use to anybody"
    reader.refresh()
    assert reader.current().contains(row.track_id)


def row_id(number: int) -> str:
    return f"file:{number:016x}"


def test_a_cached_file_that_was_damaged_between_two_processes_is_downloaded_again(s3: Any, tmp_path: Path) -> None:
    IndexReader(s3, BUCKET, tmp_path).current()
    path = next(tmp_path.rglob("annoy.ann"))
    content = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(content[:-NODE_BYTES])
    IndexReader(s3, BUCKET, tmp_path).current()
    assert next(tmp_path.rglob("annoy.ann")).read_bytes() == content


def test_a_file_overwritten_in_place_is_not_queried_again(
    s3: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The mapping of a running process changes with the file: only the file's time and size tell."""
    reader = IndexReader(s3, BUCKET, tmp_path, check_every_s=3600)
    before = reader.current()
    path = next(tmp_path.rglob("annoy.ann"))
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(-NODE_BYTES, io.SEEK_END)
        file.write(bytes(NODE_BYTES))
    after = reader.current()
    assert after is not before
    assert after.version == before.version
    assert '"IndexDamaged":[1.0]' in capsys.readouterr().out
    assert after.search(after.vector(row_id(5)), 1)[0].track.track_id == row_id(5)  # type: ignore[arg-type]


def test_a_shelf_that_passes_its_hash_but_is_that_of_other_rows_is_not_taken(
    builder: Builder, s3: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As when a builder's disk lies: the reader goes on with the version that it has."""
    reader = IndexReader(s3, BUCKET, tmp_path, check_every_s=0)
    before = reader.current()
    row = fresh(1, start=N + 2)[0]
    fold(builder, lambda: {row.track_id: row})
    place = position(builder)
    manifest = manifest_at(builder, place)
    assert manifest is not None
    base, delta = manifest.bases[0], manifest.deltas[-1]
    s3.copy_object(Bucket=BUCKET, Key=delta.key(SHELF), CopySource=f"{BUCKET}/{base.key(SHELF)}")
    wrong = replace(delta, objects=dict(delta.objects) | {SHELF: base.objects[SHELF]})
    publish(builder, replace(manifest, segments=(*manifest.segments[:-1], wrong)), place)
    assert reader.current() is before
    assert '"IndexDamaged":[1.0]' in capsys.readouterr().out
    publish(builder, replace(manifest, segments=manifest.segments[:-1]), position(builder))


def test_the_canaries_find_a_file_that_passes_its_hash_but_was_built_from_other_vectors(
    builder: Builder, s3: Any, manifest: Manifest, tmp_path: Path
) -> None:
    """As when a builder's disk lies: manifest and object agree, and both are wrong."""
    other = rebuilt(builder, [FreshRows(fresh(manifest.bases[0].rows, start=7), 160)], 0.0)
    s3.copy_object(
        Bucket=BUCKET, Key=manifest.bases[0].key("annoy.ann"), CopySource=f"{BUCKET}/{other.bases[0].key('annoy.ann')}"
    )
    objects = dict(manifest.bases[0].objects) | {"annoy.ann": other.bases[0].objects["annoy.ann"]}
    publish(builder, replace(manifest, segments=(replace(manifest.bases[0], objects=objects),)), position(builder))
    with pytest.raises(DamagedIndex, match="canary"):
        IndexReader(s3, BUCKET, tmp_path).current()
