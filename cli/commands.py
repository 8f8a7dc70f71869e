"""What each command asks and prints."""

import argparse
import json
import mimetypes
import sys
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

from cli.naming import title_of, track_named
from cli.tables import Cell, table
from earshot.api_answers import (
    CrawlJson,
    CrawlsJson,
    EntriesJson,
    EntryJson,
    ExtendJson,
    FoundJson,
    HealthJson,
    HeardJson,
    PreviewJson,
    ProgressJson,
    SearchJson,
    SimilarJson,
    SourcesJson,
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
from earshot.playlists import playlist_from_command_line
from earshot.watching import Watched

_POLL_S = 0.5
_LESS = -0.5
_BAR = 30
_PATIENCE_S = 60.0
_NAMED = 10
"""So many entries that were not heard are named at the end of a crawl."""
_MOST_AT_ONCE = 100
_STANDARD_INPUT = "-"


class Answer(NamedTuple):
    """What `--json` prints, what people read, whether that is a failure, and the list that was asked for instead."""

    data: object
    text: str
    failed: bool = False
    listed: str | None = None


def similar(client: ApiClient, options: argparse.Namespace) -> Answer:
    """Neighbours of one track, or of a mix."""
    tracks = [track_named(client, track) for track in options.tracks]
    less = [track_named(client, track) for track in options.less]
    if len(tracks) == 1 and not less:
        wanted = {"track_id": tracks[0], "tags": options.tags, **_counts(options)}
        if options.form:
            return _listed(client, options, "/similar", **wanted)
        answer = client.get("/similar", **wanted)
    else:
        seeds: list[dict[str, object]] = [{"track_id": track} for track in tracks]
        seeds += [{"track_id": track, "weight": _LESS} for track in less]
        body = {"seeds": seeds, **_wanted(options)}
        if options.form:
            return _listed(client, options, "/similar", body)
        answer = client.post("/similar", body)
    found: SimilarJson = answer.checked()
    heading = " + ".join(title_of(seed) if seed["weight"] > 0 else f"less {title_of(seed)}" for seed in found["query"])
    return Answer(found, f"Within earshot of {heading}\n\n{_results(found['results'])}")


def extend(client: ApiClient, options: argparse.Namespace) -> Answer:
    """What fits a playlist of these tracks."""
    tracks = [track_named(client, track) for track in options.tracks]
    body = {"track_ids": tracks, **_wanted(options)}
    if options.form:
        return _listed(client, options, "/extend", body)
    found: ExtendJson = client.post("/extend", body).checked()
    lines = [f"After {', '.join(map(title_of, found['query']))}", "", _results(found["results"])]
    if found["skipped"]:
        lines += ["", *(f"{one['track_id']}: {one['message']}" for one in found["skipped"])]
    return Answer(found, "\n".join(lines))


def _counts(options: argparse.Namespace) -> dict[str, float | None]:
    return {"k": options.k, "max_per_artist": options.max_per_artist, "diversity": options.diversity}


def _wanted(options: argparse.Namespace) -> dict[str, object]:
    """What a request's body says of the answers."""
    given = {name: value for name, value in _counts(options).items() if value is not None}
    return {**given, **({"tags": options.tags.split(",")} if options.tags else {})}


def _listed(
    client: ApiClient,
    options: argparse.Namespace,
    path: str,
    body: Mapping[str, object] | None = None,
    **query: str | float | None,
) -> Answer:
    """The answer as the list that the options ask for."""
    root = options.path_root
    return Answer(None, "", listed=client.list_of(path, body, **query, format=options.form, path_root=root))


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
    }
    if options.form:
        return _listed(client, options, "/path", **wanted)
    answer = client.get("/path", **wanted)
    found: SimilarJson = answer.checked()
    start, end = found["query"]
    return Answer(found, f"From {title_of(start)} to {title_of(end)}\n\n{_results(found['results'])}")


def tracks(client: ApiClient, options: argparse.Namespace) -> Answer:
    """Tracks by words."""
    wanted = {"text": " ".join(options.words), "tags": options.tags or None, "limit": options.limit}
    if options.form:
        return _listed(client, options, "/search", **wanted)
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
    if withheld and withheld["may_be_agreed"] and visible and sys.stdin.isatty() and _agrees(_said_of(withheld)):
        again = client.post("/crawls", wanted | {"remove_missing": True, "agreed": withheld["tracks"]}).checked()
        progress = _watched(client, again["crawl_id"], visible=visible)
    unheard: EntriesJson = _entries_of(client, progress["crawl_id"], status="unheard", limit=_NAMED + 1).checked()
    text = _summary(progress, unheard["entries"])
    got_something = progress["states"].get("ready") or progress["pending"]
    return Answer(progress, text, failed=bool(progress["error"]) or not got_something)


def _agrees(question: str) -> bool:
    sys.stderr.write(f"{question}\nRemove them? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


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
            sys.stderr.write(f"\r{_bar(progress['total'] - progress['pending'], progress['total'])} tracks settled ")
            sys.stderr.flush()
        if progress and (progress["done"] or _is_far_off(progress["waiting_until"])):
            break
        time.sleep(_POLL_S)
    if visible:
        sys.stderr.write("\n")
    return progress


def entries(client: ApiClient, options: argparse.Namespace) -> Answer:
    """The entries of a crawl, each with what became of it; by default of the newest one."""
    crawl_id = options.crawl or _newest(client)
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
    """Forget a playlist, given by one of its crawls or as it was called; its tracks only when that is asked."""
    path = f"/crawls/{segment(_crawl_of(client, options.playlist))}"
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
        lines.append("They are removed.")
    elif progress["only_held"]:
        lines.append(f"Within a day: earshot forget {progress['crawl_id']} --remove-tracks")
    return Answer(progress, "\n".join(lines))


def watch(client: ApiClient, options: argparse.Namespace) -> Answer:
    """Have a folder crawled whenever it has changed, until somebody interrupts."""
    folder = Path(options.folder).expanduser().resolve()
    if not folder.is_dir():
        raise InvalidInput(f"{folder} is no folder")
    watched = Watched(folder)
    while True:
        if watched.is_to_be_crawled():
            wanted = {"playlist": playlist_from_command_line(str(folder)), "only_new": True, "remove_missing": True}
            started: StartedJson = client.post("/crawls", wanted).checked()
            sys.stderr.write(f"crawling {started['understood']} ({started['crawl_id']})\n")
        time.sleep(options.every)


def _crawl_of(client: ApiClient, playlist: str) -> str:
    """The id of the newest crawl of the playlist; or the text itself, which may be an id."""
    called = {playlist, playlist_from_command_line(playlist)}
    listed: CrawlsJson = client.get("/crawls", limit=_MOST_AT_ONCE).checked()
    named: Sequence[CrawlJson] = [crawl for crawl in listed["crawls"] if crawl["playlist"].rstrip("/") in called]
    return named[0]["crawl_id"] if named else playlist


def _said_of(withheld: WithheldJson) -> str:
    return said_of_withheld(withheld["tracks"], withheld["doubt"], withheld["names"])


def why(entry: EntryJson) -> str:
    """The reason of an entry, for people."""
    return ": ".join(filter(None, ((entry["reason"] or "").replace("_", " "), entry["detail"])))


def _bar(settled: int, total: int) -> str:
    filled = _BAR * settled // total if total else 0
    return f"[{'#' * filled}{'.' * (_BAR - filled)}] {settled} of {total}"


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
