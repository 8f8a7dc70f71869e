"""The command line: asks the HTTP API, prints tables for people and JSON for programs.

``earshot similar TRACK``, ``extend TRACK …``, ``clip FILE``, ``path FROM TO``, ``tracks [WORDS]``, ``crawl PLAYLIST``,
``failed [CRAWL]``, ``entries [CRAWL]``, ``playlists``, ``again PLAYLIST``, ``cancel PLAYLIST``, ``rename PLAYLIST
NAME``, ``schedule PLAYLIST daily``, ``forget PLAYLIST``, ``playlist NAME TRACK``, ``listens``, ``listens import FILE``,
``recommend``, ``radio``, ``proxy``, ``sources``, ``status``. A track is named by its id, URI or URL, or by words of its
title and artist; a playlist by its name or id, as it was crawled, or by the id of its latest crawl.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import shtab

from cli import commands, crawls, listens, playlists, plays_import
from cli.answer import Answer
from cli.arguments import add_filters, add_listening, add_options
from earshot.api_client import ApiClient
from earshot.errors import EarshotError
from earshot.lists.writing import MEDIA_TYPES
from earshot.playlists import agreed
from earshot.running_stack import running
from earshot.sources import Can, labels

_DISTRIBUTION = "earshot-music"
_DEFAULT_PORT = "8000"
_LOCAL_DIR = Path(__file__).resolve().parent.parent / ".local"
"""Where a stack of this checkout keeps its state, if nothing else was said (config/local.py)."""

_A_PLAYLIST = "its name or id, as it was crawled, or the id of its latest crawl"
_A_TRACK = "its id, URI or URL, or words of its title and artist, in quotes"

Command = Callable[[ApiClient, argparse.Namespace], Answer]


def main(arguments: Sequence[str]) -> int:
    """Run a command; returns 0, 1 for what the API refused or a crawl that failed, 2 for a wrong call."""
    if arguments[:1] == ["proxy"]:  # a process of its own, which stays
        os.execv(sys.executable, [sys.executable, "-m", "proxy", *arguments[1:]])  # noqa: S606
    options = _parser().parse_args(arguments)
    try:
        answer = options.command(ApiClient(options.api, key=os.environ.get("EARSHOT_API_KEY")), options)
    except EarshotError as error:
        return _fail(f"{error.message}\n{error.hint}")
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        return _fail(f"what answers at {options.api} is not the API of Earshot, or another version of it ({error!r})")
    except KeyboardInterrupt:
        return 130
    if answer.listed is not None:
        return _print(answer.listed.removesuffix("\n"))
    written = _print(json.dumps(answer.data, indent=2) if options.json else _without_controls(answer.text))
    return written or int(answer.failed)


def _fail(text: str) -> int:
    sys.stderr.write(f"{_without_controls(text.strip())}\n")
    return 1


def _print(text: str) -> int:
    try:
        sys.stdout.buffer.write(f"{text}\n".encode(sys.stdout.encoding, "backslashreplace"))
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # otherwise the reader has seen enough
            return _fail(f"the answer cannot be written: {error.strerror}")
    return 0


def _without_controls(text: str) -> str:
    """`text` as a terminal may see it: names come from strangers and must not steer it."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)


def _api_url() -> str:
    """The address that was given, else that of the stack that runs here, else the usual one."""
    if given := os.environ.get("EARSHOT_API_URL"):
        return given
    if port := os.environ.get("PORT"):
        return f"http://127.0.0.1:{port}"
    stack = running(Path(os.environ.get("EARSHOT_LOCAL_DIR", _LOCAL_DIR)).expanduser())
    return stack.api_url if stack else f"http://127.0.0.1:{_DEFAULT_PORT}"


def _version() -> str:
    try:
        return version(_DISTRIBUTION)
    except PackageNotFoundError:
        return "of a checkout"


def _add_shared(parser: argparse.ArgumentParser, *, json_by_default: object, api_by_default: str) -> None:
    parser.add_argument(
        "--json", action="store_true", default=json_by_default, help="print what the API answered, as JSON"
    )
    parser.add_argument(
        "--api", default=api_by_default, metavar="URL", help="address of the API (EARSHOT_API_URL; else the stack here)"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="earshot", description="Find the tracks that sound like a track.")
    parser.add_argument("--version", action="version", version=f"earshot {_version()}")
    shtab.add_argument_to(parser, ["--print-completion"], help="print what lets this shell complete commands")
    _add_shared(parser, json_by_default=False, api_by_default=_api_url())
    shared = argparse.ArgumentParser(add_help=False)  # what was said before the command holds, unless said again
    _add_shared(shared, json_by_default=argparse.SUPPRESS, api_by_default=argparse.SUPPRESS)
    adding = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Command, text: str, *more: argparse.ArgumentParser) -> argparse.ArgumentParser:
        added = adding.add_parser(name, parents=[shared, *more], help=text, description=text)
        added.set_defaults(command=command)
        return added

    listing = argparse.ArgumentParser(add_help=False)
    forms = listing.add_mutually_exclusive_group()
    forms.add_argument(
        "--format", dest="form", choices=(*MEDIA_TYPES, "json"), help="print a list for players or tables"
    )
    forms.add_argument("--m3u", dest="form", action="store_const", const="m3u8", help="the same as --format m3u8")
    forms.add_argument("--csv", dest="form", action="store_const", const="csv", help="the same as --format csv")
    listing.add_argument(
        "--path-root",
        metavar="ROOT",
        help="where a player elsewhere has the files: /mnt/music, OLD=NEW, or . for relative",
    )

    _add_ranked(add, listing)
    clip = add("clip", commands.clip, "Tracks that sound like a clip of your own.")
    file = clip.add_argument("file", metavar="FILE", help="mp3, ogg, opus, flac, wav or m4a; half a minute is enough")
    file.complete = shtab.FILE  # type: ignore[attr-defined]  # how it wants to be told
    clip.add_argument("-k", type=int, default=10, help="how many results (%(default)s)")
    path = add("path", commands.path, "A listening journey from one track to another.", listing)
    path.add_argument("start", metavar="FROM")
    path.add_argument("end", metavar="TO")
    add_filters(path)
    add_listening(path)
    path.add_argument("--harmonic", type=float, metavar="W", help="0 any key … 1 in keys that go together")
    path.add_argument("--energy", choices=("build_up", "calm_down"), help="how the energy changes along the way")
    path.add_argument("--steps", type=int, default=8, help="tracks in between (%(default)s)")
    tracks = add("tracks", commands.tracks, "Tracks of the catalogue by words and tags.", listing)
    tracks.add_argument("words", nargs="*", metavar="WORD", help="beginnings of words in title, artists or album")
    add_filters(tracks)
    add_listening(tracks)
    tracks.add_argument("--limit", type=int, default=20, help="how many (%(default)s)")
    _add_crawls(add, listing)
    _add_playlists(add)
    _add_listens(add, shared)
    _add_for_the_listener(add, listing)
    playlist = add("playlist", commands.playlist, "Keep tracks as a playlist in a media server of yours.")
    playlist.add_argument("name", metavar="NAME", help="the playlist's")
    playlist.add_argument(
        "tracks",
        nargs="+",
        metavar="TRACK",
        help="track ids, URIs or URLs; -: those of an answer on the input",
    )
    playlist.add_argument("--to", default="subsonic", metavar="SERVER", help="which media server (%(default)s)")
    playlist.add_argument("--replace", action="store_true", help="a playlist with this name may be replaced")
    proxy = adding.add_parser("proxy", help="A media server with Earshot's ears, for its players.", add_help=False)
    proxy.add_argument("words", nargs=argparse.REMAINDER)
    add("sources", commands.sources, "Where music may come from, and how to switch on what is off.")
    add("status", commands.status, "What the API answers from, and the newest crawls.")
    return parser


def _add_ranked(add: Callable[..., argparse.ArgumentParser], listing: argparse.ArgumentParser) -> None:
    similar = add("similar", commands.similar, "Tracks that sound like the given ones.", listing)
    similar.add_argument("tracks", nargs="+", metavar="TRACK", help=_A_TRACK)
    similar.add_argument("--less", action="append", default=[], metavar="TRACK", help="less like this one (repeatable)")
    add_filters(similar)
    add_options(similar)
    add_listening(similar)
    extend = add("extend", commands.extend, "Tracks that fit a playlist of the given ones.", listing)
    extend.add_argument("tracks", nargs="+", metavar="TRACK", help=_A_TRACK)
    add_filters(extend)
    add_options(extend)
    add_listening(extend)


def _add_crawls(add: Callable[..., argparse.ArgumentParser], listing: argparse.ArgumentParser) -> None:
    crawl = add("crawl", crawls.crawl, "Have a playlist crawled and watch it.")
    crawl.add_argument(
        "playlist",
        help=f"playlist, album or track of {labels(Can.LIST)}, a list, a folder, or - for a list that comes in",
    )
    crawl.add_argument(
        "--dry-run",
        action="store_true",
        help="only say what is understood of a list, and what of it the catalogue holds",
    )
    crawl.add_argument("--no-wait", action="store_true", help="do not watch, just print the crawl's id")
    crawl.add_argument(
        "--remove-missing",
        nargs="?",
        type=agreed,
        const=0,
        metavar="N",
        help="remove tracks that have left the playlist; where that is doubtful only if told so: up to N, or `all`",
    )
    for name, status, text in (
        ("entries", None, "The entries of a crawl, and what became of each."),
        ("failed", "unheard", "The entries of a crawl that were not heard, and why."),
    ):
        entries = add(name, crawls.entries, text, listing)
        entries.add_argument("crawl", nargs="?", metavar="CRAWL", help="the id of a crawl (the newest one)")
        states = ("unheard", "ready", "pending", "no_preview", "failed", "skipped", "missing")
        entries.add_argument("--status", choices=states, default=status, help="only those in this state")
        entries.add_argument("--reason", help="only those with this reason (docs/errors.md)")
        entries.add_argument("--limit", type=int, default=1000, help="how many at most (%(default)s); a list has all")
    watch = add("watch", crawls.watch, "Have a folder crawled whenever it has changed, or a media server every hour.")
    watch.add_argument(
        "folder", metavar="FOLDER", help="of the machine that crawls, which is this one; or subsonic:all"
    )
    every = "seconds between two looks (15; at a server an hour)"
    watch.add_argument("--every", type=float, metavar="S", help=every)


def _add_playlists(add: Callable[..., argparse.ArgumentParser]) -> None:
    add("playlists", playlists.playlists, "The playlists that have been crawled.")

    def of_one(name: str, command: Command, text: str) -> argparse.ArgumentParser:
        added = add(name, command, text)
        added.add_argument("playlist", metavar="PLAYLIST", help=_A_PLAYLIST)
        return added

    again = of_one("again", crawls.again, "Crawl a playlist again, for what is new and what could not be had.")
    again.add_argument("--no-wait", action="store_true", help="do not watch, just print the crawl's id")
    of_one("cancel", crawls.cancel, "Cancel the crawl of a playlist; what has been fetched is still heard.")
    rename = of_one("rename", playlists.rename, "Call a playlist otherwise.")
    rename.add_argument("name", metavar="NAME", help="empty: as its source calls it")
    schedule = of_one("schedule", playlists.schedule, "Have a playlist crawled again and again, for what is new.")
    schedule.add_argument("again", choices=("never", "daily", "weekly"), help="how often")
    forget = of_one("forget", crawls.forget, "Forget a playlist, so that it holds no track any more.")
    forget.add_argument("--remove-tracks", action="store_true", help="with the tracks that no other playlist holds")


def _add_listens(add: Callable[..., argparse.ArgumentParser], shared: argparse.ArgumentParser) -> None:
    plays = add("listens", listens.shown, "What you have played; import FILE: what you have played elsewhere.")
    plays.add_argument("--limit", type=int, default=20, help="how many (%(default)s)")
    doing = plays.add_subparsers(metavar="VERB")

    def verb(name: str, command: Command, text: str) -> argparse.ArgumentParser:
        added = doing.add_parser(name, parents=[shared], help=text, description=text)
        added.set_defaults(command=command)
        return added

    exporting = verb("export", listens.export, "Write what is kept of you to a file.")
    exporting.add_argument("file", metavar="FILE", help="which is not there yet")
    forgetting = verb("forget", listens.forget, "Have everything deleted that is kept of you.")
    forgetting.add_argument("--yes", action="store_true", help="do not ask")
    importing = verb("import", plays_import.import_history, "Send in a listening history from elsewhere.")
    file = importing.add_argument(
        "file", metavar="FILE", help="an export of ListenBrainz, Last.fm or Spotify (zip, folder or file), or a table"
    )
    file.complete = shtab.FILE  # type: ignore[attr-defined]  # how it wants to be told
    importing.add_argument("--dry-run", action="store_true", help="only say what is understood of it")
    importing.add_argument("--from", dest="start", type=int, default=0, metavar="N", help="leave out the first N plays")
    importing.add_argument("--private-sessions", action="store_true", help="also what Spotify was told to forget")


def _add_for_the_listener(add: Callable[..., argparse.ArgumentParser], listing: argparse.ArgumentParser) -> None:
    recommend = add("recommend", listens.recommend, "What you may like, by what you have played.", listing)
    recommend.add_argument("tracks", nargs="*", metavar="TRACK", help=f"as if you played these now: {_A_TRACK}")
    recommend.add_argument("--new-to-me", action="store_true", help="nothing that you have ever played")
    recommend.add_argument("--not-played-for", type=int, metavar="DAYS", help="nothing that you played more lately")
    recommend.add_argument("--freshness", type=float, metavar="F", help="0 what you know counts as much … 1 the less")
    radio = add("radio", listens.radio, "What may follow on what plays.", listing)
    radio.add_argument("track", nargs="?", metavar="TRACK", help=f"where to go on from: {_A_TRACK}")
    for asking in (recommend, radio):
        add_filters(asking)
        asking.add_argument("-k", type=int, help="how many results")
        add_listening(asking)


def run() -> None:
    """Entry point of the installed command `earshot`."""
    sys.exit(main(sys.argv[1:]))
