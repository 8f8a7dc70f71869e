"""Commands about what is heard: tracks that sound alike, paths between them, and what the catalogue holds."""

import argparse
import json
import mimetypes
import sys
import time
from collections.abc import Sequence
from itertools import compress
from math import floor
from pathlib import Path
from typing import Any

from cli.answer import Answer
from cli.naming import title_of, track_named
from cli.questions import filters, listed, listening
from cli.tables import Cell, table
from earshot.api_answers import (
    CrawlsJson,
    DescriptorsJson,
    ExtendJson,
    FoundJson,
    HealthJson,
    HeardJson,
    SearchJson,
    SimilarJson,
    SourcesJson,
)
from earshot.api_client import ApiClient
from earshot.errors import InvalidInput

_POLL_S = 0.5
_LESS = -0.5
_ROUNDING = 1e-6
"""Of a share in thousandths."""
_PATIENCE_S = 60.0


def similar(client: ApiClient, options: argparse.Namespace) -> Answer:
    """Neighbours of one track, or of a mix."""
    tracks = [track_named(client, track) for track in options.tracks]
    less = [track_named(client, track) for track in options.less]
    if len(tracks) == 1 and not less:
        wanted: dict[str, Any] = {"track_id": tracks[0], **filters(options), **_counts(options), **listening(options)}
        if options.form:
            return listed(client, options, "/similar", **wanted)
        answer = client.get("/similar", **wanted)
    else:
        seeds: list[dict[str, object]] = [{"track_id": track} for track in tracks]
        seeds += [{"track_id": track, "weight": _LESS} for track in less]
        body = {"seeds": seeds, **_wanted(options)}
        if options.form:
            return listed(client, options, "/similar", body)
        answer = client.post("/similar", body)
    found: SimilarJson = answer.checked()
    heading = " + ".join(title_of(seed) if seed["weight"] > 0 else f"less {title_of(seed)}" for seed in found["query"])
    return Answer(found, f"Within earshot of {heading}\n\n{_results(found['results'])}")


def extend(client: ApiClient, options: argparse.Namespace) -> Answer:
    """What fits a playlist of these tracks."""
    tracks = [track_named(client, track) for track in options.tracks]
    body = {"track_ids": tracks, **_wanted(options)}
    if options.form:
        return listed(client, options, "/extend", body)
    found: ExtendJson = client.post("/extend", body).checked()
    lines = [f"After {', '.join(map(title_of, found['query']))}", "", _results(found["results"])]
    if found["skipped"]:
        lines += ["", *(f"{one['track_id']}: {one['message']}" for one in found["skipped"])]
    return Answer(found, "\n".join(lines))


def _counts(options: argparse.Namespace) -> dict[str, float | None]:
    limits = {"max_per_artist": options.max_per_artist, "max_per_album": options.max_per_album}
    return {"k": options.k, **limits, "diversity": options.diversity, "fame": options.fame}


def _wanted(options: argparse.Namespace) -> dict[str, object]:
    """What a request's body says of the answers."""
    given = {name: value for name, value in _counts(options).items() if value is not None}
    asked: dict[str, object] = {**filters(options), **listening(options)}
    return {**given, **asked, **({"tags": options.tags.split(",")} if options.tags else {})}


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
    wanted = {
        "from": track_named(client, options.start),
        "to": track_named(client, options.end),
        "steps": options.steps,
        **filters(options),
        **listening(options),
        "harmonic": options.harmonic,
        "energy": options.energy,
    }
    if options.form:
        return listed(client, options, "/path", **wanted)
    answer = client.get("/path", **wanted)
    found: SimilarJson = answer.checked()
    start, end = found["query"]
    return Answer(found, f"From {title_of(start)} to {title_of(end)}\n\n{_results(found['results'])}")


def tracks(client: ApiClient, options: argparse.Namespace) -> Answer:
    """Tracks by words."""
    wanted = {"text": " ".join(options.words), "limit": options.limit, **filters(options), **listening(options)}
    if options.form:
        return listed(client, options, "/search", **wanted)
    answer = client.get("/search", **wanted)
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


def sources(client: ApiClient, _options: argparse.Namespace) -> Answer:
    """Where music may come from, and how to switch on what is off."""
    listed: SourcesJson = client.get("/sources").checked()
    lines = []
    for source in listed["sources"]:
        lines += [f"{source['name']:<10}{'on ' if source['on'] else 'off'}  {source['label']}: {source['gives']}"]
        lines += [f"{'':<15}{source['switch_on']}"] if source["switch_on"] else []
    return Answer(listed, "\n".join(lines))


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


def _results(results: Sequence[FoundJson], *, similarity: bool = True) -> str:
    rows: list[Sequence[Cell]] = [
        (
            *((_nearness(found),) if similarity else ()),
            found["title"] or found["track_id"],
            ", ".join(found["artists"]),
            found["year"] or "",
            ", ".join(found["genres"][:2]),
            *_in_words(found.get("descriptors")),
            ", ".join(_telling(found)[:3]),
            found["track_id"],
        )
        for found in results
    ]
    head = (*(("closer than",) if similarity else ()), "title", "artists", "year", "genres", "bpm", "key", "tags", "id")
    optional = ("year", "genres", "bpm", "key")
    has = [not rows or name not in optional or any(row[n] for row in rows) for n, name in enumerate(head)]
    head, rows = tuple(compress(head, has)), [tuple(compress(row, has)) for row in rows]
    return table(head, rows) if rows else "nothing found"


def _nearness(found: FoundJson) -> Cell:
    """Than what share of the catalogue it is closer; the cosine where that is not known."""
    closer = found.get("closer_than")
    return found["similarity"] if closer is None else f"{floor(closer * 1000 + _ROUNDING) / 10:.1f} %"


def _telling(found: FoundJson) -> list[str]:
    """Tags that are unusual about it and the query alike, else those that are said of both, or of it."""
    unusual = [reason["what"] for reason in found.get("reasons", ()) if reason["kind"] in {"tag", "much"}]
    return unusual or [tag["name"] for tag in (found["shared_tags"] or found["tags"])]


def _in_words(found: DescriptorsJson | None) -> tuple[Cell, Cell]:
    """Tempo and key, where they are known."""
    if found is None:
        return "", ""
    other = f" (or {found['other_bpm']:.0f})" if found["other_bpm"] else ""
    return f"{found['bpm']:.0f}{other}" if found["bpm"] else "", found["camelot"] or ""
