"""Keeps plays: drops those of whoever asked to be forgotten, finds their tracks, writes them to lake and table.

The lake comes first, because it is the truth: whatever a listener sees of their plays is kept, and the table can be
made from the lake, not the other way round. Whoever dies between the two has the messages come back; the lake then
holds the plays twice, which reading and merging remove, and the table once, because a play's key names its item.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from earshot.clock import Timestamp, epoch, epoch_of, iso, moment_of
from earshot.messages import RecordPlays
from earshot.plays import FIRST_LISTENED_AT, ListenerId, Play, unique
from earshot.stores.listeners_table import ListenersTable
from earshot.stores.plays_lake import PlaysLake, part_name
from earshot.telemetry import emit, logger
from listening.matching import PlayMatching
from listening.parquet import Plays

_AHEAD_S = 86_400
_LONGEST = 10_000
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Record:
    """What keeping works with. `plays`: makes the files of the lake."""

    lake: PlaysLake
    listeners: ListenersTable
    matching: PlayMatching
    plays: Plays

    def run(self, messages: Sequence[RecordPlays]) -> None:
        """Keep the plays of all messages. May be repeated, and may die at any line."""
        matched = self.matching.matched(unique(self._without_forgotten(list(_usable(messages)))))
        by_day = defaultdict(list)
        for play in matched:
            by_day[play.day].append(play)
        for day, of_day in sorted(by_day.items()):
            packed = self.plays.pack(of_day)
            self.lake.put(day, part_name(packed.listeners, packed.body), packed.body)
        note_plays(self.listeners, matched)
        emit("PlaysKept", len(matched))
        emit("PlaysMatched", sum(play.track_id is not None for play in matched))
        if matched:
            emit("PlayFreshnessSeconds", max(epoch() - min(_accepted_at(play) for play in matched), 0))

    def _without_forgotten(self, plays: Sequence[Play]) -> list[Play]:
        forgotten = self.listeners.forgotten_at(play.listener for play in plays)
        return [play for play in plays if not was_forgotten(play, forgotten.get(play.listener))]


def note_plays(table: ListenersTable, plays: Sequence[Play]) -> None:
    """Write plays to the listeners' recent ones, unless they ask to be forgotten meanwhile: then nothing stays."""
    table.note_plays(plays)
    for listener, asked_at in table.forgotten_at(play.listener for play in plays).items():
        if any(was_forgotten(play, asked_at) for play in plays if play.listener == listener):
            table.forget_before(listener, asked_at)


def was_forgotten(play: Play, asked_at: Timestamp | None) -> bool:
    """Whether the play was taken in before its listener asked to be forgotten; what is of the same second was."""
    return asked_at is not None and iso(moment_of(_accepted_at(play))) <= asked_at


def _accepted_at(play: Play) -> int:
    return play.accepted_at or 0


def _usable(messages: Iterable[RecordPlays]) -> Iterable[Play]:
    """The plays, with when they were taken in, without those that no list of plays can hold."""
    for message in messages:
        accepted_at = int(epoch_of(message.accepted_at))
        for number, play in enumerate(message.plays):
            if fault := _fault(play):  # neither who nor what: logs tell nobody what others hear
                logger().error("a play cannot be kept", accepted_at=message.accepted_at, number=number, fault=fault)
                emit("WorkGivenUp", reason=fault)
            else:
                yield replace(play, accepted_at=accepted_at)


def _fault(play: Play) -> str:
    """Why the play cannot be kept; empty: it can."""
    texts = [play.title, *play.artists, play.album, play.mbid, play.isrc, play.client, play.named_id, play.track_id]
    if not _is_listener(play.listener):
        return "listener"
    if not FIRST_LISTENED_AT <= play.listened_at <= epoch() + _AHEAD_S:
        return "listened_at"
    if any(number is not None and not 0 <= number < 1 << 31 for number in (play.duration_ms, play.played_ms)):
        return "duration"
    if any(text and not _is_text(text) for text in texts) or len(play.artists) > _LONGEST // 100:
        return "text"
    return "" if play.title or play.named_id or play.track_id else "nothing named"


def _is_listener(listener: ListenerId) -> bool:
    return len(listener) == 16 and set(listener) <= _HEX


def _is_text(text: str) -> bool:
    return len(text) <= _LONGEST and "\0" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)
