"""What is said again to an AWS that has forgotten it."""

import json
import stat
from pathlib import Path
from typing import Any

from earshot.clock import now_iso
from earshot.ids import TrackId
from earshot.listening_journal import ListeningJournal
from earshot.messages import RecordPlays
from earshot.plays import ListenerId, Play
from earshot.stores.listeners_table import Opinion
from earshot.stores.message_queue import MessageQueue
from tests.aws import account

_ANNA, _BEN = ListenerId("a" * 16), ListenerId("b" * 16)
_TRACK, _OTHER = TrackId("deezer:1"), TrackId("deezer:2")


def _message(listener: ListenerId, title: str = "One") -> RecordPlays:
    return RecordPlays((Play(listener, 1_700_000_000, title=title, artists=("Two",)),), now_iso())


def _replayed(journal: ListeningJournal, known: list[tuple[ListenerId, TrackId]] = []) -> Any:  # noqa: B006
    with account() as aws:
        table, queue = aws.listeners_table(), aws.queue("plays")
        for listener, track_id in known:
            table.say(listener, track_id, Opinion.BANNED)
        count = journal.replay(MessageQueue(aws.sqs, queue), table)
        messages = aws.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        opinions = {listener: table.opinions(listener) for listener in (_ANNA, _BEN)}
        return count, [RecordPlays.from_json(one["Body"]) for one in messages], opinions, table.forgotten_at([_ANNA])


def test_plays_and_opinions_are_said_again_in_their_order(tmp_path: Path) -> None:
    journal, message = ListeningJournal(tmp_path / "state" / "listening.jsonl"), _message(_ANNA)
    journal.played(message)
    journal.said(_ANNA, _TRACK, Opinion.LOVED)
    journal.said(_ANNA, _OTHER, Opinion.LOVED)
    journal.said(_ANNA, _OTHER, None)
    assert _replayed(journal) == (4, [message], {_ANNA: {_TRACK: Opinion.LOVED}, _BEN: {}}, {})
    assert stat.S_IMODE((tmp_path / "state" / "listening.jsonl").stat().st_mode) == 0o600


def test_of_who_was_forgotten_nothing_is_said_again_but_that(tmp_path: Path) -> None:
    path = tmp_path / "listening.jsonl"
    journal, bens, later = ListeningJournal(path), _message(_BEN), _message(_ANNA, "Later")
    journal.played(_message(_ANNA, "A secret"))
    journal.played(bens)
    asked_at = now_iso()
    journal.forgotten(_ANNA, asked_at)
    assert "A secret" not in path.read_text()
    journal.played(later)
    count, messages, opinions, forgotten = _replayed(journal, [(_ANNA, _TRACK), (_BEN, _TRACK)])
    assert (count, forgotten) == (3, {_ANNA: asked_at})
    assert [play for message in messages for play in message.plays] == [*bens.plays, *later.plays]
    assert opinions[_BEN] == {_TRACK: Opinion.BANNED}


def test_a_line_that_a_death_cut_short_hides_no_other(tmp_path: Path) -> None:
    path = tmp_path / "listening.jsonl"
    journal = ListeningJournal(path)
    journal.said(_ANNA, _TRACK, Opinion.LOVED)
    path.write_text(path.read_text() + json.dumps({"listener": _ANNA})[:9])
    journal.said(_ANNA, _OTHER, Opinion.LOVED)
    assert _replayed(journal)[2][_ANNA].keys() == {_TRACK, _OTHER}


def test_after_a_clean_end_nothing_is_left_to_say(tmp_path: Path) -> None:
    journal = ListeningJournal(tmp_path / "listening.jsonl")
    journal.begin_anew()
    journal.said(_ANNA, _TRACK, Opinion.LOVED)
    journal.begin_anew()
    assert _replayed(journal)[0] == 0
