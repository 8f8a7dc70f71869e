"""The listeners table: of each listener the recent plays, what was loved or banned, and what of longer ago.

One partition per listener, so that one query reads all of it, and neither export nor deletion misses anything. Plays
are items of their own, named by the play's key: writing one twice is writing it once.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from earshot.clock import Timestamp, epoch, epoch_in, iso, moment_of, now_iso
from earshot.history import History
from earshot.ids import TrackId
from earshot.plays import ListenerId, Play
from earshot.stores.dynamodb import Row, Table

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_PLAY, _OPINION, _TASTE, _FORGOTTEN = "play#", "opinion#", "taste", "forgotten"
_PLAYING, _IMPORT, _HISTORY = "playing", "import", "history"
_LAST = "~"
"""Sorts after every play's key."""
_REMEMBERED_S = 45 * 86_400
"""How long it is remembered who asked to be forgotten: a queue keeps a message for 14 days, and so a dead letter."""
_MOST_ITEMS = 1_000
OPINIONS_INDEX = "opinions"
"""Secondary index of the table, by the attribute `opinion`: what everybody loves and bans, read without the rest."""


class Opinion(StrEnum):
    """What a listener said of a track."""

    LOVED = "loved"
    BANNED = "banned"


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody's opinion of a track, and when they said so."""

    listener: ListenerId
    track_id: TrackId
    opinion: Opinion
    said_at: Timestamp


@dataclass(frozen=True, slots=True)
class Taste:
    """What a listener has played over all the time that is kept: tracks with their weights, the largest first."""

    tracks: tuple[tuple[TrackId, float], ...]
    made_at: Timestamp


@dataclass(frozen=True, slots=True)
class Listener:
    """What is known of a listener. `recent`: plays, the latest first; `history`: where it is wanted."""

    recent: Sequence[Play] = ()
    opinions: dict[TrackId, Opinion] = field(default_factory=dict)
    taste: Taste | None = None
    history: History | None = None


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A listener who asked to be forgotten. `until`: the last day of the lake in which nothing is left of them."""

    listener: ListenerId
    asked_at: Timestamp
    until: str = ""


class ListenersTable:
    """Reads and writes what is known of listeners.

    Args:
        client: a boto3 DynamoDB *client*.
        name: the table's name.
        keep_days: how long recent plays are kept.
    """

    def __init__(self, client: "DynamoDBClient", name: str, *, keep_days: int = 90) -> None:
        self._table = Table(client, name)
        self._keep_s = keep_days * 86_400

    def note_plays(self, plays: Iterable[Play]) -> None:
        """Write plays, those that are there already again. What is too long ago to be recent is left out."""
        since = epoch() - self._keep_s
        self._table.put_many(
            {**_play_row(play), "expires_at": play.listened_at + self._keep_s}
            for play in plays
            if play.listened_at > since
        )

    def recent(self, listener: ListenerId, count: int, *, before: str = _LAST) -> list[Play]:
        """The latest `count` plays, the latest first; of those before the play with the key `before`, or before a time
        (ten digits)."""
        last = {"listener": listener, "item": f"{_PLAY}{before}"}
        plays = [_play(row) for row in self._table.before(last, _PLAY, count + 1)]
        return [play for play in plays if play.key != before][:count]

    def since(self, listener: ListenerId, after_s: int, count: int) -> list[Play]:
        """The first `count` plays after a time (in Unix seconds), the latest first."""
        first = {"listener": listener, "item": f"{_PLAY}{after_s + 1:010d}"}
        rows = self._table.some(first, count)
        return [_play(row) for row in reversed(rows) if row["item"].startswith(_PLAY)]

    def note_playing(self, play: Play, seconds: int) -> None:
        """Keep what is being played, for so long at most. It is not a play yet."""
        self._table.put({**_play_row(play), "item": _PLAYING, "expires_at": epoch_in(seconds)})

    def playing(self, listener: ListenerId) -> Play | None:
        """What is being played, as far as the player says so."""
        row = self._table.get({"listener": listener, "item": _PLAYING})
        return _play(row) if row and row["expires_at"] > epoch() else None  # they are removed days later

    def imported_until(self, listener: ListenerId) -> int:
        """The time of the latest play that an importer has sent, by its own word; 0 before the first."""
        row = self._table.get({"listener": listener, "item": _IMPORT})
        return row["imported_until"] if row else 0

    def note_import(self, listener: ListenerId, until: int) -> None:
        """Keep an importer's word, unless a later time is known."""
        row = {"listener": listener, "item": _IMPORT, "imported_until": until}
        earlier = "attribute_not_exists(imported_until) OR imported_until < :until"
        self._table.put(row, earlier, {":until": until})

    def get(self, listener: ListenerId, plays: int) -> Listener:
        """What is known of the listener, with the latest `plays`."""
        taste = None
        if kept := self._table.get({"listener": listener, "item": _TASTE}):
            taste = Taste(tuple((TrackId(track_id), weight) for track_id, weight in kept["tracks"]), kept["made_at"])
        return Listener(self.recent(listener, plays), self.opinions(listener), taste)

    def say(self, listener: ListenerId, track_id: TrackId, opinion: Opinion | None) -> None:
        """Note what the listener says of a track; None: nothing any more."""
        key = {"listener": listener, "item": f"{_OPINION}{track_id}"}
        if opinion is None:
            self._table.delete(key)
        else:
            self._table.put({**key, "opinion": opinion, "said_at": now_iso()})

    def tastes_made_at(self, listeners: Iterable[ListenerId]) -> dict[ListenerId, Timestamp]:
        """When the tastes of those of `listeners` were made who have one."""
        keys = ({"listener": listener, "item": _TASTE} for listener in dict.fromkeys(listeners))
        return {
            ListenerId(row["listener"]): row["made_at"] for row in self._table.get_many(keys, ("listener", "made_at"))
        }

    def note_taste(self, listener: ListenerId, taste: Taste, expires_at: int | None = None) -> None:
        """Write what `listening` has made of all plays. `expires_at`: when none of these is kept any more."""
        row = {"listener": listener, "item": _TASTE, "made_at": taste.made_at}
        tracks = [[track_id, weight] for track_id, weight in taste.tracks]
        self._table.put({**row, "tracks": tracks, **({"expires_at": expires_at} if expires_at else {})})

    def history(self, listener: ListenerId) -> History | None:
        """What the listener has ever heard, as of some hours ago; None before it was made."""
        row = self._table.glance({"listener": listener, "item": _HISTORY})
        return History(row["heard"], row["plays"], row["made_at"]) if row else None

    def plays_ever(self, listener: ListenerId) -> int:
        """How many plays there are of the listener: those of when the history was made, and those taken in since.

        What was taken in since, and was played too long ago to be recent, counts once the history is made again.
        """
        made = self.history(listener)
        recent = self._table.before({"listener": listener, "item": f"{_PLAY}{_LAST}"}, _PLAY, _MOST_ITEMS)
        return (made.plays if made else 0) + sum(made is None or _since(play) > made.made_at for play in recent)

    def note_history(self, listener: ListenerId, history: History, expires_at: int | None = None) -> None:
        """Write what `listening` has made of all plays. `expires_at`: when none of these is kept any more."""
        row = {"listener": listener, "item": _HISTORY, "heard": history.packed, "plays": history.plays}
        until = {"expires_at": expires_at} if expires_at else {}
        self._table.put({**row, "made_at": history.made_at, **until})

    def everything(self, listener: ListenerId) -> Iterator[Row]:
        """All items of a listener as they are stored."""
        return self._table.query({"listener": listener})

    def some(self, listener: ListenerId, first: str, count: int) -> list[Row]:
        """`count` items of a listener as they are stored, in their order, from the item `first` on: for an export."""
        return self._table.some({"listener": listener, "item": first}, count)

    def opinions(self, listener: ListenerId) -> dict[TrackId, Opinion]:
        """What the listener said of tracks."""
        said = self._table.before({"listener": listener, "item": f"{_OPINION}~"}, _OPINION, _MOST_ITEMS)
        return {TrackId(row["item"].removeprefix(_OPINION)): Opinion(row["opinion"]) for row in said}

    def all_opinions(self) -> Iterator[Said]:
        """What all listeners said of tracks, in any order. It costs what was said, not what is kept."""
        for opinion in Opinion:
            for row in self._table.indexed(OPINIONS_INDEX, {"opinion": opinion}):
                track_id = TrackId(row["item"].removeprefix(_OPINION))
                yield Said(ListenerId(row["listener"]), track_id, opinion, row["said_at"])

    def forget(self, listener: ListenerId, asked_at: Timestamp | None = None) -> Timestamp:
        """Delete what is known of the listener; the lake follows (`listening`). Returns the time of asking.

        The word comes first: what was accepted before it and arrives later is not kept. May be repeated.

        Args:
            asked_at: when they asked; None: now.
        """
        asked_at = asked_at or now_iso()
        self._table.put({**_word(listener), "asked_at": asked_at, "expires_at": epoch_in(_REMEMBERED_S)})
        self.forget_before(listener, asked_at)
        return asked_at

    def forget_before(self, listener: ListenerId, asked_at: Timestamp) -> None:
        """Delete what was taken in of the listener before they asked."""
        gone = [row["item"] for row in self.everything(listener) if _since(row) <= asked_at]
        self._table.delete_many({"listener": listener, "item": item} for item in gone)

    def forgotten_at(self, listeners: Iterable[ListenerId]) -> dict[ListenerId, Timestamp]:
        """When those of `listeners` asked to be forgotten who did."""
        rows = self._table.get_many(map(_word, dict.fromkeys(listeners)), ("item", "asked_at"))
        return {ListenerId(row["item"]): row["asked_at"] for row in rows}

    def to_forget(self) -> list[Forgotten]:
        """Every listener whose plays are still to go from the lake. It costs those who asked lately."""
        rows = self._table.query({"listener": _FORGOTTEN})
        return [
            Forgotten(ListenerId(row["item"]), row["asked_at"], row.get("until", ""))
            for row in rows
            if not row.get("is_done")
        ]

    def note_forgotten(self, asked: Forgotten, until: str) -> None:
        """Note up to which day (ISO 8601, that day included) nothing is left of them; empty: of no day.

        Whoever has asked again since is begun anew.
        """
        self._table.update(
            _word(asked.listener),
            set_={"until": until},
            condition="asked_at = :asked_at",
            values={":asked_at": asked.asked_at},
        )

    def is_forgotten(self, asked: Forgotten) -> None:
        """Note that nothing is left of what there was when the listener asked.

        The word stays for as long as a message of then may still come; after that it goes, too.
        """
        self._table.update(
            _word(asked.listener),
            set_={"is_done": True},
            condition="asked_at = :asked_at",
            values={":asked_at": asked.asked_at},
        )


def _word(listener: ListenerId) -> Row:
    """All words are in one partition, so that whoever keeps them reads them without looking at all listeners."""
    return {"listener": _FORGOTTEN, "item": listener}


def _since(row: Row) -> Timestamp:
    """When the row became true, by what it was made from."""
    if "accepted_at" in row:
        return iso(moment_of(row["accepted_at"]))
    return Timestamp(row.get("said_at") or row.get("made_at") or "")


def _play_row(play: Play) -> Row:
    said: dict[str, Any] = {name: getattr(play, name) for name in _SAID}
    known = {name: list(value) if isinstance(value, tuple) else value for name, value in said.items()}
    kept = {name: value for name, value in known.items() if value not in (None, "", [])}
    return {"listener": play.listener, "item": f"{_PLAY}{play.key}", **kept}


_SAID = (
    "listened_at", "title", "artists", "album", "mbid", "isrc", "duration_ms", "played_ms", "skipped", "client",
    "named_id", "track_id", "accepted_at",
)  # fmt: skip


def _play(row: Row) -> Play:
    said: dict[str, Any] = {name: tuple(row[name]) if name == "artists" else row[name] for name in _SAID if name in row}
    return Play(ListenerId(row["listener"]), **said)
