"""What each command asks and prints."""

import argparse
import json
import mimetypes
import sys
import time
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

from cli.tables import Cell, table
from earshot.api_answers import (
    CrawlsJson,
    FoundJson,
    HealthJson,
    HeardJson,
    ProgressJson,
    SearchJson,
    SeedJson,
    SimilarJson,
    StartedJson,
)
from earshot.api_client import ApiClient, segment
from earshot.clock import seconds_until
from earshot.errors import InvalidInput
from earshot.playlists import playlist_from_command_line

_POLL_S = 0.5
_LESS = -0.5
_BAR = 30
_PATIENCE_S = 60.0


class Answer(NamedTuple):
    """What `--json` prints, what people read, and whether that is a failure."""

    data: object
    text: str
    failed: bool = False


def similar(client: ApiClient, options: argparse.Namespace) -> Answer:
    """Neighbours of one track, or of a mix."""
    wanted = {"k": options.k, "max_per_artist": options.max_per_artist, "diversity": options.diversity}
    if len(options.tracks) == 1 and not options.less:
        answer = client.get("/similar", track_id=options.tracks[0], tags=options.tags, **wanted)
    else:
        seeds: list[dict[str, object]] = [{"track_id": track} for track in options.tracks]
        seeds += [{"track_id": track, "weight": _LESS} for track in options.less]
        given = {name: value for name, value in wanted.items() if value is not None}
        tags = {"tags": options.tags.split(",")} if options.tags else {}
        answer = client.post("/similar", {"seeds": seeds, **given, **tags})
    found: SimilarJson = answer.checked()
    heading = " + ".join(_name(seed) if seed["weight"] > 0 else f"less {_name(seed)}" for seed in found["query"])
    return Answer(found, f"Within earshot of {heading}\n\n{_results(found['results'])}")


def clip(client: ApiClient, options: argparse.Namespace) -> Answer:
    """Neighbours of a clip, once it has been heard."""
    file = Path(options.file)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{options.file} cannot be read: {error.strerror}") from None
    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    opened = client.ask_with_clip(content, media_type)
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        heard: HeardJson = client.get(opened["status_url"], k=options.k).checked()
        if heard["status"] != "pending" or time.monotonic() > deadline:
            break
        time.sleep(_POLL_S)
    if heard["status"] == "ready":
        tags = ", ".join(tag["name"] for tag in heard["tags"])
        return Answer(heard, f"Within earshot of {file.name} ({tags})\n\n{_results(heard['results'])}")
    failure = heard["message"] or heard["reason"] or "nobody has heard it so far"
    return Answer(heard, f"{file.name}: {failure}", failed=True)


def path(client: ApiClient, options: argparse.Namespace) -> Answer:
    """A journey, step by step."""
    answer = client.get("/path", **{"from": options.start, "to": options.end}, steps=options.steps)
    found: SimilarJson = answer.checked()
    start, end = found["query"]
    return Answer(found, f"From {_name(start)} to {_name(end)}\n\n{_results(found['results'])}")


def tracks(client: ApiClient, options: argparse.Namespace) -> Answer:
    """Tracks by words."""
    answer = client.get("/search", text=" ".join(options.words), tags=options.tags or None, limit=options.limit)
    found: SearchJson = answer.checked()
    rows, shown = _results(found["results"], similarity=False), len(found["results"])
    return Answer(found, f"{rows}\n\n{shown} of {found['total']} tracks")


def playlist(client: ApiClient, options: argparse.Namespace) -> Answer:
    """Have a media server keep tracks, or those of an answer."""
    tracks = [track for given in options.tracks for track in (_tracks_on_input() if given == "-" else [given])]
    wanted = {"to": options.to, "name": options.name, "track_ids": tracks, "replace": options.replace}
    written = client.post("/playlists", wanted).checked()
    lines = [f"{options.name}: {len(written['written'])} tracks"]
    if written["missing"]:
        lines += ["", "Not in the server:", *written["missing"]]
    return Answer(written, "\n".join(lines))


def _tracks_on_input() -> list[str]:
    """Ids of the tracks in an answer as ``--json`` prints it, the query's own first."""
    try:
        answer = json.load(sys.stdin)
        return [row["track_id"] for row in (*answer.get("query", ()), *answer["results"])]
    except (ValueError, LookupError, TypeError, AttributeError):
        raise InvalidInput(
            "the input is no answer", hint="Try: earshot similar TRACK --json | earshot playlist NAME -"
        ) from None


def crawl(client: ApiClient, options: argparse.Namespace) -> Answer:
    """Start a crawl; unless told otherwise, watch it until nothing is pending."""
    wanted = {"playlist": playlist_from_command_line(options.playlist)}
    answer = client.post("/crawls", wanted | ({"remove_missing": True} if options.remove_missing else {}))
    started: StartedJson = answer.checked()
    if not options.json:
        sys.stderr.write(f"crawling {started['understood']}\n")
    if options.no_wait:
        return Answer(started, started["crawl_id"])
    return _watched(client, started["crawl_id"], visible=not options.json and sys.stderr.isatty())


def _watched(client: ApiClient, crawl_id: str, *, visible: bool) -> Answer:
    while True:
        answer = client.get(f"/crawls/{segment(crawl_id)}")
        progress: ProgressJson | None = None if answer.status == HTTPStatus.NOT_FOUND else answer.checked()
        if progress and visible:
            sys.stderr.write(f"\r{_bar(progress['total'] - progress['pending'], progress['total'])} tracks settled ")
            sys.stderr.flush()
        if progress and (progress["done"] or _is_far_off(progress["waiting_until"])):
            break
        time.sleep(_POLL_S)
    if visible:
        sys.stderr.write("\n")
    return Answer(progress, _summary(progress), failed=bool(progress["error"]))


def _bar(settled: int, total: int) -> str:
    filled = _BAR * settled // total if total else 0
    return f"[{'#' * filled}{'.' * (_BAR - filled)}] {settled} of {total}"


def _is_far_off(waiting_until: str | None) -> bool:
    """Whether a provider asked to wait for longer than somebody watches. Its ordinary pace makes waits of seconds."""
    return waiting_until is not None and seconds_until(waiting_until) > _PATIENCE_S


def _summary(progress: ProgressJson) -> str:
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


def status(client: ApiClient, _options: argparse.Namespace) -> Answer:
    """The index version and the newest crawls."""
    health: HealthJson = client.get("/health").checked()
    listed: CrawlsJson = client.get("/crawls", limit=5).checked()
    index, crawls = health["index"], listed["crawls"]
    lines = [f"stage   {health['stage']}"]
    if index:
        shown = {"version": index["version"], "tracks": index["tracks"], "model": index["model"]}
        shown |= {"built_at": index["built_at"], "recall": index["recall"]}
        lines += [f"{name:<7} {value}" for name, value in shown.items()]
    else:
        lines.append("nothing has been indexed so far")
    if crawls:
        rows = [(crawl["crawl_id"], crawl["playlist"], crawl["finished"] or "reading") for crawl in crawls]
        lines += ["", table(("crawl", "playlist", "read until"), rows)]
    return Answer({**health, "crawls": crawls}, "\n".join(lines))


def _name(track: SeedJson) -> str:
    title = track["title"] or track["track_id"]
    return f"{title} ({', '.join(track['artists'])})" if track["artists"] else str(title)


def _results(results: Sequence[FoundJson], *, similarity: bool = True) -> str:
    rows: list[Sequence[Cell]] = [
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
