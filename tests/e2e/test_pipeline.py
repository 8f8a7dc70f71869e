"""The whole way on one machine: a folder of real music, its tracks searchable, and what may happen on the way."""

import json
import random
import shutil
import signal
import time
from pathlib import Path

import httpx
import numpy as np

from annoy_service.repair import index_missing
from earshot.api_client import ApiClient
from earshot.clock import Timestamp, now_iso
from earshot.covers import SIZES, cover_of
from earshot.ids import TrackId
from earshot.index.reader import IndexReader
from earshot.intake import start_crawl
from earshot.messages import FetchPreview
from earshot.playlists import parse_playlist
from earshot.track import Status, TrackInfo
from ops.indexes import index_services
from tests.corpus import Clip, clips
from tests.e2e.conftest import LocalStack, until
from tests.stubs.pictures import picture


def _expected(folder: Path) -> int:
    return len(list(folder.rglob("*_[ab].mp3")))


def _searchable(stack: LocalStack) -> int:
    health = stack.api.get("/health").body
    return int(health["index"]["tracks"]) if health.get("index") else 0


def _table_and_index_agree(stack: LocalStack, cache: Path) -> set[TrackId]:
    """Ids of the ready tracks, once the index holds all of them and nothing else."""
    bucket = stack.deployment.parameters["index-bucket"]
    reader = IndexReader(stack.deployment.session.client("s3"), bucket, cache, check_every_s=0.1)

    def agree() -> set[TrackId]:
        ready = {track.track_id for track in stack.deployment.tracks.scan() if track.status is Status.READY}
        searcher = reader.current()
        return ready if searcher.size == len(ready) and all(map(searcher.contains, ready)) else set()

    return set(until(agree, 30, "table and index to agree"))


def _idle(stack: LocalStack) -> bool:
    return not any(stack.deployment.waiting(queue) for queue in ("crawl", "fetch", "extract"))


def test_a_crawl_of_real_music_ends_searchable_with_a_reason_for_every_other_file(
    stack: LocalStack, music: dict[str, Path]
) -> None:
    began = time.monotonic()
    run = stack.run("crawl", str(music["most"]))
    assert run.returncode == 0, run.stdout + run.stderr
    expected = _expected(music["most"])
    assert f"{expected} of {expected + 1} are searchable" in run.stdout
    assert "unplayable" in run.stdout or "undecodable" in run.stdout
    print(f"\n{expected} clips crawled, embedded and searchable in {time.monotonic() - began:.1f} s")
    assert _searchable(stack) == expected
    assert list(stack.deployment.previews.track_ids()) == []


def test_clips_of_the_same_track_find_each_other(crawled: LocalStack, music: dict[str, Path]) -> None:
    by_track: dict[str, list[Clip]] = {}
    for clip in clips():
        by_track.setdefault(clip.track, []).append(clip)
    ids = {Path(track.info.preview_url or "").stem: track.track_id for track in crawled.deployment.tracks.scan()}
    found_1 = found_5 = asked = 0
    for pair in by_track.values():
        if len(pair) == 2 and all(clip.clip_id in ids for clip in pair):
            for query, twin in (pair, pair[::-1]):
                answer = crawled.api.get("/similar", track_id=ids[query.clip_id], k=5)
                neighbours = [row["track_id"] for row in answer.checked()["results"]]
                assert ids[query.clip_id] not in neighbours
                asked += 1
                found_1 += neighbours[0] == ids[twin.clip_id]
                found_5 += ids[twin.clip_id] in neighbours
    print(f"\nsame-track recall@1 {found_1 / asked:.2f}, recall@5 {found_5 / asked:.2f} ({asked} queries)")
    assert asked >= 16
    assert found_1 / asked >= 0.5
    assert found_5 / asked >= 0.7


def test_the_cover_beside_a_file_is_served_small(crawled: LocalStack) -> None:
    ready = [track for track in crawled.deployment.tracks.scan() if track.status is Status.READY]
    cover = cover_of(picture(180))
    until(
        lambda: crawled.api.get(f"/tracks/{ready[0].track_id}")[1]["artwork_url"] == f"/covers/{cover}", 30, "a cover"
    )
    (row,) = crawled.api.get("/similar", track_id=ready[0].track_id, k=1)[1]["results"]
    assert row["artwork_url"] == f"/covers/{cover}"
    for size in SIZES:
        address = f"http://127.0.0.1:{crawled.port}/tracks/{ready[0].track_id}/cover"
        answer = httpx.get(address, params={"size": size}, follow_redirects=True)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        assert answer.content[:3] == b"\xff\xd8\xff"
        assert "immutable" in answer.headers["cache-control"]


def test_similar_status_and_extract_speak_for_themselves(crawled: LocalStack) -> None:
    track = next(t for t in crawled.deployment.tracks.scan() if t.status is Status.READY)
    similar = crawled.run("similar", track.track_id, "-k", "3")
    assert similar.returncode == 0, similar.stderr
    assert similar.stdout.count("file:") == 3
    loud = crawled.api.get("/similar", track_id=track.track_id, k=3, loudness="-70..0").checked()
    assert [one["descriptors"]["loudness"] < 0 for one in loud["results"]] == [True] * 3
    status = crawled.run("status")
    assert "index: version" in status.stdout
    assert "ready" in status.stdout
    extract = crawled.run("extract")
    assert extract.returncode == 0
    assert "every track has its embedding" in extract.stdout
    unknown = crawled.run("similar", "file:0000000000000000")
    assert unknown.returncode == 1
    assert "make crawl" in unknown.stderr


def test_duplicated_and_late_events_change_nothing(crawled: LocalStack, tmp_path: Path) -> None:
    deployment = crawled.deployment
    before = {track.track_id: track for track in deployment.tracks.scan() if track.status is Status.READY}
    version = crawled.api.get("/health")[1]["index"]["version"]
    events = [deployment.preview_uploaded(track_id) for track_id in before] * 2
    random.Random(2).shuffle(events)
    deployment.extract_queue.send_all(events)
    deployment.fetch_queue.send_all([FetchPreview(track_id) for track_id in before] * 2)
    # An upload that was overtaken: older than the one whose embedding is stored, and of another sound.
    one, other = sorted(before)[:2]
    path = Path(str(before[other].info.preview_url).removeprefix("file://"))
    old = "2020-01-01T00:00:00.000000Z"
    deployment.previews.put(before[one].info, path.read_bytes(), provider="late", fetched_at=Timestamp(old))
    until(lambda: _idle(crawled) and not list(deployment.previews.track_ids()), 60, "idle")
    after = {track.track_id: track for track in deployment.tracks.scan() if track.status is Status.READY}
    assert after == before
    assert crawled.api.get("/health")[1]["index"]["version"] == version
    assert _table_and_index_agree(crawled, tmp_path) == set(before)


def test_a_poisoned_record_is_parked_and_the_tracks_behind_it_are_indexed(crawled: LocalStack, tmp_path: Path) -> None:
    deployment = crawled.deployment
    table, dynamodb = deployment.parameters["tracks-table"], deployment.session.client("dynamodb")
    poison = {"track_id": "file:dead00000000dead", "status": "ready", "model": "musicnn-msd@1"}
    item = {name: {"S": value} for name, value in poison.items()}
    dynamodb.put_item(TableName=table, Item={**item, "embedding": {"B": b"\x01\x02\x03"}, "drift": {"B": b"\x01"}})
    _store_synthetic(crawled, ["file:0000000000000a01"])
    until(lambda: crawled.api.is_searchable("file:0000000000000a01"), 40, "the track behind the poison")
    sqs = deployment.session.client("sqs")
    url = sqs.get_queue_url(QueueName="earshot-local-index-failed")["QueueUrl"]
    messages = until(
        lambda: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages"), 40, "the parked record"
    )
    parked = json.loads(messages[0]["Body"])
    assert parked["track_id"] == poison["track_id"]
    assert "3" in parked["reason"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=messages[0]["ReceiptHandle"])
    for track_id in (poison["track_id"], "file:0000000000000a01"):
        deployment.tracks.delete(TrackId(track_id))
    _table_and_index_agree(crawled, tmp_path)


def _store_synthetic(stack: LocalStack, track_ids: list[str]) -> None:
    for track_id in track_ids:
        values = np.random.default_rng(int(track_id[-8:], 16)).normal(0.1, 1, (2, 624)).astype("<f2")
        stack.deployment.tracks.store_embedding(
            TrackInfo(TrackId(track_id), "file", title=track_id),
            embedding=values[0].tobytes(),
            drift=values[1].tobytes(),
            tags=(),
            model="musicnn-msd@1",
            preview_at=now_iso(),
        )


def test_two_racing_indexers_lose_and_double_nothing(crawled: LocalStack, tmp_path: Path) -> None:
    """The stack's own indexer against one in this process, which looks for differences all the time."""
    ids = [f"file:{number:016x}" for number in range(0xB00, 0xB0C)]
    services = index_services(crawled.deployment, tmp_path / "work")
    for start in range(0, len(ids), 4):
        _store_synthetic(crawled, ids[start : start + 4])
        index_missing(services)
    until(lambda: all(map(crawled.api.is_searchable, ids)), 40, "all of them")
    _table_and_index_agree(crawled, tmp_path / "reader")
    for track_id in ids:
        crawled.deployment.tracks.delete(TrackId(track_id))
    _table_and_index_agree(crawled, tmp_path / "reader")


def test_a_crashed_api_or_worker_is_replaced(crawled: LocalStack) -> None:
    api, extractor = crawled.child("local.front_door"), crawled.child("extractor.handler.extract")
    api.kill()
    extractor.kill()
    until(lambda: crawled.child("local.front_door").pid != api.pid, 20, "another api")
    assert crawled.api.get("/health")[0] == 200
    track_id = next(t.track_id for t in crawled.deployment.tracks.scan() if t.status is Status.READY)
    crawled.deployment.extract_queue.send(crawled.deployment.preview_uploaded(track_id))
    until(lambda: _idle(crawled), 40, "the message to be dealt with")


def test_a_second_stack_on_the_same_state_is_told_where_the_first_one_runs(crawled: LocalStack) -> None:
    run = crawled.run("up")
    assert run.returncode == 1
    assert f"http://127.0.0.1:{crawled.port}" in run.stderr
    assert "make down" in run.stderr


def test_a_taken_port_is_named_with_what_to_do(crawled: LocalStack, tmp_path: Path) -> None:
    other = LocalStack(tmp_path / "other")
    other.env["PORT"] = str(crawled.port)
    run = other.run("up")
    assert run.returncode == 1
    assert f"port {crawled.port}" in run.stderr
    assert "PORT=" in run.stderr


def test_the_demo_on_ones_own_music_shows_neighbours_and_stops(
    crawled: LocalStack, music: dict[str, Path], tmp_path: Path
) -> None:
    """Beside a stack that runs, which it must leave alone."""
    own = tmp_path / "own"
    own.mkdir()
    for path in sorted(music["few"].rglob("*.mp3"))[:4]:
        shutil.copy(path, own / path.name)
    other = LocalStack(tmp_path / "state")
    other.env["PORT"] = str(crawled.port)
    run = other.run("demo", "--music", str(own))
    assert run.returncode == 0, run.stdout + run.stderr
    assert "4 of 4 are searchable" in run.stdout
    assert run.stdout.count("sounds like") >= 3
    assert "shared tags" in run.stdout
    assert "every track searchable" in run.stdout
    assert crawled.api.get("/health")[0] == 200


def test_down_stops_the_stack_without_a_trace_and_the_next_start_finds_everything(
    crawled: LocalStack, tmp_path: Path
) -> None:
    before = _table_and_index_agree(crawled, tmp_path / "before")
    crawled._note_family()
    run = crawled.run("down")
    assert run.returncode == 0
    assert "stopped" in run.stdout
    assert crawled.exit_code(20) == 0
    assert crawled.survivors() == []
    assert "no stack runs" in crawled.run("down").stdout
    assert "make up" in crawled.run("status").stdout
    said = crawled.up()
    assert "repair" not in said
    assert _table_and_index_agree(crawled, tmp_path / "after") == before
    assert crawled.api.is_searchable(min(before))


def _essence(stack: LocalStack) -> dict[str, tuple[object, ...]]:
    return {
        track.track_id: (track.info.title, track.info.artists, track.embedding, track.drift, track.tags, track.model)
        for track in stack.deployment.tracks.scan()
        if track.status is Status.READY
    }


def test_the_death_of_the_stack_alone_takes_its_children_along_and_loses_nothing(
    crawled: LocalStack, tmp_path: Path
) -> None:
    before = _table_and_index_agree(crawled, tmp_path / "before")
    crawled.stop(signal.SIGKILL)
    until(lambda: crawled.survivors() == [], 20, "the end of all children")
    crawled.up()
    assert _table_and_index_agree(crawled, tmp_path / "after") == before


def test_sigkill_of_everything_in_the_middle_of_a_crawl_loses_and_doubles_nothing(
    crawled: LocalStack, music: dict[str, Path], tmp_path: Path
) -> None:
    before = _table_and_index_agree(crawled, tmp_path / "before")
    expected = len(before) + _expected(music["few"])
    anna = ApiClient(f"http://127.0.0.1:{crawled.port}", key="anna")
    now = int(time.time())
    recent = [{"listened_at": now - number, "title": "One", "artists": ["Two"]} for number in range(20)]
    anna.post("/listens", {"listens": recent}).checked()
    anna.put("/opinions/deezer:1", {"opinion": "loved"}).checked()
    crawl = crawled.deployment
    start_crawl(parse_playlist(str(music["few"])), crawls=crawl.crawls, crawl_queue=crawl.crawl_queue)
    until(lambda: any(t.status is Status.PENDING for t in crawl.tracks.scan()), 60, "the middle of the crawl")
    crawled.kill_everything()
    said = crawled.up()
    assert "was killed" in said
    until(lambda: len(anna.get("/listens").checked()["listens"]) == len(recent), 60, "plays from before")
    assert anna.get("/opinions").checked()["opinions"] == {"deezer:1": "loved"}
    until(lambda: _searchable(crawled) == expected and _idle(crawled), 90, f"{expected} searchable tracks")
    assert len(_table_and_index_agree(crawled, tmp_path / "after")) == expected
    assert list(crawled.deployment.previews.track_ids()) == []


def test_tables_that_are_lost_are_written_back_from_the_index(crawled: LocalStack, tmp_path: Path) -> None:
    """Somebody has deleted the state file, or moved it away because it was damaged."""
    _store_synthetic(crawled, ["file:0000000000000c01"])
    assert "file:0000000000000c01" in _table_and_index_agree(crawled, tmp_path / "before")
    before = _essence(crawled)
    crawled.child("local.embedded_aws").kill()
    assert crawled.exit_code(60) == 1
    assert "the embedded AWS has died" in crawled.said()
    assert crawled.survivors() == []
    for path in (crawled.directory / "aws").glob("state.sqlite3*"):
        path.unlink()
    assert "tracks restored from the index into the table" in crawled.up()
    assert _essence(crawled) == before
    _table_and_index_agree(crawled, tmp_path / "after")
