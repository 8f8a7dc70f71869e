"""Own files that harm whoever reads them, and what others serve: decoded in a confined process, or not at all."""

from pathlib import Path
from typing import Any

import boto3
import pytest

from crawler import handler
from earshot.confined.process import Answered, Confined
from earshot.errors import DecoderCrashed
from earshot.ids import TrackId
from earshot.reasons import Reason
from earshot.track import Status
from tests.corpus import hostile_dir
from tests.stubs.audio import sweep, write_sweep
from tests.stubs.stack import Stack, invoke
from tests.stubs.web import Answer, serve


def _delivered_until_done(stack: Stack) -> None:
    """As the queue does it, without waiting for what comes back later."""
    sqs = boto3.client("sqs")
    left = sqs.receive_message(QueueUrl=stack.fetch_queue_url, MaxNumberOfMessages=10).get("Messages", [])
    for receives in range(1, DecoderCrashed.tries + 1):
        for message in left:
            message["Attributes"] = {"ApproximateReceiveCount": str(receives)}
        failed = invoke(handler.fetch_preview, left)
        left = [message for message in left if message["MessageId"] in failed]
    assert not left


@pytest.mark.parametrize("reason", [Reason.DECODER_CRASHED, Reason.DECODER_TIMEOUT])
def test_a_file_that_kills_the_cutter_costs_its_own_track_and_no_other(
    folder_stack: Stack, folder: Path, monkeypatch: pytest.MonkeyPatch, reason: Reason
) -> None:
    write_sweep(folder / "a.mp3", 2)
    write_sweep(folder / "killer.mp3", 3)
    write_sweep(folder / "z.mp3", 4)
    poison = (folder / "killer.mp3").stat().st_size
    honest = Confined.ask

    def ask(confined: Confined, file: int, wanted: Any, *, max_bytes: int) -> Answered:
        if Path(f"/proc/self/fd/{file}").stat().st_size == poison:
            raise DecoderCrashed("it died", reason=reason)
        return honest(confined, file, wanted, max_bytes=max_bytes)

    monkeypatch.setattr(Confined, "ask", ask)
    folder_stack.start(str(folder))
    folder_stack.deliver(folder_stack.crawl_queue_url, handler.crawl_playlist)
    _delivered_until_done(folder_stack)
    tracks = {track.info.title: (track.status, track.reason) for track in folder_stack.tracks.scan()}
    assert tracks == {
        "a": (Status.PENDING, None),
        "killer": (Status.NO_PREVIEW, reason),
        "z": (Status.PENDING, None),
    }
    assert len(list(folder_stack.previews.track_ids())) == 2


def test_every_hostile_file_gets_its_preview_or_its_reason(folder_stack: Stack, folder: Path) -> None:
    for path in hostile_dir().iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    progress = folder_stack.crawls.count(folder_stack.run(str(folder)), folder_stack.tracks)
    assert set(progress.states) <= {Status.PENDING, Status.NO_PREVIEW, "skipped"}
    assert progress.pending == len(list(folder_stack.previews.track_ids())) > 10
    assert progress.reasons[Reason.UNPLAYABLE] >= 4


def test_what_others_serve_is_passed_on_as_it_came(web_stack: Stack, folder: Path) -> None:
    whole_song = sweep(70)
    with serve(lambda _: Answer(body=whole_song)) as previews:
        (folder / "list.csv").write_text(f"title,artist,preview_url\nOne,A,{previews.url}/1.mp3\n", encoding="utf-8")
        web_stack.run(str(folder / "list.csv"))
    (track,) = web_stack.tracks.scan()
    preview = web_stack.previews.get(TrackId(track.track_id))
    assert preview is not None
    assert preview.audio == whole_song
