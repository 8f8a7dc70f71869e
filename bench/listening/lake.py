"""`python -m bench.listening.lake`: what ten million plays take on disk, and how long reading them all takes.

The plays are invented: a year of sessions of ten thousand listeners, a few of whom play most, with favourites of their
own among 200,000 tracks whose popularity follows Zipf's law; one in twenty-five has no track and keeps its names. For a
quick look: ``--plays 500000``. Exit 1 when a target is missed.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

from bench.figures import Figures
from bench.memory import own_bytes
from listening.local_lake import Days
from listening.parquet import Packed, Plays
from listening.sums import Events, Weights, summary

MOST_MB, MOST_S = 300.0, 60.0
"""Of ten million plays, merged, and to summarise them."""
_ALL = 10_000_000
_DAYS, _LISTENERS, _TRACKS, _A_SESSION = 365, 10_000, 200_000, 18
_FIRST_DAY = 20_400
_FAVOURITES = 300
_T = TypeVar("_T")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plays", type=int, default=_ALL)
    plays = parser.parse_args().plays
    figures = measure(plays)
    for name, value in figures.items():
        print(f"{name:22} {value:,.2f}" if isinstance(value, float) else f"{name:22} {value:,}")
    return 0 if is_met(figures) else 1


def is_met(figures: Figures) -> bool:
    """Whether the figures, brought to ten million plays, are as good as they have to be."""
    scale = _ALL / figures["plays"]
    return bool(figures["megabytes"] * scale <= MOST_MB and figures["summary_s"] * scale <= MOST_S)


def measure(count: int = _ALL) -> Figures:
    """Sizes in MB (10⁶ bytes) and seconds, on one core."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        plays = Plays(folder)
        merge_s, kept, files = 0.0, 0, []
        for part in _invented(plays, folder, count):
            spent, packed = _timed(partial(_merged, plays, part))
            merge_s += spent
            for number, whole in enumerate(packed):
                file = folder / f"{part.stem}-{number}.whole"
                file.write_bytes(whole.body)
                files.append(file)
                kept += whole.plays
            part.unlink()
        year = Days(tuple(files), are_merged=True)
        stored = sum(file.stat().st_size for file in files)
        summary_s, _ = _timed(lambda: summary(plays, files, 10))
        taste_s, _ = _timed(lambda: _tastes(plays, year))
        learn_s, arrays = _timed(lambda: _events(plays, year))
        figures = {
            "plays": kept,
            "megabytes": stored / 1e6,
            "bytes_a_play": stored / kept,
            "merge_s": merge_s,
            "summary_s": summary_s,
            "all_tastes_s": taste_s,
            "events_s": learn_s,
            "events": arrays,
            "memory_mb": own_bytes() / 1e6,
        }
        plays.close()
    return figures


def _timed(work: Callable[[], _T]) -> tuple[float, _T]:
    began = time.perf_counter()
    done = work()
    return time.perf_counter() - began, done


def _merged(plays: Plays, part: Path) -> list[Packed]:
    return list(plays.merge([part]))


def _tastes(plays: Plays, year: Days) -> int:
    weights = Weights(plays, None, (_FIRST_DAY + _DAYS) * 86_400, 180 * 86_400.0)
    weights.add(year)
    return sum(1 for _ in weights.heaviest(100))


def _events(plays: Plays, year: Days) -> int:
    events = Events(plays)
    events.add(year)
    return len(events.arrays()["at"])


def _invented(plays: Plays, folder: Path, count: int) -> Iterator[Path]:
    """A file of plays for each day."""
    plays.run("SELECT setseed(0.14)")
    # Ids as Spotify's and as those of files; the digits of each are as good as random.
    digits = "left(to_base64(unhex(md5(i::VARCHAR) || md5(i::VARCHAR))), 22)"
    id_ = f"CASE WHEN i % 5 < 3 THEN translate({digits}, '+/', 'AB') ELSE 'file:' || left(md5(i::VARCHAR), 16) END"
    named = f"i::INTEGER AS number, hash(i)::HUGEINT::VARCHAR AS name, {id_} AS track_id"
    plays.run(f"CREATE TEMP TABLE catalogue AS SELECT {named} FROM range({_TRACKS}) t(i)")  # noqa: S608
    a_day = count // _DAYS
    for day in range(_FIRST_DAY, _FIRST_DAY + _DAYS):
        file = folder / f"{day}.parquet"
        plays.run(f"COPY ({_a_day(day, a_day)}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)")
        yield file


def _a_day(day: int, count: int) -> str:
    sessions = max(1, count // _A_SESSION)
    return f"""
        WITH sessions AS MATERIALIZED (
            SELECT s, floor({_LISTENERS} * pow(random(), 2))::INTEGER AS who, (random() * 80000)::INTEGER AS start,
                   random() AS manner
            FROM range({sessions}) t(s)
        ), heard AS MATERIALIZED (
            SELECT who, manner, (start + n * 215 + random() * 90)::BIGINT AS second,
                   random() AS chance, random() AS luck,
                   CASE WHEN random() < .5 THEN floor(pow({_TRACKS}, random()))
                        ELSE hash(who, floor(pow({_FAVOURITES}, random()))) % {_TRACKS} END::INTEGER AS number
            FROM sessions, range({_A_SESSION}) t(n)
        )
        SELECT left(md5(who::VARCHAR), 16) AS listener,
               {day} * 86400 + second AS listened_at,
               (hash(number) >> 1)::BIGINT AS song,
               CASE WHEN chance < .96 THEN track_id END AS track_id,
               luck < .08 AS skip,
               CASE WHEN manner < .3 THEN (luck * 200000)::INTEGER END AS played_ms,
               CASE WHEN manner < .7 THEN (150000 + number % 977 * 133)::INTEGER END AS duration_ms,
               {day} * 86400 + second + 120 + (luck * 9)::INTEGER AS accepted_at,
               'player ' || (who % 7)::VARCHAR AS client,
               'The Song of ' || name AS title, ['Artist ' || (number // 9)::VARCHAR] AS artists,
               'Album ' || (number // 11)::VARCHAR AS album,
               NULL::VARCHAR AS mbid, NULL::VARCHAR AS isrc, NULL::VARCHAR AS named_id
        FROM heard JOIN catalogue USING (number)"""  # noqa: S608 (numbers of our own)


if __name__ == "__main__":
    sys.exit(main())
