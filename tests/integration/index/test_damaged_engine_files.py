"""Whatever happens to an engine's file in the bucket or on disk, a reader says so; it never dies of it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import numpy as np
import pytest

from annoy_service import gate
from annoy_service.bases import rebuilt
from annoy_service.builder import Builder, make_builder
from annoy_service.pointers import manifest_at, position, publish
from earshot.errors import DamagedIndex
from earshot.ids import TrackId
from earshot.index import layout
from earshot.index.engines.registry import engine_named
from earshot.index.manifest import Manifest
from earshot.index.reader import IndexReader
from earshot.index.row_sources import FreshRow, FreshRows
from earshot.index.rows import track_to_line
from earshot.recipes import recipe_named
from earshot.track import Track, TrackInfo
from tests.aws import account

BUCKET, ROWS = "engines", 500


def fresh() -> list[FreshRow]:
    """Rows of choi-2017@1 with the structure of music: a few directions in which tracks differ much."""
    rng = np.random.default_rng(0)
    embeddings = rng.normal(size=(ROWS, 8)) @ rng.normal(size=(8, 160)) + 0.1 * rng.normal(size=(ROWS, 160))
    rows = np.stack([embeddings, np.zeros((ROWS, 160))], axis=1).astype("<f2")
    ids = [TrackId(f"file:{i:016x}") for i in range(ROWS)]
    return [
        FreshRow(i, track_to_line(Track(TrackInfo(i, "file", title=i))), row.tobytes())
        for i, row in zip(ids, rows, strict=True)
    ]


@pytest.fixture(scope="module", params=["ivf_rabitq", "hnsw"])
def published(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Manifest]:
    """A version whose base is searched by the engine."""
    with pytest.MonkeyPatch.context() as patch, account() as aws:
        patch.setattr(gate, "EXACT_UP_TO", 400)
        patch.setattr(layout, "_STEPS_FRESH", 2)
        builder: Builder = make_builder(
            aws.s3,
            aws.bucket(BUCKET),
            recipe_named("choi-2017@1-160d"),
            tmp_path_factory.mktemp("work"),
            engine=request.param,
        )
        publish(builder, rebuilt(builder, [FreshRows(fresh(), 160)], 0.0), position(builder))
        manifest = manifest_at(builder, position(builder))
        assert manifest is not None
        yield manifest


def test_the_engine_that_was_asked_for_searches_and_is_named_with_what_it_found(
    published: Manifest, tmp_path: Path
) -> None:
    searcher = IndexReader(boto3.client("s3"), BUCKET, tmp_path).current()
    (share,) = searcher.engines
    assert share.name == published.bases[0].engine.name
    assert [(trial.engine, trial.verdict) for trial in share.largest.trials] == [(share.name, "chosen")]
    vector = searcher.vector("file:0000000000000007")
    assert vector is not None
    assert searcher.search(vector, 1)[0].track.track_id == "file:0000000000000007"


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_file_that_was_cut_off_is_refused(published: Manifest, tmp_path: Path, share: float) -> None:
    _refuses(published, tmp_path, lambda content: content[: int(share * len(content))])


@pytest.mark.parametrize("share", [0.0, 0.001, 0.01, 0.1, 0.5, 0.999])
def test_a_file_with_other_bytes_is_refused(published: Manifest, tmp_path: Path, share: float) -> None:
    def flipped(content: bytes) -> bytes:
        at = int(share * len(content))
        return content[:at] + bytes(255 - byte for byte in content[at : at + 8]) + content[at + 8 :]

    _refuses(published, tmp_path, flipped)


def test_a_file_that_somebody_changed_on_disk_is_fetched_again(published: Manifest, tmp_path: Path) -> None:
    s3 = boto3.client("s3")
    IndexReader(s3, BUCKET, tmp_path).current()
    (base,), name = published.bases, _file(published)
    path = tmp_path / "segments" / base.id / name
    path.chmod(0o644)
    path.write_bytes(bytes(path.stat().st_size))
    assert IndexReader(s3, BUCKET, tmp_path).current().size == ROWS


def _refuses(published: Manifest, tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    s3, key = boto3.client("s3"), published.bases[0].key(_file(published))
    content = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    s3.put_object(Bucket=BUCKET, Key=key, Body=damage(content))
    try:
        with pytest.raises(DamagedIndex, match=_file(published)):
            IndexReader(s3, BUCKET, tmp_path).current()
    finally:
        s3.put_object(Bucket=BUCKET, Key=key, Body=content)


def _file(published: Manifest) -> str:
    (name,) = engine_named(published.bases[0].engine.name).files
    return name
