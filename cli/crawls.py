"""Commands about crawls: begin and watch them, list their entries, try again, cancel them, forget what they read."""

import argparse
import sys
import time
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path

from cli.answer import Answer
from cli.playlists import crawl_of
from cli.questions import agrees
from cli.tables import Cell, bar, table
from earshot.api_answers import (
    CrawlsJson,
    EntriesJson,
    EntryJson,
    PreviewJson,
    ProgressJson,
    StartedJson,
    WithheldJson,
)
from earshot.api_client import Answer as ApiAnswer
from earshot.api_client import ApiClient, segment
from earshot.clock import seconds_until
from earshot.crawl_words import said_of_withheld
from earshot.errors import InvalidInput
from earshot.lists import MAX_LIST_BYTES
from earshot.lists.texts import decoded
from earshot.playlists import parse_playlist, playlist_from_command_line
from earshot.sources import SOURCES
from earshot.watching import Recurring, Watched

_POLL_S = 0.5
_PATIENCE_S = 60.0
_NAMED = 10
"""So many entries that were not heard are named at the end of a crawl."""
_MOST_AT_ONCE = 100
_LOOK_S, _AGAIN_S = 15.0, 3600.0
"""Seconds between two looks at a folder, and between two crawls of a media server."""
_STANDARD_INPUT = "-"


def crawl(client: ApiClient, options: argparse.Namespace) -> Answer:
    """Start a crawl; unless told otherwise, watch it until nothing is pending."""
    if options.dry_run:
        return _preview(client, *_list_at_hand(options.playlist))
    if options.playlist == _STANDARD_INPUT:
        text, name = _list_at_hand(options.playlist)
        wanted: dict[str, object] = {"text": text, "name": name}
    else:
        wanted = {"playlist": playlist_from_command_line(options.playlist)}
    if options.remove_missing is not None:
        wanted |= {"remove_missing": True, "agreed": options.remove_missing}
    started: StartedJson = client.post("/crawls", wanted).checked()
    if not options.json:
        sys.stderr.write(f"crawling {started['understood']}\n")
    if options.no_wait:
        return Answer(started, started["crawl_id"])
    visible = not options.json and sys.stderr.isatty()
    progress = _watched(client, started["crawl_id"], visible=visible)
    withheld = progress["withheld"]
    if (
        withheld
        and withheld["may_be_agreed"]
        and visible
        and sys.stdin.isatty()
        and agrees(f"{_said_of(withheld)}\nRemove them?")
    ):
        again = client.post("/crawls", wanted | {"remove_missing": True, "agreed": withheld["tracks"]}).checked()
        progress = _watched(client, again["crawl_id"], visible=visible)
    return _told(client, progress)


def again(client: ApiClient, options: argparse.Namespace) -> Answer:
    """Crawl a playlist again: for what is new, and what could not be had the last time."""
    wanted = {"again": crawl_of(client, options.playlist)}
    started: StartedJson = client.post("/crawls", wanted).checked()
    if not options.json:
        sys.stderr.write(f"crawling {started['understood']}\n")
    if options.no_wait:
        return Answer(started, started["crawl_id"])
    return _told(client, _watched(client, started["crawl_id"], visible=not options.json and sys.stderr.isatty()))


def cancel(client: ApiClient, options: argparse.Namespace) -> Answer:
    """Cancel the crawl of a playlist: nothing more of it is read or fetched; what has been fetched is still heard."""
    path = f"/crawls/{segment(crawl_of(client, options.playlist))}/cancel"
    progress: ProgressJson = client.post(path, {}).checked()
    if progress["done"]:
        return Answer(progress, f"{progress['playlist']} was done already.")
    return Answer(
        progress, f"{progress['playlist']} is cancelled. Get the rest of it: earshot again {progress['crawl_id']}"
    )


def _told(client: ApiClient, progress: ProgressJson) -> Answer:
    unheard: EntriesJson = _entries_of(client, progress["crawl_id"], status="unheard", limit=_NAMED + 1).checked()
    text = _summary(progress, unheard["entries"])
    got_something = progress["states"].get("ready") or progress["pending"]
    return Answer(progress, text, failed=bool(progress["error"]) or not got_something)


def _list_at_hand(place: str) -> tuple[str, str]:
    """The text of a list and its name: a file's, or what comes in where `place` is "-".

    Raises:
        InvalidInput: it cannot be read.
        InvalidPlaylist: it is no text.
    """
    if place == _STANDARD_INPUT:
        return decoded(sys.stdin.buffer.read(MAX_LIST_BYTES), "the list")[0], ""
    try:
        return decoded(Path(place).expanduser().read_bytes(), place)[0], Path(place).name
    except OSError as error:
        raise InvalidInput(
            f"{place} cannot be looked at: {error.strerror}", hint="Name a list on this machine."
        ) from None


def _preview(client: ApiClient, text: str, name: str) -> Answer:
    preview: PreviewJson = client.post("/crawls/preview", {"text": text, "name": name}).checked()
    lines = [
        f"{preview['total']} rows ({preview['form']}, {preview['encoding']}), {preview['usable']} name a recording"
    ]
    lines.append(f"{preview['in_catalogue']} of the first {preview['looked_for']} are in the catalogue")
    if preview["columns"]:
        lines += ["", table(("column", "taken for"), list(preview["columns"].items()))]
    if preview["ignored"]:
        lines += ["", f"not used: {', '.join(preview['ignored'])}"]
    rows: list[Sequence[Cell]] = [
        (row["title"] or row["text"], ", ".join(row["artists"]), row["track_id"] or row["reason"] or "")
        for row in preview["rows"]
    ]
    return Answer(preview, "\n".join([*lines, "", table(("title", "artists", "in the catalogue"), rows)]))


def _watched(client: ApiClient, crawl_id: str, *, visible: bool) -> ProgressJson:
    while True:
        answer = client.get(f"/crawls/{segment(crawl_id)}")
        progress: ProgressJson | None = None if answer.status == HTTPStatus.NOT_FOUND else answer.checked()
        if progress and visible:
            sys.stderr.write(f"\r{bar(progress['total'] - progress['pending'], progress['total'])} tracks settled ")
            sys.stderr.flush()
        if progress and (progress["done"] or _is_far_off(progress["waiting_until"])):
            break
        time.sleep(_POLL_S)
    if visible:
        sys.stderr.write("\n")
    return progress


def entries(client: ApiClient, options: argparse.Namespace) -> Answer:
    """The entries of a crawl, each with what became of it, or as a list; by default of the newest one."""
    crawl_id = options.crawl or _newest(client)
    if options.form:
        wanted = {"status": options.status, "reason": options.reason, "path_root": options.path_root}
        path = f"/crawls/{segment(crawl_id)}/entries"
        return Answer(None, "", listed=client.list_of(path, format=options.form, **wanted))
    found: list[EntryJson] = []
    after: int | None = None
    while len(found) < options.limit:
        limit = min(_MOST_AT_ONCE, options.limit - len(found))
        answer = _entries_of(client, crawl_id, status=options.status, reason=options.reason, after=after, limit=limit)
        page: EntriesJson = answer.checked()
        found += page["entries"]
        after = page["next"]
        if after is None:
            break
    rows = [(entry["name"], entry["state"], why(entry)) for entry in found]
    text = table(("entry", "state", "reason"), rows) if rows else "none"
    return Answer(found, text if after is None else f"{text}\n\nand more: --limit {options.limit * 10}")


def _entries_of(client: ApiClient, crawl_id: str, **wanted: str | float | None) -> ApiAnswer:
    return client.get(f"/crawls/{segment(crawl_id)}/entries", **wanted)


def _newest(client: ApiClient) -> str:
    listed: CrawlsJson = client.get("/crawls", limit=1).checked()
    if not listed["crawls"]:
        raise InvalidInput("nothing has been crawled so far", hint="earshot crawl PLAYLIST")
    return listed["crawls"][0]["crawl_id"]


def forget(client: ApiClient, options: argparse.Namespace) -> Answer:
    """Forget a playlist; its tracks only when that is asked."""
    path = f"/crawls/{segment(crawl_of(client, options.playlist))}"
    client.delete(path, **({"remove_tracks": "true"} if options.remove_tracks else {})).checked()
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        progress: ProgressJson = client.get(path).checked()
        if progress["forgotten"] or time.monotonic() > deadline:
            break
        time.sleep(_POLL_S)
    if not progress["forgotten"]:
        return Answer(progress, "It will be forgotten: the crawler has not come to it yet.")
    lines = [f"{progress['playlist']} is forgotten. No other playlist holds {progress['only_held']} of its tracks."]
    if options.remove_tracks:
        lines.append("They are removed, those that are still being heard once they have come.")
    elif progress["only_held"]:
        lines.append(f"Within a day: earshot forget {progress['crawl_id']} --remove-tracks")
    return Answer(progress, "\n".join(lines))


def watch(client: ApiClient, options: argparse.Namespace) -> Answer:
    """Have a folder crawled whenever it has changed, or a media server from time to time, until somebody interrupts."""
    playlist = playlist_from_command_line(options.folder)
    folder = Path(playlist)
    watched: Watched | Recurring
    if folder.is_dir():
        watched, every_s = Watched(folder), options.every or _LOOK_S
    elif SOURCES[parse_playlist(playlist).source].is_server:
        every_s = options.every or _AGAIN_S
        watched = Recurring(playlist, every_s)
    else:
        raise InvalidInput(f"{folder} is no folder")
    while True:
        if watched.is_to_be_crawled():
            wanted = {"playlist": playlist, "only_new": True, "remove_missing": True}
            started: StartedJson = client.post("/crawls", wanted).checked()
            sys.stderr.write(f"crawling {started['understood']} ({started['crawl_id']})\n")
        time.sleep(every_s)


def _said_of(withheld: WithheldJson) -> str:
    return said_of_withheld(withheld["tracks"], withheld["doubt"], withheld["names"])


def why(entry: EntryJson) -> str:
    """The reason of an entry, for people."""
    return ": ".join(filter(None, ((entry["reason"] or "").replace("_", " "), entry["detail"])))


def _is_far_off(waiting_until: str | None) -> bool:
    """Whether a provider asked to wait for longer than somebody watches. Its ordinary pace makes waits of seconds."""
    return waiting_until is not None and seconds_until(waiting_until) > _PATIENCE_S


def _summary(progress: ProgressJson, unheard: Sequence[EntryJson]) -> str:
    counts = [*progress["states"].items()]
    lines = [f"{progress['playlist']}: {progress['total']} entries", "", table(("state", "tracks"), counts)]
    if progress["reasons"]:
        lines += ["", table(("reason", "tracks"), sorted(progress["reasons"].items()))]
    if unheard:
        rows = [(entry["name"], why(entry) or entry["state"]) for entry in unheard[:_NAMED]]
        lines += ["", table(("not heard", "why"), rows)]
        if len(unheard) > _NAMED:
            lines.append(f"All of them: earshot failed {progress['crawl_id']}")
    if not progress["total"] and not progress["error"]:
        lines += ["", "There is nothing in it that can be crawled."]
    if withheld := progress["withheld"]:
        lines += ["", _said_of(withheld)]
        if withheld["may_be_agreed"]:
            lines.append(f"Remove them: earshot crawl … --remove-missing={withheld['tracks']}")
    if progress["removed"]:
        lines += ["", f"{progress['removed']} that had left the playlist were removed."]
    if progress["waiting_until"]:
        lines += ["", f"A provider asked to wait until {progress['waiting_until']}."]
    if progress["error"]:
        lines += ["", progress["error"]["message"], progress["error"]["hint"]]
    return "\n".join(lines)
