import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import boto3
import pytest
from botocore.client import BaseClient

from crawler import crawl, handler
from crawler.cutting.cutter import Cutter
from crawler.file import source
from earshot.ids import TrackId
from earshot.stores.dynamodb import Row, Table
from earshot.track import Status
from earshot.windows import Window
from extractor.audio.decode import decode
from tests.stubs.audio import sweep, write_sweep
from tests.stubs.stack import Stack, invoke, running_stack

_HTML = b"<!DOCTYPE html><html><body>403</body></html>"


def _tiny(folder: Path, count: int) -> None:
    for number in range(count):
        (folder / f"{number:03d}.wav").write_bytes(sweep(0.2, "wav", rate=8000, pitch=200 + number))


def _ids_by_title(stack: Stack) -> dict[str, str]:
    return {track.info.title: track.track_id for track in stack.tracks.scan()}


def test_every_audio_file_of_a_folder_becomes_a_track_with_its_preview(folder_stack: Stack, folder: Path) -> None:
    write_sweep(folder / "Artist" / "Album" / "01 - First.mp3", 2)
    write_sweep(folder / "Artist" / "Album" / "1-02 Second.opus", 2)
    write_sweep(folder / "Solo" / "Third.flac", 2)
    write_sweep(folder / "Band - Fourth.m4a", 2)
    (folder / "Fifth").write_bytes(sweep(2, "mp3", pitch=300))
    (folder / "cover.jpg").write_bytes(b"\xff\xd8")
    (folder / "README").write_text("notes")

    progress = folder_stack.crawls.count(folder_stack.run(str(folder)), folder_stack.tracks)

    tracks = {track.info.title: track for track in folder_stack.tracks.scan()}
    assert {(t.info.title, t.info.artists, t.info.album) for t in tracks.values()} == {
        ("First", ("Artist",), "Album"),
        ("Second", ("Artist",), "Album"),
        ("Third", ("Solo",), ""),
        ("Fourth", ("Band",), ""),
        ("Fifth", (), ""),
    }
    assert sorted(folder_stack.previews.track_ids()) == sorted(track.track_id for track in tracks.values())
    preview = folder_stack.previews.get(tracks["First"].track_id)
    assert preview is not None
    assert preview.audio == (folder / "Artist/Album/01 - First.mp3").read_bytes()
    assert preview.info.title == "First"
    assert preview.provider == "file"
    assert (progress.total, progress.states, progress.done) == (5, {Status.PENDING: 5}, False)


def test_a_file_that_is_no_audio_gets_a_reason_and_stops_nothing(folder_stack: Stack, folder: Path) -> None:
    (folder / "a.mp3").write_bytes(_HTML)
    (folder / "b.mp3").write_bytes(b"")
    write_sweep(folder / "c.mp3", 2)
    progress = folder_stack.crawls.count(folder_stack.run(str(folder)), folder_stack.tracks)
    assert progress.reasons == {"unplayable": 2}
    assert progress.states == {Status.NO_PREVIEW: 2, Status.PENDING: 1}


def test_a_long_file_contributes_its_middle(folder_stack: Stack, folder: Path) -> None:
    write_sweep(folder / "long.mp3", 70)
    folder_stack.run(str(folder))
    preview = folder_stack.previews.get(TrackId(_ids_by_title(folder_stack)["long"]))
    assert preview is not None
    assert decode(preview.audio, 16_000, 1.5).seconds == pytest.approx(30, abs=0.2)


def test_a_long_folder_is_read_in_several_messages(
    folder_stack: Stack, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "PAGE_SIZE", 5)
    _tiny(folder, 12)
    crawl_id = folder_stack.start(str(folder))
    deliveries = 0
    while folder_stack.deliver(folder_stack.crawl_queue_url, handler.crawl_playlist):
        deliveries += 1
    assert deliveries == 3
    entries = list(folder_stack.crawls.entries(crawl_id))
    assert [entry.number for entry in entries] == list(range(12))
    assert len({entry.track_id for entry in entries}) == 12
    assert folder_stack.messages(folder_stack.fetch_queue_url)["visible"] == 12
    assert folder_stack.crawls.summary(crawl_id).finished


def test_a_slow_folder_is_handed_on_before_the_function_runs_out_of_time(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    _tiny(folder, 5)
    monkeypatch.setattr(source, "PAGE_SIZE", 2)
    monkeypatch.setattr(crawl, "_MESSAGE_S", 0.0)
    with running_stack(monkeypatch, folder_roots=str(folder), pages_per_message="10") as stack:
        crawl_id = stack.start(str(folder))
        deliveries = 0
        while stack.deliver(stack.crawl_queue_url, handler.crawl_playlist):
            deliveries += 1
        assert deliveries == 3
        assert len({entry.track_id for entry in stack.crawls.entries(crawl_id)}) == 5


def test_the_same_recording_in_two_places_is_one_track(folder_stack: Stack, folder: Path) -> None:
    audio = sweep(2)
    (folder / "a.mp3").write_bytes(audio)
    (folder / "b.mp3").write_bytes(audio)
    progress = folder_stack.crawls.count(folder_stack.run(str(folder)), folder_stack.tracks)
    assert progress.states == {Status.PENDING: 1, "skipped": 1}
    assert progress.reasons == {"duplicate_entry": 1}


def test_a_link_out_of_the_folder_is_not_followed(folder_stack: Stack, folder: Path, tmp_path: Path) -> None:
    write_sweep(tmp_path / "elsewhere" / "secret.mp3", 2)
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    (folder / "linked.mp3").symlink_to(tmp_path / "elsewhere" / "secret.mp3")
    (folder / "loop").symlink_to(folder)
    progress = folder_stack.crawls.count(folder_stack.run(str(folder)), folder_stack.tracks)
    assert (progress.reasons, progress.done) == ({"forbidden_folder": 2}, True)


def test_tags_without_bottom_stop_nothing(folder_stack: Stack, folder: Path) -> None:
    write_sweep(folder / "song.mp3", 2)
    atoms = b"".join(struct.pack(">I4s", 8 * (5_000 - depth), b"moov") for depth in range(5_000))
    (folder / "deep.m4a").write_bytes(struct.pack(">I4s", 16, b"ftypM4A ") + b"M4A " + atoms)
    progress = folder_stack.crawls.count(folder_stack.run(str(folder)), folder_stack.tracks)
    assert progress.states == {Status.PENDING: 1, Status.NO_PREVIEW: 1}
    assert progress.reasons == {"unplayable": 1}


@pytest.mark.parametrize("playlist", ["/", "/etc", "file:///etc"])
def test_a_folder_outside_the_roots_is_refused(folder_stack: Stack, playlist: str) -> None:
    summary = folder_stack.crawls.summary(folder_stack.run(playlist))
    assert summary.error is not None
    assert summary.error["code"] == "invalid_playlist"
    assert "EARSHOT_FOLDER_ROOTS" in summary.error["hint"]


def test_a_folder_that_is_not_there_is_named(folder_stack: Stack, folder: Path) -> None:
    summary = folder_stack.crawls.summary(folder_stack.run(str(folder / "nowhere")))
    assert summary.error is not None
    assert summary.error["code"] == "playlist_not_found"
    assert "nowhere" in summary.error["message"]


def test_a_file_that_changed_after_the_crawl_is_not_taken_for_the_track(folder_stack: Stack, folder: Path) -> None:
    path = write_sweep(folder / "a.mp3", 2)
    crawl_id = folder_stack.start(str(folder))
    folder_stack.deliver(folder_stack.crawl_queue_url, handler.crawl_playlist)
    path.write_bytes(sweep(2, pitch=500))
    folder_stack.settle()
    assert folder_stack.crawls.count(crawl_id, folder_stack.tracks).reasons == {"file_changed": 1}
    assert not list(folder_stack.previews.track_ids())


def test_messages_delivered_twice_change_nothing(folder_stack: Stack, folder: Path) -> None:
    _tiny(folder, 3)
    sqs = boto3.client("sqs")
    crawl_id = folder_stack.start(str(folder))
    for url, function in (
        (folder_stack.crawl_queue_url, handler.crawl_playlist),
        (folder_stack.fetch_queue_url, handler.fetch_preview),
    ):
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        assert not invoke(function, messages)
        before = list(folder_stack.tracks.scan()), list(folder_stack.crawls.entries(crawl_id))
        assert not invoke(function, messages)
        assert (list(folder_stack.tracks.scan()), list(folder_stack.crawls.entries(crawl_id))) == before
    assert len(list(folder_stack.previews.track_ids())) == 3


class _Killed(BaseException):
    """A process that dies: nothing may catch it."""


@pytest.mark.parametrize("survived_calls", range(14))
def test_a_crawl_killed_between_any_two_requests_to_aws_is_completed_by_its_redelivery(
    folder_stack: Stack, folder: Path, survived_calls: int
) -> None:
    _tiny(folder, 2)
    crawl_id = folder_stack.start(str(folder))
    sqs = boto3.client("sqs")
    for url, function, calls in (
        (folder_stack.crawl_queue_url, handler.crawl_playlist, 14),
        (folder_stack.fetch_queue_url, handler.fetch_preview, 10),
    ):
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        with _dying_after(survived_calls), pytest.raises(_Killed) if survived_calls < calls else suppress(_Killed):
            invoke(function, messages)
        _expire_leases()
        assert not invoke(function, messages)
    assert len(list(folder_stack.previews.track_ids())) == 2
    assert folder_stack.crawls.count(crawl_id, folder_stack.tracks).states == {Status.PENDING: 2}


def test_a_file_that_outlasts_its_function_each_time_gets_a_reason_and_stops_nobody(
    folder_stack: Stack, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _tiny(folder, 2)
    slow = sorted(folder.iterdir())[0]
    crawl_id = folder_stack.start(str(folder))
    folder_stack.deliver(folder_stack.crawl_queue_url, handler.crawl_playlist)
    clip, tries = Cutter.clip, []

    def cut(cutter: Cutter, file: BinaryIO, *, max_bytes: int, window: Window | None) -> bytes:
        if file.name == str(slow):
            tries.append(1)
            raise _Killed
        return clip(cutter, file, max_bytes=max_bytes, window=window)

    monkeypatch.setattr(Cutter, "clip", cut)
    monkeypatch.setattr(Table, "delete", _nothing_is_given_back(Table.delete))
    sqs, url = boto3.client("sqs"), folder_stack.fetch_queue_url
    bodies = [message["Body"] for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]]
    for body in bodies:  # each time a new message: what counts is not how often one was delivered
        for _ in range(5):
            sqs.send_message(QueueUrl=url, MessageBody=body)
            (message,) = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1)["Messages"]
            with suppress(_Killed):
                assert not invoke(handler.fetch_preview, [message])
            _let_leases_end()
    assert len(tries) == 3
    assert folder_stack.crawls.count(crawl_id, folder_stack.tracks).reasons == {"timed_out": 1}
    assert len(list(folder_stack.previews.track_ids())) == 1


def _nothing_is_given_back(delete: Callable[..., bool]) -> Callable[..., bool]:
    """A dead worker's lease stays where it is."""

    def kept(table: Table, key: Row, *arguments: object) -> bool:
        return False if isinstance(sys.exception(), _Killed) else delete(table, key, *arguments)

    return kept


def _let_leases_end() -> None:
    client = boto3.client("dynamodb")
    for item in client.scan(TableName="crawls")["Items"]:
        if item["entry"]["S"] == "lease":
            client.put_item(TableName="crawls", Item=item | {"held_until": {"N": "1"}})


@contextmanager
def _dying_after(calls: int) -> Iterator[None]:
    """Whoever makes more than `calls` requests to AWS dies at the next one, before it is sent."""
    left, request = iter(range(calls)), BaseClient._make_api_call  # type: ignore[attr-defined]

    def count(client: BaseClient, *arguments: object) -> object:
        if next(left, None) is None:
            raise _Killed
        return request(client, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", count)
        yield


def _expire_leases() -> None:
    client = boto3.client("dynamodb")
    for item in client.scan(TableName="crawls")["Items"]:
        if item["entry"]["S"] == "lease":
            key = {name: item[name] for name in ("crawl_id", "entry")}
            client.delete_item(TableName="crawls", Key=key)
