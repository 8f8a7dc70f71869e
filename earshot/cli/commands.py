"""What each command asks and prints."""

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from earshot.cli.client import ApiError, Client, segment
from earshot.cli.tables import table
from earshot.playlist import playlist_from_command_line

_POLL_S = 0.5
_LESS = -0.5
_BAR = 30
_PATIENCE_S = 60.0
Answer = tuple[dict[str, Any], str]


def similar(client: Client, options: argparse.Namespace) -> Answer:
    """Neighbours of one track, or of a mix."""
    wanted: dict[str, Any] = {
        "k": options.k,
        "max_per_artist": options.max_per_artist,
        "diversity": options.diversity,
    }
    if len(options.tracks) == 1 and not options.less:
        answer = client.get("/similar", track_id=options.tracks[0], tags=options.tags, **wanted)
    else:
        seeds = [{"track_id": track} for track in options.tracks]
        seeds += [{"track_id": track, "weight": _LESS} for track in options.less]
        given = {name: value for name, value in wanted.items() if value is not None}
        tags = {"tags": options.tags.split(",")} if options.tags else {}
        answer = client.post("/similar", {"seeds": seeds, **given, **tags})
    heading = " + ".join(_name(seed) if seed["weight"] > 0 else f"less {_name(seed)}" for seed in answer["query"])
    return answer, f"Within earshot of {heading}\n\n{_results(answer['results'])}"


def path(client: Client, options: argparse.Namespace) -> Answer:
    """A journey, step by step."""
    answer = client.get("/path", **{"from": options.start, "to": options.end}, steps=options.steps)
    start, end = answer["query"]
    return answer, f"From {_name(start)} to {_name(end)}\n\n{_results(answer['results'])}"


def tracks(client: Client, options: argparse.Namespace) -> Answer:
    """Tracks by words."""
    answer = client.get("/search", text=" ".join(options.words), tags=options.tags or None, limit=options.limit)
    shown = len(answer["results"])
    return answer, f"{_results(answer['results'], similarity=False)}\n\n{shown} of {answer['total']} tracks"


def crawl(client: Client, options: argparse.Namespace) -> Answer:
    """Start a crawl; unless told otherwise, watch it until nothing is pending."""
    wanted = {"playlist": playlist_from_command_line(options.playlist)}
    started = client.post("/crawls", wanted | ({"remove_missing": True} if options.remove_missing else {}))
    if not options.json:
        sys.stderr.write(f"crawling {started['understood']}\n")
    if options.no_wait:
        return started, started["crawl_id"]
    return _watched(client, started["crawl_id"], visible=not options.json and sys.stderr.isatty())


def _watched(client: Client, crawl_id: str, *, visible: bool) -> Answer:
    while True:
        try:
            progress = client.get(f"/crawls/{segment(crawl_id)}")
        except ApiError as error:
            if error.status != 404:
                raise
            progress = None
        if progress and visible:
            sys.stderr.write(f"\r{_bar(progress['total'] - progress['pending'], progress['total'])} tracks settled ")
            sys.stderr.flush()
        if progress and (progress["done"] or _is_far_off(progress["waiting_until"])):
            break
        time.sleep(_POLL_S)
    if visible:
        sys.stderr.write("\n")
    return progress, _summary(progress)


def _bar(settled: int, total: int) -> str:
    filled = _BAR * settled // total if total else 0
    return f"[{'#' * filled}{'.' * (_BAR - filled)}] {settled} of {total}"


def _is_far_off(waiting_until: str | None) -> bool:
    """Whether a provider asked to wait for longer than somebody watches. Its ordinary pace makes waits of seconds."""
    if not waiting_until:
        return False
    return (datetime.fromisoformat(waiting_until) - datetime.now(UTC)).total_seconds() > _PATIENCE_S


def _summary(progress: Mapping[str, Any]) -> str:
    counts = [*progress["states"].items()]
    lines = [f"{progress['playlist']}: {progress['total']} entries", "", table(("state", "tracks"), counts)]
    if progress["reasons"]:
        lines += ["", table(("reason", "tracks"), sorted(progress["reasons"].items()))]
    if progress["removed"]:
        lines += ["", f"{progress['removed']} that had left the playlist were removed."]
    if progress["waiting_until"]:
        lines += ["", f"A provider asked to wait until {progress['waiting_until']}."]
    if progress["error"]:
        lines += ["", progress["error"]["message"], progress["error"]["hint"]]
    return "\n".join(lines)


def status(client: Client, _options: argparse.Namespace) -> Answer:
    """The index version and the newest crawls."""
    health, crawls = client.get("/health"), client.get("/crawls", limit=5)["crawls"]
    index = health["index"] or {}
    lines = [f"stage   {health['stage']}"]
    lines += [f"{name:<7} {index[name]}" for name in ("version", "tracks", "model", "built_at", "recall") if index]
    lines += [] if index else ["nothing has been indexed so far"]
    if crawls:
        rows = [(crawl["crawl_id"], crawl["playlist"], crawl["finished"] or "reading") for crawl in crawls]
        lines += ["", table(("crawl", "playlist", "read until"), rows)]
    return {**health, "crawls": crawls}, "\n".join(lines)


def _name(track: Mapping[str, Any]) -> str:
    title = track["title"] or track["track_id"]
    return f"{title} ({', '.join(track['artists'])})" if track["artists"] else str(title)


def _results(results: Sequence[Mapping[str, Any]], *, similarity: bool = True) -> str:
    rows = [
        (
            *((found["similarity"],) if similarity else ()),
            found["title"] or found["track_id"],
            ", ".join(found["artists"]),
            ", ".join(tag["name"] for tag in (found["shared_tags"] or found["tags"])[:3]),
            found["track_id"],
        )
        for found in results
    ]
    head = (*(("sim",) if similarity else ()), "title", "artists", "tags", "id")
    return table(head, rows) if rows else "nothing found"
