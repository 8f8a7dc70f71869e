"""What plays add up to over any number of days, which need not be on this machine at the same time."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from earshot.ids import TrackId
from earshot.plays import ListenerId
from listening.local_lake import Days
from listening.parquet import ONCE, Plays

_AT_A_TIME, _HISTORIES_AT_A_TIME = 1_000, 20


class Weights:
    """How much each listener has played each track, the later the more; and when last. One at a time of each `plays`.

    Args:
        plays: reads the files.
        listeners: only these count; None: all do.
        at: the time at which a play weighs 1 (Unix seconds); one that is older by the half-life weighs half.
        half_life_s: in seconds.
    """

    def __init__(self, plays: Plays, listeners: Collection[ListenerId] | None, at: int, half_life_s: float) -> None:
        self._plays = plays
        self._only = "" if listeners is None else " AND listener IN (FROM chosen)"
        self._values = {"at": at, "half_life": half_life_s}
        plays.run("CREATE OR REPLACE TEMP TABLE chosen AS SELECT unnest($1) AS listener", [sorted(listeners or ())])
        plays.run(
            "CREATE OR REPLACE TEMP TABLE weights"
            " (listener VARCHAR, track_id VARCHAR, weight DOUBLE, day INTEGER, plays BIGINT)"
        )

    def add(self, some: Days) -> None:
        """Add the plays of some days. Only those weigh that have a track and were no skips."""
        self._plays.run(
            "INSERT INTO weights SELECT listener, track_id,"  # noqa: S608
            " sum(pow(2, (listened_at - $at) / $half_life)) FILTER (WHERE NOT skip),"
            " max(listened_at) // 86400, count(*)"
            " FROM (SELECT listener, listened_at, song, track_id, skip FROM read_parquet($files)"
            f" WHERE true{self._only} {_once(some)}) GROUP BY 1, 2",
            {"files": _names(some.files), **self._values},
        )

    def heaviest(self, most: int) -> Iterator[tuple[ListenerId, list[tuple[TrackId, float]]]]:
        """Of each listener the tracks that weigh most, the heaviest first; the weight of the heaviest is 1."""
        found = self._plays.run(
            "SELECT listener, list((track_id, weight) ORDER BY weight DESC, track_id) FROM ("
            " SELECT * FROM (SELECT listener, track_id, sum(weight) AS weight FROM weights"
            " WHERE track_id IS NOT NULL GROUP BY 1, 2 HAVING sum(weight) > 0)"
            " QUALIFY row_number() OVER (PARTITION BY listener ORDER BY weight DESC, track_id) <= $most"
            ") GROUP BY 1 ORDER BY 1",
            {"most": most},
        )
        while rows := found.fetchmany(_AT_A_TIME):
            for listener, tracks in rows:
                heaviest = tracks[0][1]
                yield ListenerId(listener), [(TrackId(i), round(weight / heaviest, 4)) for i, weight in tracks]

    def histories(self, most: int) -> Iterator[tuple[ListenerId, int, list[tuple[TrackId, int]]]]:
        """Of each listener how many plays there are, and the tracks that were heard last, each with its last day."""
        found = self._plays.run(
            "SELECT listener, any_value(total), list((track_id, day) ORDER BY day DESC, track_id)"
            " FILTER (WHERE track_id IS NOT NULL) FROM (SELECT *, sum(plays) OVER (PARTITION BY listener) AS total FROM"
            " (SELECT listener, track_id, max(day) AS day, sum(plays) AS plays FROM weights GROUP BY 1, 2)"
            " QUALIFY row_number() OVER (PARTITION BY listener ORDER BY track_id IS NULL, day DESC, track_id) <= $most"
            ") GROUP BY 1 ORDER BY 1",
            {"most": most},
        )
        while rows := found.fetchmany(_HISTORIES_AT_A_TIME):
            for listener, plays, tracks in rows:
                yield ListenerId(listener), int(plays), [(TrackId(track_id), day) for track_id, day in tracks or ()]


class Events:
    """Every play of a track that is known, and every opinion, with codes for listeners and tracks. One at a time of
    each `plays`.

    Args:
        plays: reads the files.
        forgotten: of these listeners what was accepted up to that time (Unix seconds) is left out.
    """

    def __init__(self, plays: Plays, forgotten: Mapping[ListenerId, int] | None = None) -> None:
        self._run = plays.run
        gone = forgotten or {}
        self._run("CREATE OR REPLACE TEMP TABLE forgotten (listener VARCHAR, asked_at BIGINT)")
        self._run("INSERT INTO forgotten SELECT unnest($1), unnest($2)", [list(gone), list(gone.values())])
        self._run("CREATE OR REPLACE TEMP TABLE listeners (name VARCHAR PRIMARY KEY, code INTEGER)")
        self._run("CREATE OR REPLACE TEMP TABLE tracks (name VARCHAR PRIMARY KEY, code INTEGER)")
        self._run(
            "CREATE OR REPLACE TEMP TABLE events (listener INTEGER, track INTEGER, listened_at BIGINT, skip BOOLEAN)"
        )
        self._run(
            "CREATE OR REPLACE TEMP TABLE opinions (listener INTEGER, track INTEGER, said_at BIGINT, feedback BIGINT)"
        )

    def add(self, some: Days) -> None:
        """Add the plays of some days."""
        self._run(
            "CREATE OR REPLACE TEMP TABLE fresh AS SELECT plays.listener, track_id, listened_at, skip FROM ("  # noqa: S608
            f"SELECT * FROM read_parquet($files) {_once(some)}) AS plays ANTI JOIN forgotten"
            " ON plays.listener = forgotten.listener AND accepted_at <= asked_at WHERE track_id IS NOT NULL",
            {"files": _names(some.files)},
        )
        self._give_codes()
        self._run(
            "INSERT INTO events SELECT listeners.code, tracks.code, listened_at, skip FROM fresh"
            " JOIN listeners ON listener = listeners.name JOIN tracks ON track_id = tracks.name"
        )
        self._run("DROP TABLE fresh")

    def add_opinions(self, said: Iterable[tuple[ListenerId, TrackId, int, int]]) -> None:
        """Add opinions, each of another listener or track: whose, of what, when (Unix seconds), 1 loved, -1 banned."""
        columns = [list(column) for column in zip(*said, strict=True)] or [[], [], [], []]
        self._run(
            "CREATE OR REPLACE TEMP TABLE fresh AS SELECT unnest($1::VARCHAR[]) AS listener,"
            " unnest($2::VARCHAR[]) AS track_id, unnest($3::BIGINT[]) AS said_at, unnest($4::BIGINT[]) AS feedback",
            columns,
        )
        self._give_codes()
        self._run(
            "INSERT INTO opinions SELECT listeners.code, tracks.code, said_at, feedback FROM fresh"
            " JOIN listeners ON listener = listeners.name JOIN tracks ON track_id = tracks.name"
        )
        self._run("DROP TABLE fresh")

    def _give_codes(self) -> None:
        """To the listeners and tracks of `fresh` that have none."""
        for table, column in (("listeners", "listener"), ("tracks", "track_id")):
            new = f"(SELECT DISTINCT {column} AS name FROM fresh) ANTI JOIN {table} USING (name)"  # noqa: S608
            code = f"(SELECT count(*) FROM {table}) - 1 + row_number() OVER (ORDER BY name)"  # noqa: S608
            self._run(f"INSERT INTO {table} SELECT name, {code} FROM {new}")  # noqa: S608

    def track_ids(self) -> list[TrackId]:
        """Of all that was added, ascending."""
        return [TrackId(name) for (name,) in self._run("SELECT name FROM tracks ORDER BY name").fetchall()]

    def arrays(self) -> dict[str, Any]:
        """The plays, by listener and time, as arrays of one length (`listener`, `at`: int64; `track`: int64, places in
        `track_ids`; `skip`: bool)."""
        return self._coded("events", 'listened_at AS "at", skip')

    def opinions(self) -> dict[str, Any]:
        """The opinions in the same form, with `feedback` (int64) instead of `skip`."""
        return self._coded("opinions", 'said_at AS "at", feedback')

    def _coded(self, table: str, columns: str) -> dict[str, Any]:
        found: dict[str, Any] = self._run(
            f"SELECT listener::BIGINT AS listener, place AS track, {columns} FROM {table} JOIN ("  # noqa: S608
            "SELECT code, row_number() OVER (ORDER BY name) - 1 AS place FROM tracks) ON track = code ORDER BY 1, 3, 2"
        ).fetchnumpy()
        return found


def summary(plays: Plays, files: Sequence[Path], most: int) -> list[tuple[int, int, int, list[tuple[str, int]]]]:
    """Of each day (since 1970) how many plays, how many listeners, and the `most` played tracks with how often."""
    rows: list[tuple[int, int, int, list[tuple[str, int]]]] = plays.run(
        "WITH plays AS (SELECT (listened_at // 86400)::INTEGER AS day, listener, track_id"
        " FROM read_parquet($files)), by_track AS (SELECT day, track_id, count(*) AS times FROM plays"
        " WHERE track_id IS NOT NULL GROUP BY 1, 2), tops AS (SELECT day, list((track_id, times)"
        " ORDER BY times DESC, track_id)[1:$most] AS top FROM by_track GROUP BY 1)"
        " SELECT day, count(*), count(DISTINCT listener), any_value(top) FROM plays LEFT JOIN tops USING (day)"
        " GROUP BY 1 ORDER BY 1",
        {"files": _names(files), "most": most},
    ).fetchall()
    return rows


def _once(some: Days) -> str:
    return "" if some.are_merged else ONCE


def _names(files: Sequence[Path]) -> list[str]:
    return list(map(str, files))
