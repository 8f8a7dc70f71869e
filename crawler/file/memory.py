"""What was read of files that have not changed since: a crawl of them then reads their names and nothing else.

One file of SQLite on this machine, where the files are, too. It holds nothing that reading again would not give: one
that is damaged or cannot be written costs time, and nothing else.
"""

import json
import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

from crawler.file.tags import Tags
from earshot.clock import Timestamp
from earshot.ids import TrackId
from earshot.telemetry import logger

EDITION = 4
"""Raised with every change of what is read of a file: its id or its tags."""
_MOST_FILES = 1_000_000
_FORGOTTEN_AT_ONCE = 50_000
_MOST_PLACES = 100
"""Of a track that are looked at."""
_WAIT_S = 5.0
_SCHEMA = f"""
    CREATE TABLE IF NOT EXISTS files_{EDITION} (
        number INTEGER PRIMARY KEY AUTOINCREMENT, path BLOB NOT NULL UNIQUE, state TEXT NOT NULL,
        track_id TEXT NOT NULL, former_id TEXT NOT NULL, tags TEXT NOT NULL, heard_by TEXT NOT NULL,
        heard_since TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS files_{EDITION}_by_track ON files_{EDITION} (track_id);
"""
_log = logger()


class State(NamedTuple):
    """What tells a file from the one that lay there before. Whoever writes to it changes one of these."""

    size: int
    modified_ns: int
    changed_ns: int

    @classmethod
    def of(cls, found: os.stat_result) -> Self:
        """Of a file."""
        return cls(found.st_size, found.st_mtime_ns, found.st_ctime_ns)


@dataclass(frozen=True, slots=True)
class Known:
    """What a file was when it was read. `heard_by`: who would decode it, `heard_since`: since when."""

    state: State
    track_id: TrackId
    former_id: TrackId
    tags: Tags
    heard_by: str
    heard_since: Timestamp


class Memory:
    """What is known of files by their paths. Any number of processes may share it.

    Args:
        place: its file; None: nothing is remembered.
    """

    def __init__(self, place: Path | None) -> None:
        self._place = place

    def recall(self, paths: Iterable[Path]) -> dict[Path, Known]:
        """Those of `paths` that are known, of a page of them."""
        wanted = {os.fsencode(path): path for path in paths}
        found: dict[Path, Known] = {}
        with self._opened() as database:
            if database is None:
                return {}
            rows = database.execute(
                "SELECT path, state, track_id, former_id, tags, heard_by, heard_since"  # noqa: S608
                f" FROM files_{EDITION} WHERE path IN ({_marks(wanted)})",
                (*wanted,),
            )
            found |= {wanted[path]: known for path, *row in rows if (known := _known(row))}
        return found

    def places(self, track_ids: Iterable[TrackId]) -> dict[TrackId, list[Path]]:
        """Where each track of a page was seen, if in more than one place, in the order of paths."""
        wanted, found = [*track_ids], {}
        with self._opened() as database:
            if database is None:
                return {}
            several = database.execute(
                f"SELECT track_id FROM files_{EDITION} WHERE track_id IN ({_marks(wanted)})"  # noqa: S608
                " GROUP BY track_id HAVING count(*) > 1",
                wanted,
            ).fetchall()
            for (track_id,) in several:
                rows = database.execute(
                    f"SELECT path FROM files_{EDITION} WHERE track_id = ? LIMIT {_MOST_PLACES}",  # noqa: S608
                    (track_id,),
                )
                found[track_id] = sorted(Path(os.fsdecode(path)) for (path,) in rows)
        return found

    def remember(self, files: Mapping[Path, Known]) -> None:
        """Keep what was read. Of more than a million files those are forgotten that were read the longest ago."""
        if not files:
            return
        rows = [
            (
                os.fsencode(path),
                json.dumps(known.state),
                known.track_id,
                known.former_id,
                _dump(known.tags),
                known.heard_by,
                known.heard_since,
            )
            for path, known in files.items()
        ]
        with self._opened() as database:
            if database is None:
                return
            database.executemany(
                f"INSERT OR REPLACE INTO files_{EDITION}"  # noqa: S608
                " (path, state, track_id, former_id, tags, heard_by, heard_since) VALUES (?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
            (first, last) = database.execute(f"SELECT min(number), max(number) FROM files_{EDITION}").fetchone()  # noqa: S608
            if last - first > _MOST_FILES + _FORGOTTEN_AT_ONCE:
                database.execute(f"DELETE FROM files_{EDITION} WHERE number < ?", (last - _MOST_FILES,))  # noqa: S608
            database.commit()

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection | None]:
        """The database; None where there is none, or none that can be read. What goes wrong inside ends the block."""
        if self._place is None:
            yield None
            return
        try:
            database = self._connected(self._place)
        except (sqlite3.Error, OSError) as error:
            _log.warning("the memory of files cannot be opened", place=str(self._place), error=str(error))
            yield None
            return
        with closing(database):
            try:
                yield database
            except sqlite3.DatabaseError as error:
                _log.warning("the memory of files cannot be used", place=str(self._place), error=str(error))

    def _connected(self, place: Path) -> sqlite3.Connection:
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _database(place)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            _log.warning("the memory of files is damaged and begins anew", place=str(place), error=str(error))
            place.unlink(missing_ok=True)
            return _database(place)


def _database(place: Path) -> sqlite3.Connection:
    database = sqlite3.connect(place, timeout=_WAIT_S)
    try:
        database.execute("PRAGMA synchronous = NORMAL")
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (f"files_{EDITION}",)).fetchone():
            database.execute("PRAGMA journal_mode = WAL")
            database.executescript(_SCHEMA)
    except sqlite3.Error:
        database.close()
        raise
    return database


def _marks(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))


def _dump(tags: Tags) -> str:
    return json.dumps({name: value for name, value in asdict(tags).items() if value})


def _known(row: Sequence[str]) -> Known | None:
    """What a row says; None where it says nothing that can be read."""
    state, track_id, former_id, tags, heard_by, since = row
    try:
        said: dict[str, Any] = json.loads(tags)
        values: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in said.items()}
        whose = State(*json.loads(state)), TrackId(track_id), TrackId(former_id), Tags(**values)
        return Known(*whose, heard_by, Timestamp(since))
    except (ValueError, TypeError, AttributeError):
        return None
