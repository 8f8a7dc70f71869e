"""What an embedded AWS holds beside S3 objects, in one file of SQLite (in WAL mode): items, messages, definitions.

What was committed outlives the death of the process; `Flusher` makes it outlive that of the machine.
"""

import contextlib
import json
import os
import sqlite3
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NoReturn

from earshot.errors import LocalStackError

Json = dict[str, Any]

FLUSH_EVERY_S = 1.0
"""How old what was committed may get before the disk has it."""
_WAIT_S = 10.0
_LARGEST_LOG_PAGES = 4_000
"""Of the write-ahead log, 16 MB: a commit then copies itself what the flusher has left, and the log begins anew."""
_VERSION = 1
"""Of what the file has: one that is newer is not read as if it were this one."""
_SCHEMA = """
    CREATE TABLE IF NOT EXISTS definitions (name TEXT PRIMARY KEY, definition TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS items (
        table_arn TEXT NOT NULL, hash_key TEXT NOT NULL, range_key TEXT NOT NULL, item TEXT NOT NULL,
        PRIMARY KEY (table_arn, hash_key, range_key)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS messages (
        number INTEGER PRIMARY KEY, queue_arn TEXT NOT NULL, message_id TEXT NOT NULL, message TEXT NOT NULL,
        UNIQUE (queue_arn, message_id));
"""


class StateFile:
    """Rows of tables and queues, written by one thread of one process. Nothing counts before `commit`.

    Args:
        path: of the file, readable for its owner alone; made where it is missing.

    Raises:
        LocalStackError: it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._database = _opened(path)

    def definition(self, name: str) -> str | None:
        """What was defined last under the name."""
        row = self._database.execute("SELECT definition FROM definitions WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else None

    def items(self) -> Iterator[tuple[str, str, str, Json]]:
        """Table ARN, hash key, range key and attributes of every item."""
        with _readable(self.path):
            for table, hash_key, range_key, item in self._database.execute(
                "SELECT table_arn, hash_key, range_key, item FROM items"
            ):
                yield table, hash_key, range_key, json.loads(item)

    def messages(self) -> Iterator[tuple[str, Json]]:
        """Queue ARN and message of every message, as they were sent."""
        with _readable(self.path):
            for queue, message in self._database.execute("SELECT queue_arn, message FROM messages ORDER BY number"):
                yield queue, json.loads(message)

    def define(self, name: str, definition: str) -> None:
        """Keep a definition in place of the one before."""
        self._database.execute("INSERT OR REPLACE INTO definitions VALUES (?, ?)", (name, definition))

    def put_item(self, table: str, hash_key: str, range_key: str, item: Json) -> None:
        """Keep an item in place of the one before."""
        self._database.execute(
            "INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?)", (table, hash_key, range_key, json.dumps(item))
        )

    def remove_item(self, table: str, hash_key: str, range_key: str) -> None:
        """Remove an item, if it is there."""
        self._database.execute(
            "DELETE FROM items WHERE table_arn = ? AND hash_key = ? AND range_key = ?", (table, hash_key, range_key)
        )

    def put_messages(self, queue: str, messages: Iterable[Json]) -> None:
        """Keep messages: new ones behind the others, others where they were."""
        self._database.executemany(
            "INSERT INTO messages (queue_arn, message_id, message) VALUES (?, ?, ?)"
            " ON CONFLICT (queue_arn, message_id) DO UPDATE SET message = excluded.message",
            [(queue, message["id"], json.dumps(message)) for message in messages],
        )

    def remove_messages(self, queue: str, message_ids: Iterable[str]) -> None:
        """Remove messages."""
        self._database.executemany(
            "DELETE FROM messages WHERE queue_arn = ? AND message_id = ?",
            [(queue, message_id) for message_id in message_ids],
        )

    def keep_only(self, *, tables: Iterable[str], queues: Iterable[str]) -> None:
        """Remove what belongs to a table or queue that is none of these."""
        for rows, owner, there in (("items", "table_arn", tables), ("messages", "queue_arn", queues)):
            self._database.execute(
                f"DELETE FROM {rows} WHERE {owner} NOT IN (SELECT value FROM json_each(?))",  # noqa: S608
                (json.dumps([*there]),),
            )

    def commit(self) -> bool:
        """Make everything since the last commit count, at once. Whether there was anything."""
        changed = self._database.in_transaction
        self._database.commit()
        return changed

    def sync(self) -> None:
        """Have what was committed on the disk, before what it came from goes."""
        self._database.execute("PRAGMA wal_checkpoint(FULL)")

    def close(self) -> None:
        """Commit, bring the log into the file, and end."""
        self.commit()
        self._database.close()


class Flusher:
    """A thread that brings what was committed, and files that were written, from the system's memory to the disk.

    A disk that cannot be written ends the process: what it says it keeps must be there (and a failed fsync, tried
    again, would only seem to succeed).

    Args:
        database: a state file.
    """

    def __init__(self, database: Path) -> None:
        self._database = database
        self._files: SimpleQueue[Path] = SimpleQueue()
        self._has_commits = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="flusher", daemon=True)
        self._thread.start()

    def committed(self) -> None:
        """The state file has something new."""
        self._has_commits = True

    def written(self, path: Path) -> None:
        """A file has been written, or replaced."""
        self._files.put(path)

    def stop(self) -> None:
        """Flush once more, and end."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            with closing(_opened(self._database)) as database:
                while not self._over.wait(FLUSH_EVERY_S):
                    self._flush(database)
                self._flush(database)
        except (sqlite3.Error, OSError, LocalStackError) as error:
            die_of(error)

    def _flush(self, database: sqlite3.Connection) -> None:
        files: set[Path] = set()
        while not self._files.empty():
            path = self._files.get()
            files |= {path, path.parent}  # which has the file's name
        for path in files:
            _sync(path)
        if self._has_commits:
            self._has_commits = False
            database.execute("PRAGMA wal_checkpoint(PASSIVE)")  # syncs the log, then the file


def die_of(error: Exception) -> NoReturn:
    """End this process at once: the next one begins with what the disk has."""
    try:
        print(f"the state of the embedded AWS cannot be written: {error!r}", file=sys.stderr, flush=True)
    finally:  # where the disk is full, the log is, too
        os._exit(1)


def show_received(path: Path) -> None:
    """Let messages of a state file be seen again that somebody was working on, and has died since.

    Raises:
        LocalStackError: it cannot be read.
    """
    with closing(_opened(path)) as database, _readable(path):
        database.execute(
            "UPDATE messages SET message = json_set(message, '$.visible_at', 0)"
            " WHERE json_extract(message, '$.receive_count') > 0"
        )
        database.commit()


def _opened(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    with contextlib.ExitStack() as unless_opened, _readable(path):
        database = unless_opened.enter_context(closing(sqlite3.connect(path, timeout=_WAIT_S)))
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version > _VERSION:
            raise LocalStackError(
                f"a newer Earshot has written {path}: its version is {version}, and this one reads {_VERSION}",
                hint="Start the newer one.",
            )
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("PRAGMA secure_delete = ON")  # people may ask to be forgotten
        database.execute("PRAGMA journal_size_limit = 0")  # nor is it to stay in the log
        database.execute(f"PRAGMA wal_autocheckpoint = {_LARGEST_LOG_PAGES}")
        if version < _VERSION:
            database.executescript(f"{_SCHEMA}; PRAGMA user_version = {_VERSION}")
        unless_opened.pop_all()
    return database


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise LocalStackError(
            f"the state of the embedded AWS in {path} cannot be read: {error}",
            hint="Move it and the files named like it away, and start again: tracks are then written back from the"
            " index, and the rest is lost.",
        ) from error


def _sync(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):  # it has been deleted since
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
