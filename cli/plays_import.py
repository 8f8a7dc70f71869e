"""`earshot listens import`: a history is read here and sent in."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from cli.answer import Answer
from cli.tables import bar, table
from earshot.api_client import Answer as ApiAnswer
from earshot.api_client import ApiClient
from earshot.clock import day_of
from earshot.errors import ApiRefused, ApiUnreachable
from earshot.histories import History, LeftOut, Wanted
from earshot.plays import Play

MOST_AT_ONCE = 1_000
"""Plays of one request."""
_BUSY = (
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)
_WAITS_S = (1, 2, 4, 8, 15, 30, 60, 60, 60)
"""Seconds between the tries of one request: as long as a restart may take."""
_WORDS: Mapping[LeftOut, str] = {
    LeftOut.PODCAST: "podcasts and audiobooks",
    LeftOut.PRIVATE_SESSION: "of private sessions (--private-sessions takes them, too)",
    LeftOut.NOTHING_HEARD: "not heard at all",
    LeftOut.NO_TIME: "without a time",
    LeftOut.OUT_OF_TIME: "before 2002 or in the future",
    LeftOut.NO_SONG: "without title and artist and without an id",
    LeftOut.DAMAGED: "damaged",
    LeftOut.UNKNOWN: "of no known form",
}


class _Seen(NamedTuple):
    """What files hold: plays, the first and the last day of them, and what becomes none."""

    plays: int
    days: tuple[date, date] | None
    left_out: Counter[LeftOut]


def import_history(client: ApiClient, options: argparse.Namespace) -> Answer:
    """Send the plays of a history in. What is sent twice counts once, so that it may be done again."""
    history = History(Path(options.file).expanduser(), Wanted(private_sessions=options.private_sessions))
    seen = _seen(history.records())
    found = {"plays": seen.plays, "left_out": {reason.value: count for reason, count in seen.left_out.items()}}
    summary = _summary(options.file, seen)
    if options.dry_run or not seen.plays:
        return Answer({**found, "sent": 0}, summary, failed=not seen.plays)
    sent = min(options.start, seen.plays)
    visible = not options.json and sys.stderr.isatty()
    problem = None
    try:
        for batch in _batches(islice(history.plays(), sent, None)):
            _send(client, batch)
            sent += len(batch)
            if visible:
                sys.stderr.write(f"\r{bar(sent, seen.plays)} plays sent ")
                sys.stderr.flush()
    except (ApiRefused, ApiUnreachable) as error:
        problem = f"{error.message}\n{error.hint}".strip()
    except KeyboardInterrupt:
        problem = "interrupted"
    if visible:
        sys.stderr.write("\n")
    lines = [summary, f"{sent} of {seen.plays} sent"]
    if problem:
        lines += [problem, f"The rest: earshot listens import … --from {sent}"]
    return Answer({**found, "sent": sent}, "\n".join(lines), failed=problem is not None)


def play_json(play: Play) -> dict[str, object]:
    """A play as `POST /listens` takes it."""
    said = {
        "listened_at": play.listened_at,
        "title": play.title,
        "artists": list(play.artists),
        "album": play.album,
        "mbid": play.mbid,
        "isrc": play.isrc,
        "duration_ms": play.duration_ms,
        "played_ms": play.played_ms,
        "skipped": play.skipped,
        "track_id": play.named_id,
        "client": play.client,
    }
    return {name: value for name, value in said.items() if value not in (None, "", [])}


def _seen(records: Iterable[Play | LeftOut]) -> _Seen:
    plays, first, last = 0, 0, 0
    left_out: Counter[LeftOut] = Counter()
    for record in records:
        if isinstance(record, LeftOut):
            left_out[record] += 1
            continue
        plays += 1
        first, last = min(first or record.listened_at, record.listened_at), max(last, record.listened_at)
    return _Seen(plays, (_day(first), _day(last)) if plays else None, left_out)


def _day(listened_at: int) -> date:
    return day_of(listened_at)


def _summary(name: str, seen: _Seen) -> str:
    lines = [f"{name}: {seen.plays} plays" + (f" from {seen.days[0]} to {seen.days[1]}" if seen.days else "")]
    if seen.left_out:
        rows = [(_WORDS[reason], count) for reason, count in seen.left_out.most_common()]
        lines += ["", table(("left out", "records"), rows), ""]
    return "\n".join(lines)


def _batches(plays: Iterator[Play]) -> Iterator[list[Play]]:
    while batch := list(islice(plays, MOST_AT_ONCE)):
        yield batch


def _send(client: ApiClient, plays: list[Play]) -> None:
    """Send plays; wait where the API is busy or away, and halve what it finds too large.

    Raises:
        ApiRefused: it does not want them, or is busy for longer than somebody waits.
        ApiUnreachable: it stays away.
    """
    body = {"listens": [play_json(play) for play in plays]}
    answer = _posted(client, body)
    if answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and len(plays) > 1:
        half = len(plays) // 2
        _send(client, plays[:half])
        _send(client, plays[half:])
        return
    answer.checked()


def _posted(client: ApiClient, body: Mapping[str, object]) -> ApiAnswer:
    """The answer of an API that is there and not busy, or the last one of one that stays so.

    Where it says when an hour's share is used up, that hour is waited for, however often.
    """
    for wait_s in (*_WAITS_S, None):
        answer = None
        try:
            answer = client.post("/listens", body)
            while answer.status == HTTPStatus.TOO_MANY_REQUESTS and answer.retry_after_s:
                _wait("an hour's share is used up", answer.retry_after_s)
                answer = client.post("/listens", body)
        except ApiUnreachable:
            if wait_s is None:
                raise
        if answer and (answer.status not in _BUSY or wait_s is None):
            return answer
        _wait(f"the server answered {answer.status}" if answer else "nobody answers", wait_s or 0)
    raise AssertionError  # the last round returns or raises


def _wait(reason: str, seconds: int) -> None:
    sys.stderr.write(f"\n{reason}; again in {seconds} s\n")
    time.sleep(seconds)
