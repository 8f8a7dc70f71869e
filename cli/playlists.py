"""Commands about playlists as things of their own: list them, rename them, have them crawled by the clock."""

import argparse
from collections.abc import Iterator, Sequence

from cli.answer import Answer
from cli.tables import Cell, table
from earshot.api_answers import CrawlJson, CrawlsJson, PlaylistJson, PlaylistsJson
from earshot.api_client import ApiClient, segment
from earshot.errors import InvalidInput, PlaylistNotFound
from earshot.playlists import playlist_from_command_line

_CRAWLS_LOOKED_AT = 100
_AGAIN = {"never": "only when asked", "daily": "every day", "weekly": "every week"}


def playlists(client: ApiClient, _options: argparse.Namespace) -> Answer:
    """The playlists that have been crawled, each with how far its latest crawl came when it was last counted."""
    known = sorted(_all(client), key=lambda playlist: playlist["name"].casefold())
    rows: list[Sequence[Cell]] = [
        (playlist["name"], *_counts(playlist), _AGAIN[playlist["again"]], playlist["playlist_id"]) for playlist in known
    ]
    text = table(("playlist", "tracks", "ready", "crawled", "id"), rows) if rows else "none so far"
    return Answer(known, text)


def rename(client: ApiClient, options: argparse.Namespace) -> Answer:
    """Call a playlist otherwise; with an empty name as its source does."""
    return _changed(client, options.playlist, {"name": options.name})


def schedule(client: ApiClient, options: argparse.Namespace) -> Answer:
    """Say how often a playlist is crawled again, for what is new."""
    return _changed(client, options.playlist, {"again": options.again})


def crawl_of(client: ApiClient, text: str) -> str:
    """The id of the latest crawl of the playlist that `text` names; or the text itself, which may be one.

    Raises:
        InvalidInput: it names several.
    """
    named = _named(client, text)
    if named and named["crawl"]:
        return named["crawl"]["crawl_id"]
    listed: CrawlsJson = client.get("/crawls", limit=_CRAWLS_LOOKED_AT).checked()  # one that nobody has begun to read
    called: Sequence[CrawlJson] = [crawl for crawl in listed["crawls"] if _is_called(crawl["playlist"], text)]
    return called[0]["crawl_id"] if called else text


def _changed(client: ApiClient, text: str, change: dict[str, str]) -> Answer:
    named = _named(client, text)
    if named is None:
        raise PlaylistNotFound(f"no playlist is called {text!r}", hint="`earshot playlists` lists them.")
    now: PlaylistJson = client.patch(f"/playlists/{segment(named['playlist_id'])}", change).checked()
    due = f", next {now['next_crawl']}" if now["next_crawl"] else ""
    return Answer(now, f"{now['name']}: crawled {_AGAIN[now['again']]}{due}")


def _named(client: ApiClient, text: str) -> PlaylistJson | None:
    """The playlist of that id, name or place, or of that crawl.

    Raises:
        InvalidInput: there are several.
    """
    known = [*_all(client)]
    found = [one for one in known if text == one["playlist_id"] or (one["crawl"] and text == one["crawl"]["crawl_id"])]
    found = found or [one for one in known if _is_called(one["playlist"], text)]
    found = found or [one for one in known if one["name"].casefold() == text.casefold()]
    if len(found) > 1:
        ids = ", ".join(one["playlist_id"] for one in found)
        raise InvalidInput(f"{len(found)} playlists are called {text!r}", hint=f"Name one by its id: {ids}.")
    return found[0] if found else None


def _is_called(playlist: str, text: str) -> bool:
    return playlist.rstrip("/") in {text, playlist_from_command_line(text)}


def _all(client: ApiClient) -> Iterator[PlaylistJson]:
    after: str | None = None
    while True:
        page: PlaylistsJson = client.get("/playlists", after=after, limit=20).checked()
        yield from page["playlists"]
        after = page["next"]
        if after is None:
            return


def _counts(playlist: PlaylistJson) -> tuple[Cell, Cell]:
    crawl = playlist["crawl"]
    return (crawl["total"], crawl["states"].get("ready", 0)) if crawl else ("", "")
