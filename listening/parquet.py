"""Plays in Parquet files, by DuckDB: here and nowhere else is either named.

A file has typed columns, is sorted by listener and time and packed with zstd. What was matched to a track is kept
without its names once files are merged: the track has them. `song` is `Play.song`, as a number: with listener and time
it tells a play from all others.
"""

import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from earshot.ids import TrackId
from earshot.plays import ListenerId, Play

_COLUMNS = {
    "listener": "VARCHAR",
    "listened_at": "BIGINT",
    "song": "BIGINT",
    "track_id": "VARCHAR",
    "skip": "BOOLEAN",
    "played_ms": "INTEGER",
    "duration_ms": "INTEGER",
    "accepted_at": "BIGINT",
    "client": "VARCHAR",
    "title": "VARCHAR",
    "artists": "VARCHAR[]",
    "album": "VARCHAR",
    "mbid": "VARCHAR",
    "isrc": "VARCHAR",
    "named_id": "VARCHAR",
}
"""What a file holds of a play. `skip`: `Play.is_skip`; times in Unix seconds."""
_NAMES = ("title", "artists", "album", "mbid", "isrc", "named_id")
_ROWS = f"STRUCT({', '.join(f'{name} {type_}' for name, type_ in _COLUMNS.items())})[]"
_FORM = "(FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, COMPRESSION_LEVEL {level})"
_FAST, _SMALL = 1, 12
_MOST_ROWS = 122_880
"""Rows of a whole, and DuckDB's own size of a row group: a file has one, so that its listeners are in one place."""
_RANGE = 1 << 16
_AFTER_ALL = "g"
"""Greater than any listener, which are hexadecimal digits."""
ONCE = (
    "QUALIFY row_number() OVER (PARTITION BY listener, listened_at, song ORDER BY track_id IS NULL,"
    " accepted_at DESC, track_id) = 1"
)
"""Of a play that is there twice the one that has a track, and was taken in last."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A file: its content, how many plays, and the first and last of its listeners."""

    body: bytes
    plays: int
    listeners: tuple[ListenerId, ListenerId]


class Plays:
    """A DuckDB that works on plays, in memory and in a folder of its own. Not for several threads at a time.

    Nothing that comes from outside becomes part of a statement, and it loads no extension.

    Args:
        folder: for what does not fit into memory, and for files on their way.
        threads: how many cores it may use.
    """

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self._folder = folder
        self._database = duckdb.connect(
            ":memory:",
            config={
                "threads": threads,
                "temp_directory": str(folder / "spilled"),
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "preserve_insertion_order": "false",
            },
        )

    def pack(self, plays: Sequence[Play]) -> Packed:
        """A file of these plays. The same plays in the same order make the same bytes."""
        rows = f"SELECT unnest(row) FROM (SELECT unnest($rows::{_ROWS}) AS row)"  # noqa: S608 (names of columns)
        select = f"SELECT * FROM ({rows}) ORDER BY listener, listened_at, song"  # noqa: S608 (names of columns)
        return self._write(select, {"rows": [_row(play) for play in plays]}, _FAST)

    def unpack(self, body: bytes) -> list[Play]:
        """The plays in a file, without the names that were left out."""
        with self._file(body) as file:
            return self._plays("SELECT * FROM read_parquet($files)", {"files": [str(file)]})

    def merge(
        self,
        files: Sequence[Path],
        forgotten: Mapping[ListenerId, int] | None = None,
        matched: Mapping[str, TrackId] | None = None,
    ) -> Iterator[Packed]:
        """All plays of files of one day, each once, in as few files as may be; their ranges of listeners are apart.

        Args:
            files: what is merged.
            forgotten: of these listeners what was accepted up to that time (Unix seconds) is left out.
            matched: tracks of songs (`Play.song`) that had none.
        """
        run = self._database.execute
        run("CREATE OR REPLACE TEMP TABLE forgotten (listener VARCHAR, asked_at BIGINT)")
        run("INSERT INTO forgotten SELECT unnest($1), unnest($2)", _columns(forgotten or {}))
        run("CREATE OR REPLACE TEMP TABLE matched (song BIGINT, found VARCHAR)")
        run(
            "INSERT INTO matched SELECT unnest($1), unnest($2)",
            _columns({_number(song): track_id for song, track_id in (matched or {}).items()}),
        )
        kept = ", ".join(f"CASE WHEN now_id IS NULL THEN {name} END AS {name}" for name in _NAMES)
        run(
            "CREATE OR REPLACE TEMP TABLE day AS "  # noqa: S608 (names of columns)
            f"SELECT * EXCLUDE (track_id, now_id, {', '.join(_NAMES)}), now_id AS track_id, {kept} FROM ("
            "SELECT plays.*, coalesce(plays.track_id, matched.found) AS now_id"
            " FROM read_parquet($files) AS plays LEFT JOIN matched USING (song)"
            " ANTI JOIN forgotten ON plays.listener = forgotten.listener AND accepted_at <= forgotten.asked_at"
            f" {ONCE})",
            {"files": list(map(str, files))},
        )
        parts = -(-self._number("SELECT count(*) FROM day") // _MOST_ROWS)
        for part in range(parts):
            first = f"{_RANGE * part // parts:04x}"
            end = f"{_RANGE * (part + 1) // parts:04x}" if part + 1 < parts else _AFTER_ALL
            columns = ", ".join(_COLUMNS)
            within = "listener >= $first AND listener < $end"
            select = f"SELECT {columns} FROM day WHERE {within} ORDER BY listener, listened_at, song"  # noqa: S608
            packed = self._write(select, {"first": first, "end": end}, _SMALL)
            if packed.plays:
                yield packed

    def unmatched(self, files: Sequence[Path], since: int, *, most: int, turn: int) -> list[Play]:
        """One play of each song that has no track, at most so many; each `turn` begins elsewhere among them."""
        return self._plays(
            "SELECT * FROM read_parquet($files) WHERE track_id IS NULL AND listened_at >= $since"
            " QUALIFY row_number() OVER (PARTITION BY song ORDER BY listened_at DESC) = 1"
            " ORDER BY hash(song, $turn) LIMIT $most",
            {"files": list(map(str, files)), "since": since, "most": most, "turn": turn},
        )

    def of_songs(self, files: Sequence[Path], songs: Collection[str]) -> list[Play]:
        """The plays of these songs that have no track."""
        return self._plays(
            "SELECT * FROM read_parquet($files) WHERE track_id IS NULL AND song IN (SELECT unnest($songs))",
            {"files": list(map(str, files)), "songs": list(map(_number, songs))},
        )

    def newest(self, files: Sequence[Path], since: int) -> dict[ListenerId, int]:
        """When the last play of each listener was accepted (Unix seconds) of whom one was since."""
        found = self._database.execute(
            "SELECT listener, max(accepted_at) FROM read_parquet($files) WHERE accepted_at >= $since GROUP BY 1",
            {"files": list(map(str, files)), "since": since},
        ).fetchall()
        return {ListenerId(listener): at for listener, at in found}

    def run(self, statement: str, values: Mapping[str, Any] | Sequence[Any] = ()) -> Any:
        """What DuckDB answers to a statement of `listening.sums`: `fetchall` and `fetchnumpy` read it."""
        return self._database.execute(statement, values)

    def close(self) -> None:
        """Give back memory and disk."""
        self._database.close()
        shutil.rmtree(self._folder / "spilled", ignore_errors=True)

    def _write(self, select: str, values: Mapping[str, Any], level: int) -> Packed:
        with self._file(b"") as file:
            # COPY takes no parameter for its target, which is a path of our own.
            copy = f"COPY ({select}) TO '{file}' {_FORM.format(level=level)}"
            self._database.execute(copy, dict(values))
            count, first, last = self._database.execute(
                "SELECT count(*), min(listener), max(listener) FROM read_parquet($file)", {"file": str(file)}
            ).fetchall()[0]
            return Packed(file.read_bytes(), count, (first, last))

    @contextmanager
    def _file(self, body: bytes) -> Iterator[Path]:
        with TemporaryDirectory(dir=self._folder) as folder:
            file = Path(folder) / "plays.parquet"
            if body:
                file.write_bytes(body)
            yield file

    def _plays(self, select: str, values: Mapping[str, Any]) -> list[Play]:
        found = self._database.execute(select, dict(values))
        names = [column[0] for column in found.description or ()]
        return [_play(dict(zip(names, row, strict=True))) for row in found.fetchall()]

    def _number(self, select: str) -> int:
        ((number,),) = self._database.execute(select).fetchall()
        return int(number)


def _columns(values: Mapping[Any, Any]) -> list[list[Any]]:
    return [list(values), list(values.values())]


def _number(song: str) -> int:
    """Sixteen hexadecimal digits as a signed number of 64 bits, which every reader of Parquet knows."""
    return int.from_bytes(bytes.fromhex(song), "big", signed=True)


def _row(play: Play) -> dict[str, Any]:
    said = {name: getattr(play, name) for name in _COLUMNS if name not in ("song", "skip", "artists")}
    known = {name: None if value == "" else value for name, value in said.items()}
    return {**known, "song": _number(play.song), "skip": play.is_skip, "artists": list(play.artists) or None}


def _play(row: Mapping[str, Any]) -> Play:
    said = {name: row[name] for name in _COLUMNS if name not in ("song", "skip", "artists")}
    texts = {name: said[name] or "" for name in ("title", "album", "client")}
    return Play(**{**said, **texts}, artists=tuple(row["artists"] or ()), skipped=row["skip"])
