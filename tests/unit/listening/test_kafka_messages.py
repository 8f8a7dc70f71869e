"""Messages of a topic: which play each is of, and why some are none."""

import base64
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError

from earshot.messages import RecordPlays
from earshot.plays import Play, listener_of
from listening import bootstrap, handler
from listening.kafka.dead_letters import DeadLetterFile, StayInTopic
from listening.kafka.events import messages_in
from listening.kafka.intake import Intake
from listening.kafka.messages import MAX_BYTES, TopicMessage, Unreadable, plays_in
from tests.unit.listening.world import World

_EVENTS = Path(__file__).parents[2] / "events"
_AT = 1_700_000_000
_ME = "0123456789abcdef"
_PLAY = {"listener": _ME, "listened_at": _AT, "title": "Glass", "artists": ["Aiko Mori"], "skipped": True}
_LISTEN = {"listened_at": _AT, "track_metadata": {"artist_name": "Aiko Mori", "track_name": "Glass"}}


def _message(content: object, key: bytes = b"", sent_ms: int | None = None) -> TopicMessage:
    value = content if isinstance(content, bytes) else json.dumps(content).encode()
    return TopicMessage("plays", 0, 7, value, key, sent_ms)


def _play(message: TopicMessage) -> Play:
    (play,) = plays_in(message).plays
    return play


def _listener_called(name: str) -> str:
    return listener_of(hashlib.sha256(name.encode()).hexdigest())


def test_a_play_is_read_as_the_api_takes_it() -> None:
    play = _play(_message(_PLAY))
    assert (play.listener, play.title, play.artists, play.skipped) == (_ME, "Glass", ("Aiko Mori",), True)


@pytest.mark.parametrize(
    ("content", "key", "listener"),
    [
        (_LISTEN, _ME.encode(), _ME),
        (_LISTEN, b"me", _listener_called("me")),
        ({**_LISTEN, "user_name": "somebody"}, b"me", _listener_called("somebody")),
        ({**_PLAY, "listener": "me"}, b"", _listener_called("me")),
    ],
)
def test_a_listen_is_of_whom_it_or_its_key_names(content: object, key: bytes, listener: str) -> None:
    assert _play(_message(content, key)).listener == listener


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (_message(b"\xff\xfe"), "no_json"),
        (_message(b"[" * 9_000), "no_json"),
        (_message([_PLAY]), "no_json"),
        (_message(b"", b"me"), "no_json"),
        (_message(_LISTEN), "no_listener"),
        (_message({**_PLAY, "listener": 5}), "no_listener"),
        (_message({"listener": _ME, "track": "Glass"}), "unknown"),
        (_message({**_PLAY, "listened_at": "soon"}), "no_time"),
        (_message({**_PLAY, "listened_at": 5}), "no_time"),
        (_message({**_PLAY, "listened_at": 900_000_000}), "out_of_time"),
        (_message({**_PLAY, "title": ""}), "no_song"),
        (_message({**_PLAY, "more": "x" * MAX_BYTES}), "too_large"),
    ],
)
def test_what_is_no_play_says_why(message: TopicMessage, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        plays_in(message)
    assert refused.value.reason == reason


def test_a_play_was_accepted_when_its_message_was_written() -> None:
    """Else who was forgotten meanwhile would have it back."""
    assert plays_in(_message(_PLAY, sent_ms=_AT * 1000)).accepted_at == "2023-11-14T22:13:20.000000Z"
    assert plays_in(_message(_PLAY, sent_ms=9 * 10**14)).accepted_at < "2100"


class _Recording:
    def __init__(self, failure: Exception | None = None) -> None:
        self.messages: list[RecordPlays] = []
        self._failure = failure

    def run(self, messages: Sequence[RecordPlays]) -> None:
        if self._failure:
            raise self._failure
        self.messages += messages


def test_an_event_of_lambda_is_read_whole_and_what_is_no_play_costs_no_other() -> None:
    record = _Recording()
    event = json.loads((_EVENTS / "kafka_plays.json").read_text(encoding="utf-8"))
    Intake(record, StayInTopic()).take(messages_in(event))
    plays = [play for message in record.messages for play in message.plays]
    assert [(play.title, play.listener) for play in plays] == [("Glass", _ME), ("Panes", _listener_called("me"))]
    assert record.messages[0].accepted_at == "2023-11-14T22:16:34.000000Z"


def test_dead_letters_can_be_read_and_sent_again(tmp_path: Path) -> None:
    letters = DeadLetterFile(tmp_path / "letters.jsonl")
    for content in (b"\xff\x00", b"{}"):
        Intake(_Recording(), letters).take([_message(content, b"me")])
    lines = [json.loads(line) for line in (tmp_path / "letters.jsonl").read_text().splitlines()]
    assert [(line["reason"], base64.b64decode(line["value"])) for line in lines] == [
        ("no_json", b"\xff\x00"),
        ("unknown", b"{}"),
    ]
    assert lines[0]["offset"] == 7
    assert (tmp_path / "letters.jsonl").stat().st_mode & 0o077 == 0


def test_the_function_keeps_what_an_event_source_hands_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "record", lambda: world.record)
    event = json.loads((_EVENTS / "kafka_plays.json").read_text(encoding="utf-8"))
    assert handler.record_plays(event, None) == {"batchItemFailures": []}
    assert handler.record_plays({**event, "eventSource": "SelfManagedKafka"}, None) == {"batchItemFailures": []}
    assert {play.title for play in world.kept()} == {"Glass", "Panes"}


def test_what_cannot_be_kept_has_the_whole_batch_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
    monkeypatch.setattr(bootstrap, "record", lambda: _Recording(gone))
    event = json.loads((_EVENTS / "kafka_plays.json").read_text(encoding="utf-8"))
    with pytest.raises(EndpointConnectionError):
        handler.record_plays(event, None)
