"""What listeners said, noted outside the embedded AWS, which forgets it when it is killed: on one machine alone."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from earshot.clock import Timestamp
from earshot.ids import TrackId
from earshot.messages import RecordPlays
from earshot.play_messages import merged, together
from earshot.plays import ListenerId
from earshot.stores.listeners_table import ListenersTable, Opinion
from earshot.stores.message_queue import MessageQueue


class ListeningJournal:
    """Append-only notes since the last clean end; of whoever asks to be forgotten none stays. One process writes them.

    Args:
        path: of its file, readable for its owner alone.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None

    def played(self, message: RecordPlays) -> None:
        """Note plays, of one listener, that were accepted."""
        self._append({"listener": message.plays[0].listener, "plays": message.to_json()})

    def said(self, listener: ListenerId, track_id: TrackId, opinion: Opinion | None) -> None:
        """Note an opinion; None: it was taken back."""
        self._append({"listener": listener, "track_id": track_id, "opinion": opinion})

    def forgotten(self, listener: ListenerId, asked_at: Timestamp) -> None:
        """Remove what is noted of the listener, and note that."""
        kept = [note for note in self._notes() if note["listener"] != listener]
        beside = self._path.with_suffix(".new")
        beside.unlink(missing_ok=True)
        with _opened(beside) as file:
            for note in [*kept, {"listener": listener, "asked_at": asked_at}]:
                _write(file, note)
        self._close()
        beside.replace(self._path)

    def begin_anew(self) -> None:
        """Forget all notes: what they say was written at a clean end."""
        self._close()
        self._path.unlink(missing_ok=True)

    def replay(self, queue: MessageQueue, listeners: ListenersTable) -> int:
        """Say everything again; how many notes there were. May be repeated: nothing of it doubles.

        Plays say when they were taken in, so it does not matter that they come last.
        """
        count = 0
        for note in self._notes():
            listener = ListenerId(note["listener"])
            if "asked_at" in note:
                listeners.forget(listener, Timestamp(note["asked_at"]))
            elif "track_id" in note:
                opinion = Opinion(note["opinion"]) if note["opinion"] else None
                listeners.say(listener, TrackId(note["track_id"]), opinion)
            count += 1
        played = (RecordPlays.from_json(note["plays"]) for note in self._notes() if "plays" in note)
        for messages in together(played, lambda message: message):
            queue.send(merged(messages))
        return count

    def _append(self, note: dict[str, Any]) -> None:
        if self._file is None:
            self._file = _opened(self._path)
        _write(self._file, note)

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _notes(self) -> Iterator[dict[str, Any]]:
        if not self._path.exists():
            return
        with self._path.open(encoding="utf-8") as file:
            for line in file:
                try:
                    yield json.loads(line)
                except ValueError:
                    continue  # cut short by a death while it was written, or empty


def _opened(path: Path) -> TextIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    return open(path, "a", encoding="utf-8", opener=_for_its_owner)


def _write(file: TextIO, note: dict[str, Any]) -> None:
    # The line break comes first too: the line before may have been cut short by a death.
    file.write(f"\n{json.dumps(note)}\n")
    file.flush()


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
