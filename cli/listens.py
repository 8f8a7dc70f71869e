"""Commands about what somebody has played: shown, written to a file, forgotten. (`cli.plays_import` sends it in.)"""

import argparse
from datetime import UTC, datetime

from cli.answer import Answer
from cli.tables import Cell, table
from earshot.api_answers import PlaysJson
from earshot.api_client import ApiClient


def shown(client: ApiClient, options: argparse.Namespace) -> Answer:
    """The latest plays."""
    found: PlaysJson = client.get("/listens", limit=options.limit).checked()
    rows: list[tuple[Cell, ...]] = [
        (
            f"{datetime.fromtimestamp(play['listened_at'], UTC):%Y-%m-%d %H:%M}",
            play["title"],
            ", ".join(play["artists"]),
            "skipped" if play["skipped"] else "",
            play["track_id"] or "not in the catalogue",
        )
        for play in found["plays"]
    ]
    text = table(("played at (UTC)", "title", "artists", "", "track"), rows) if rows else "no plays so far"
    return Answer(found, text)
