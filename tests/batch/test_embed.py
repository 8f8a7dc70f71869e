"""Audio in bulk: the same embeddings as one process makes, each once, whatever dies."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from batch.describing import by_tags
from config.extract import ModelSettings
from earshot.clock import in_seconds
from earshot.containers.identity import track_id_of
from earshot.embedding_files import folder_of, track_in
from earshot.ids import TrackId
from earshot.networks import DEFAULT_NETWORK
from earshot.reasons import Reason
from earshot.track import Status, Track, TrackInfo
from extractor import spark as door
from extractor.audio.decoder import Decoder
from extractor.extract import extract_audio
from extractor.networks.loading import load_network
from tests.aws import Account
from tests.batch.describing import noting
from tests.corpus import clips, hostile_dir

_CLIPS = 12
_SUFFIXES = {".mp3", ".wav"}
_BAD = {"silence.mp3": Reason.SILENT, "zero_byte.mp3": Reason.EMPTY}
_ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of clips, two of which cannot be heard."""
    folder = tmp_path_factory.mktemp("music")
    for clip in clips()[:_CLIPS]:
        shutil.copy(clip.path, folder)
    for name in _BAD:
        shutil.copy(hostile_dir() / name, folder)
    return folder


@pytest.fixture(scope="module")
def plain(music: Path) -> Mapping[str, bytes]:
    """Embeddings by file, as a process of its own makes them."""
    settings = ModelSettings.load()
    network = load_network(settings.model, settings.model_dir)
    decoder = Decoder(network.rate, network.min_seconds)
    try:
        return {
            path.name: extract_audio(decoder.decode(path.read_bytes()), network).embedding.to_bytes()[0]
            for path in music.iterdir()
            if path.name not in _BAD
        }
    finally:
        decoder.close()


def _rows(output: Path) -> Iterator[tuple[str, Track]]:
    for path in sorted((output / folder_of(DEFAULT_NETWORK)).glob("*.parquet")):
        for row in pq.read_table(path).to_pylist():
            yield row["key"], track_in(row)


def _heard(output: Path) -> list[str]:
    return [Path(key).name for key, track in _rows(output) if track.status is Status.READY]


def test_embeddings_are_those_of_one_process_bit_for_bit_and_bad_files_stop_nothing(
    spark: SparkSession, music: Path, plain: Mapping[str, bytes], tmp_path: Path
) -> None:
    report = door.run(spark, str(music), str(tmp_path), suffixes=_SUFFIXES, describe=by_tags, clips_per_task=5)
    rows = {Path(key).name: track for key, track in _rows(tmp_path)}
    assert {name: track.embedding for name, track in rows.items() if track.embedding} == plain
    assert {name: rows[name].reason for name in _BAD} == _BAD
    assert (report.heard, report.unheard) == (_CLIPS, {"silent": 1, "empty": 1})
    (listed,) = tmp_path.glob("runs/*/unheard-00000.jsonl")
    assert all(f'"{reason}"' in listed.read_text() for reason in _BAD.values())
    name, track = next((name, track) for name, track in rows.items() if name not in _BAD)
    with (music / name).open("rb") as file:
        assert track.track_id == track_id_of(file)
    assert track.info.title
    assert track.tags
    assert track.model == DEFAULT_NETWORK


def test_what_is_done_is_not_done_again_but_what_is_new_is(spark: SparkSession, music: Path, tmp_path: Path) -> None:
    source, output, log = tmp_path / "in", tmp_path / "out", tmp_path / "log"
    source.mkdir()
    first, second, third = sorted(music.glob("*_?.mp3"))[:3]
    shutil.copy(first, source)
    (source / "silence.mp3").write_bytes((music / "silence.mp3").read_bytes())
    describe = partial(noting, log=log, deadly="")
    door.run(spark, str(source), str(output), suffixes=_SUFFIXES, describe=describe)
    shutil.copy(second, source)
    manifest = tmp_path / "more.csv"
    manifest.write_text(f"path,title\n{source / first.name},\n{source / second.name},\n{third},Third\n,nowhere\n")
    report = door.run(spark, str(source), str(output), suffixes=_SUFFIXES, describe=describe)
    assert (report.settled, report.heard, report.unheard) == (2, 1, {})
    report = door.run(spark, str(manifest), str(output), suffixes=_SUFFIXES, describe=describe)
    assert (report.settled, report.heard, report.unheard) == (2, 1, {"bad_row": 1})
    assert Counter(log.read_text().split()) == {first.stem: 1, second.stem: 1, "silence": 1}
    assert sorted(_heard(output)) == [first.name, second.name, third.name]
    assert [track.info.title for key, track in _rows(output) if key == str(third)] == ["Third"]


def test_a_worker_that_dies_loses_nothing_and_costs_no_more_than_its_task(
    spark: SparkSession, music: Path, plain: Mapping[str, bytes], tmp_path: Path
) -> None:
    log, deadly = tmp_path / "log", min(plain).removesuffix(".mp3")
    describe = partial(noting, log=log, deadly=deadly)
    report = door.run(spark, str(music), str(tmp_path), suffixes=_SUFFIXES, describe=describe, clips_per_task=4)
    times = Counter(log.read_text().split())
    assert report.heard == len(plain)
    assert sorted(_heard(tmp_path)) == sorted(plain)
    assert times[deadly] == 2
    # Of the part that was being made, its own; of the other worker's, nothing.
    assert sum(times.values()) - len(times) <= 5


def test_a_job_that_is_killed_goes_on_where_it_was(
    spark: SparkSession, music: Path, plain: Mapping[str, bytes], tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "batch", "embed", "--cores", "1", "--clips-per-task", "3"]
    job = subprocess.Popen(
        [*command, "--input", str(music), "--output", str(tmp_path)],
        cwd=_ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while job.poll() is None and not _heard(tmp_path):
            time.sleep(0.05)
    finally:
        os.killpg(job.pid, signal.SIGKILL)
        job.wait()
    left = len(list(_rows(tmp_path)))
    report = door.run(spark, str(music), str(tmp_path), suffixes=_SUFFIXES, clips_per_task=3)
    assert 0 < left < len(plain)
    assert report.settled == left
    assert sorted(_heard(tmp_path)) == sorted(plain)
    assert not list(tmp_path.rglob(".partial-*"))


def test_previews_of_a_bucket_become_embeddings_there_and_in_the_table(
    spark: SparkSession, aws: Account, music: Path, plain: Mapping[str, bytes]
) -> None:
    tracks, previews = aws.tracks_table("bulk-tracks"), aws.previews_bucket("bulk-previews")
    aws.bucket("bulk-embeddings")
    good, bad, known = (
        TrackInfo(TrackId(f"deezer:{number}"), "deezer", title="A", artists=("B",)) for number in (1, 2, 3)
    )
    name = min(plain)
    previews.put(good, (music / name).read_bytes(), provider="deezer")
    previews.put(bad, b"no audio at all", provider="deezer")
    previews.put(known, (music / name).read_bytes(), provider="deezer")
    tracks.store_embedding(
        known,
        embedding=b"\0" * 4,
        drift=b"\0" * 4,
        tags=(),
        model="newer",
        preview_at=in_seconds(3600),
        provider="deezer",
    )
    output = "s3://bulk-embeddings/all"
    report = door.run(spark, "s3://bulk-previews/previews/", output, suffixes=_SUFFIXES, tracks_table="bulk-tracks")
    assert (report.heard, report.unheard) == (2, {"undecodable": 1})
    stored, failed, newer = (tracks.get(info.track_id) for info in (good, bad, known))
    assert stored is not None
    assert failed is not None
    assert newer is not None
    assert (stored.status, stored.embedding, stored.info.artists) == (Status.READY, plain[name], ("B",))
    assert (failed.status, failed.reason) == (Status.FAILED, Reason.UNDECODABLE)
    assert newer.model == "newer"
    again = door.run(spark, "s3://bulk-previews/previews/", output, suffixes=_SUFFIXES)
    assert (again.settled, again.heard) == (3, 0)
