"""A file that kills its decoder, on the real stack: tests/faults does the killing."""

from earshot.clock import now_iso
from earshot.errors import DecoderCrashed
from earshot.ids import TrackId
from earshot.reasons import Reason
from earshot.track import Status, TrackInfo
from tests.e2e.conftest import LocalStack, until
from tests.stubs.audio import sweep


def test_a_file_that_kills_its_decoder_is_failed_with_its_reason_and_its_audio_is_deleted(stack: LocalStack) -> None:
    deployment, info = stack.deployment, TrackInfo(TrackId("file:00000000deadc0de"), "file", title="kills its decoder")
    deployment.tracks.register(info)
    audio = sweep(4) + b"TAG" + info.title.encode().ljust(125, b"\0")
    deployment.previews.put(info, audio, provider="file", fetched_at=now_iso())

    def settled() -> bool:
        track = deployment.tracks.get(info.track_id)
        return track is not None and track.status is not Status.PENDING

    until(settled, 60, f"the end of its {DecoderCrashed.tries} tries")
    track = deployment.tracks.get(info.track_id)
    assert track is not None
    assert (track.status, track.reason) == (Status.FAILED, Reason.DECODER_CRASHED)
    assert info.track_id not in set(deployment.previews.track_ids())
    until(lambda: "rejected" in stack.log("extract"), 10, "it is said")  # after the table knows it
    assert stack.log("extract").count("rejected") == 1
    assert not [line for line in stack.said().splitlines() if line.startswith("{")], "log lines on the terminal"
    deployment.tracks.delete(info.track_id)
