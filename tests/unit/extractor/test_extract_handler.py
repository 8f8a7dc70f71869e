import copy
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from earshot.clock import Timestamp
from earshot.embedding import Embedding
from earshot.ids import TrackId
from earshot.messages import FetchPreview
from earshot.track import Status, Track, TrackInfo
from extractor import bootstrap, handler
from tests.aws import TRIES, Stage, stage
from tests.corpus import clips, hostile_dir
from tests.model import model_dir
from tests.unit.earshot.test_uploads import upload_of
from tests.unit.extractor.conftest import encoded, tone

_RECORD = json.loads((Path(__file__).parents[2] / "events" / "sqs_message.json").read_text())["Records"][0]
TRACK = "file:2c26b46b68ffc68f"
OTHER = "11dFghVXANMlKmJXsNCbNl"


class World:
    """Table and bucket in this process, and the extractor's handler wired to them."""

    def __init__(self, stage: Stage) -> None:
        self.tracks = stage.tracks
        self.previews = stage.previews
        self._stage = stage

    def upload(self, track_id: str, audio: bytes, *, fetched_at: str = "2026-11-20T07:00:00.000000Z") -> None:
        info = TrackInfo(TrackId(track_id), "file", title="Song")
        self.tracks.register(info)
        self.previews.put(info, audio, provider="folder", fetched_at=Timestamp(fetched_at))

    def track(self, track_id: str) -> Track:
        track = self.tracks.get(TrackId(track_id))
        assert track is not None
        return track

    def waiting(self) -> set[str]:
        return set(self.previews.track_ids())

    def asked_for(self) -> list[str]:
        """Tracks for which a preview is asked for, once each call."""
        url, sqs = self._stage.queues["fetch"], self._stage.account.sqs
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for received in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=received["ReceiptHandle"])
        return [FetchPreview.from_json(received["Body"]).track_id for received in messages]


@pytest.fixture(scope="module")
def running() -> Iterator[World]:
    """One stage, one network, one decoder."""
    with stage(EARSHOT_MODEL_DIR=str(model_dir()), EARSHOT_DECODE_TIMEOUT_S="5") as aws:
        for wired in (bootstrap.previews, bootstrap.queries, bootstrap.deliveries, bootstrap._s3, bootstrap._sqs):
            wired.cache_clear()
        yield World(aws)
        bootstrap.previews().close()


@pytest.fixture
def world(running: World) -> Iterator[World]:
    yield running
    for track in running.tracks.scan():
        running.tracks.delete(track.track_id)
        running.previews.delete(track.track_id)


def message(body: str, *, number: int = 0, tries: int = 1) -> dict[str, Any]:
    record: dict[str, Any] = copy.deepcopy(_RECORD)
    record |= {"messageId": f"message-{number}", "body": body}
    record["attributes"]["ApproximateReceiveCount"] = str(tries)
    return record


def key(track_id: str) -> str:
    return f"previews/{track_id.replace(':', '%253A')}"


def deliver(*messages: dict[str, Any]) -> set[str]:
    """Ids of the messages that failed."""
    answer = handler.extract({"Records": list(messages)}, None)  # type: ignore[arg-type]
    return {str(failure["itemIdentifier"]) for failure in answer["batchItemFailures"]}


def crash_on(monkeypatch: pytest.MonkeyPatch, audio: bytes) -> None:
    """Make the real decoder process die whenever it is handed this file."""
    confined = bootstrap.previews()._decoder._process
    honest = confined._ask

    def ask(child: Any, file: int, *wanted: Any) -> Any:
        if os.pread(file, len(audio) + 1, 0) == audio:
            os.kill(child.process.pid, signal.SIGSEGV)
        return honest(child, file, *wanted)

    monkeypatch.setattr(confined, "_ask", ask)


def test_an_upload_becomes_an_embedding_with_tags_and_the_audio_is_deleted(world: World) -> None:
    world.upload(TRACK, clips()[0].path.read_bytes())
    assert deliver(message(upload_of(key(TRACK)))) == set()
    track = world.track(TRACK)
    assert (track.status, track.model, track.provider) == (Status.READY, "musicnn-msd@1", "folder")
    assert track.embedding is not None
    assert track.drift is not None
    assert Embedding.from_bytes(track.embedding, track.drift).embedding.shape == (624,)
    assert len(track.tags) == 10
    assert track.descriptors is not None
    assert -40 < (track.descriptors.loudness or 0) < 0
    assert track.descriptors.pulse_clarity is not None
    assert world.waiting() == set()


def test_a_duplicate_event_changes_nothing(world: World) -> None:
    world.upload(TRACK, encoded(tone()))
    event = message(upload_of(key(TRACK)))
    deliver(event)
    before = world.track(TRACK)
    assert deliver(event) == set()
    assert deliver(event, message(upload_of(key(TRACK)), number=1)) == set()
    assert world.track(TRACK) == before


def test_a_whole_batch_is_extracted_in_any_order_of_records(world: World) -> None:
    ids = [TRACK, OTHER, "deezer:5", "deezer:6", "deezer:7"]
    for number, track_id in enumerate(ids):
        world.upload(track_id, encoded(tone(3 + number)))
    failed = deliver(
        message(upload_of(key(ids[0]), key(ids[1]))),
        message(upload_of(key(ids[2])), number=1),
        message(upload_of(key(ids[4]), key(ids[3]), key(ids[0])), number=2),
    )
    assert failed == set()
    assert {world.track(track_id).status for track_id in ids} == {Status.READY}
    embeddings = [np.frombuffer(world.track(track_id).embedding or b"", "<f2") for track_id in ids]
    alone = bootstrap.previews()._network.features(bootstrap.previews()._decoder.decode(encoded(tone(5))).samples)
    np.testing.assert_array_equal(embeddings[2], alone.embedding.embedding.astype("<f2"))


@pytest.mark.parametrize(
    ("file", "reason"), [("silence.mp3", "silent"), ("html_error.mp3", "undecodable"), ("zero_byte.mp3", "empty")]
)
def test_a_rejected_file_fails_its_track_with_a_reason_and_its_audio_goes(world: World, file: str, reason: str) -> None:
    world.upload(TRACK, (hostile_dir() / file).read_bytes())
    assert deliver(message(upload_of(key(TRACK)))) == set()
    assert (world.track(TRACK).status, world.track(TRACK).reason) == (Status.FAILED, reason)
    assert world.waiting() == set()


def test_a_preview_over_the_limit_is_refused_unread(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap.previews(), "_max_preview_bytes", 100_000)
    world.upload(TRACK, encoded(tone()))
    assert deliver(message(upload_of(key(TRACK)))) == set()
    assert world.track(TRACK).reason == "too_large"
    assert world.waiting() == set()


def test_a_bad_message_fails_alone(world: World) -> None:
    world.upload(TRACK, encoded(tone()))
    assert deliver(message("garbage", number=1), message(upload_of(key(TRACK)))) == {"message-1"}
    assert world.track(TRACK).status is Status.READY


def test_a_test_event_is_consumed(world: World) -> None:
    body = (Path(__file__).parents[2] / "events" / "s3_test_event.json").read_text()
    assert deliver(message(body)) == set()


def test_an_event_whose_preview_is_gone_is_consumed(world: World) -> None:
    assert deliver(message(upload_of(key(TRACK)))) == set()
    assert world.tracks.get(TrackId(TRACK)) is None


def test_a_file_that_kills_its_decoder_is_tried_again_and_harms_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison = encoded(tone(2))
    world.upload(TRACK, poison)
    world.upload(OTHER, encoded(tone()))
    crash_on(monkeypatch, poison)
    failed = deliver(message(upload_of(key(TRACK))), message(upload_of(key(OTHER)), number=1))
    assert failed == {"message-0"}
    assert world.track(TRACK).status is Status.PENDING
    assert world.waiting() == {TRACK}
    assert world.track(OTHER).status is Status.READY


def test_after_the_last_try_its_track_is_failed_with_the_reason(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    poison = encoded(tone(2))
    world.upload(TRACK, poison)
    crash_on(monkeypatch, poison)
    for tries in (1, 2):
        assert deliver(message(upload_of(key(TRACK)), tries=tries)) == {"message-0"}
        assert world.track(TRACK).status is Status.PENDING
    assert deliver(message(upload_of(key(TRACK)), tries=3)) == set()
    assert (world.track(TRACK).status, world.track(TRACK).reason) == (Status.FAILED, "decoder_crashed")
    assert world.waiting() == set()


def test_a_decoder_that_cannot_start_fails_no_track_before_the_last_try(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.upload(TRACK, encoded(tone()))
    confined = bootstrap.previews()._decoder._process
    confined.close()
    with monkeypatch.context() as patch:
        patch.setattr(confined, "_module", "tests.stubs.no_such_module")
        for tries in (1, TRIES - 1):
            assert deliver(message(upload_of(key(TRACK)), tries=tries)) == {"message-0"}
            assert world.track(TRACK).status is Status.PENDING
    assert deliver(message(upload_of(key(TRACK)), tries=TRIES)) == set()
    assert world.track(TRACK).status is Status.READY


def test_a_failure_that_has_no_name_ends_the_track_after_the_last_try(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.upload(TRACK, encoded(tone()))

    def away(*_: Any, **__: Any) -> None:
        raise ConnectionError("no table today")

    monkeypatch.setattr(bootstrap.previews()._tracks, "store_embedding", away)
    assert deliver(message(upload_of(key(TRACK)), tries=TRIES - 1)) == {"message-0"}
    assert world.track(TRACK).status is Status.PENDING
    assert deliver(message(upload_of(key(TRACK)), tries=TRIES)) == set()
    assert (world.track(TRACK).status, world.track(TRACK).reason) == (Status.FAILED, "internal_error")
    assert world.waiting() == set()


def test_a_preview_that_expired_before_it_was_heard_is_asked_for_anew(world: World) -> None:
    world.upload(TRACK, encoded(tone()))
    world.previews.delete(TrackId(TRACK))
    assert deliver(message(upload_of(key(TRACK)))) == set()
    assert (world.track(TRACK).status, world.track(TRACK).reason) == (Status.PENDING, "preview_expired")
    assert world.asked_for() == [TRACK]


def test_a_preview_that_is_gone_because_it_was_heard_is_not_asked_for(world: World) -> None:
    world.upload(TRACK, encoded(tone()))
    deliver(message(upload_of(key(TRACK))))
    deliver(message(upload_of(key(TRACK))))
    assert world.asked_for() == []


def test_a_newer_preview_that_arrives_meanwhile_is_not_deleted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.upload(TRACK, encoded(tone(3)))
    network = bootstrap.previews()._network
    honest = network.features

    def features(samples: Any) -> Any:
        world.upload(TRACK, encoded(tone(5)), fetched_at="2026-11-20T08:00:00.000000Z")
        return honest(samples)

    with monkeypatch.context() as patch:
        patch.setattr(network, "features", features)
        assert deliver(message(upload_of(key(TRACK)))) == set()
    assert world.waiting() == {TRACK}
    assert deliver(message(upload_of(key(TRACK)), number=1)) == set()
    assert world.track(TRACK).preview_at == "2026-11-20T08:00:00.000000Z"
    assert world.waiting() == set()


def test_a_track_the_table_has_lost_is_made_anew_from_its_preview(world: World) -> None:
    world.previews.put(TrackInfo(TrackId(TRACK), "file", title="Song"), encoded(tone()), provider="folder")
    assert deliver(message(upload_of(key(TRACK)))) == set()
    assert (world.track(TRACK).info.title, world.track(TRACK).status) == ("Song", Status.READY)


def test_dying_between_storing_and_deleting_leaves_a_track_that_a_repeat_completes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.upload(TRACK, encoded(tone()))

    def die(*_: Any, **__: Any) -> None:
        raise ConnectionError("the process ends here")

    with monkeypatch.context() as patch:
        patch.setattr(bootstrap.previews()._previews, "delete", die)
        assert deliver(message(upload_of(key(TRACK)))) == {"message-0"}
    before = world.track(TRACK)
    assert before.status is Status.READY
    assert deliver(message(upload_of(key(TRACK)), tries=2)) == set()
    assert world.track(TRACK) == before
    assert world.waiting() == set()
