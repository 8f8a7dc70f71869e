"""Commands about what somebody plays: their plays shown, written to a file, forgotten; what they may like, and what
may follow. (`cli.plays_import` sends plays of long ago in.)"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from cli.answer import Answer
from cli.naming import track_named
from cli.questions import agrees, filters, listed
from cli.tables import Cell, table
from earshot.api_answers import ForgottenJson, ListensJson, RecommendedJson, RecommendJson
from earshot.api_client import ApiClient
from earshot.clock import minute_of
from earshot.errors import InvalidInput


def shown(client: ApiClient, options: argparse.Namespace) -> Answer:
    """The latest plays."""
    found: ListensJson = client.get("/listens", limit=options.limit).checked()
    rows: list[Sequence[Cell]] = [
        (
            minute_of(play["listened_at"]),
            play["title"],
            ", ".join(play["artists"]),
            "skipped" if play["is_skip"] else "",
            play["track_id"] or "not in the catalogue",
        )
        for play in found["listens"]
    ]
    lines = [f"now: {playing['title']} ({', '.join(playing['artists'])})", ""] if (playing := found["playing"]) else []
    lines.append(table(("played at (UTC)", "title", "artists", "", "track"), rows) if rows else "no plays so far")
    return Answer(found, "\n".join(lines))


def export(client: ApiClient, options: argparse.Namespace) -> Answer:
    """Write all that is kept for quick answers to a file, as lines of JSON that only its owner reads."""
    path, lines = Path(options.file).expanduser(), 0
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            for page in client.pages_of("/listens/export"):
                file.write(page)
                lines += page.count("\n")
    except OSError as error:
        raise InvalidInput(
            f"{path} cannot be written: {error.strerror}", hint="Name a file that is not there."
        ) from None
    return Answer({"file": str(path), "lines": lines}, f"{lines} lines in {path}")


def forget(client: ApiClient, options: argparse.Namespace) -> Answer:
    """Have everything deleted that is kept of whoever has the key."""
    if not options.yes:
        if not sys.stdin.isatty():
            raise InvalidInput("nobody is there who could be asked", hint="earshot listens forget --yes")
        if not agrees("All your plays, what you loved and banned, and the taste made of them.\nDelete them for good?"):
            return Answer(None, "Nothing was deleted.", failed=True)
    gone: ForgottenJson = client.delete("/listens").checked()
    return Answer(gone, f"Deleted. The archive of plays holds nothing of you any more by {gone['gone_by']}.")


def recommend(client: ApiClient, options: argparse.Namespace) -> Answer:
    """What somebody may like, by their plays."""
    wanted = {
        **_asked(options),
        "seeds": [track_named(client, track) for track in options.tracks] or None,
        "new_to_me": "true" if options.new_to_me else None,
        "not_played_for_days": options.not_played_for,
        "freshness": options.freshness,
    }
    if options.form:
        return listed(client, options, "/recommend", None, **wanted)
    found: RecommendJson = client.get("/recommend", **wanted).checked()
    heading = f"By your last {found['plays']} plays" if found["plays"] else "By what you named"
    if found["basis"] != "plays":
        heading = "Nothing is known of you yet: from all over the catalogue"
    return Answer(found, f"{heading}\n\n{_with_reasons(found)}")


def radio(client: ApiClient, options: argparse.Namespace) -> Answer:
    """What may follow on what plays."""
    wanted = {**_asked(options), "track_id": track_named(client, options.track) if options.track else None}
    if options.form:
        return listed(client, options, "/radio", None, **wanted)
    found: RecommendJson = client.get("/radio", **wanted).checked()
    return Answer(found, _with_reasons(found))


def _asked(options: argparse.Namespace) -> dict[str, str | float | list[str] | None]:
    return {"k": options.k, "listening": options.listening, **filters(options)}


def _with_reasons(answer: RecommendJson) -> str:
    titles = {seed["track_id"]: seed["title"] or seed["track_id"] for seed in answer["query"]}
    rows: list[Sequence[Cell]] = [
        (found["title"] or found["track_id"], ", ".join(found["artists"]), _why(found, titles), found["track_id"])
        for found in answer["results"]
    ]
    return table(("title", "artists", "because", "id"), rows) if rows else "nothing found"


def _why(found: RecommendedJson, titles: Mapping[str, str]) -> str:
    if together := found["played_with"]:
        return f"{together['listeners']} who play {together['title'] or together['track_id']} play it"
    if alike := found["sounds_like"]:
        return f"sounds like {titles.get(alike, alike)}"
    return ""
