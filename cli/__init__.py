"""The command line: asks the HTTP API, prints tables for people and JSON for programs.

``earshot similar TRACK``, ``clip FILE``, ``path FROM TO``, ``tracks [WORDS]``, ``crawl PLAYLIST``, ``failed [CRAWL]``,
``entries [CRAWL]``, ``forget PLAYLIST``, ``status``.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence

from cli import commands
from cli.commands import Answer
from earshot.api_client import ApiClient
from earshot.errors import EarshotError
from earshot.playlists import agreed
from earshot.sources import Can, labels

_DEFAULT_PORT = "8000"

Command = Callable[[ApiClient, argparse.Namespace], Answer]


def main(arguments: Sequence[str]) -> int:
    """Run a command; returns 0, 1 for what the API refused or a crawl that failed, 2 for a wrong call."""
    options = _parser().parse_args(arguments)
    try:
        answer = options.command(ApiClient(options.api, key=os.environ.get("EARSHOT_API_KEY")), options)
    except EarshotError as error:
        return _fail(f"{error.message}\n{error.hint}")
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        return _fail(f"what answers at {options.api} is not the API of Earshot, or another version of it ({error!r})")
    except KeyboardInterrupt:
        return 130
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


def _parser() -> argparse.ArgumentParser:
    port = os.environ.get("PORT", _DEFAULT_PORT)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--json", action="store_true", help="print what the API answered, as JSON")
    shared.add_argument(
        "--api",
        default=os.environ.get("EARSHOT_API_URL", f"http://127.0.0.1:{port}"),
        help="address of the API (EARSHOT_API_URL; %(default)s)",
    )
    parser = argparse.ArgumentParser(prog="earshot", description="Find the tracks that sound like a track.")
    adding = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Command, text: str) -> argparse.ArgumentParser:
        added = adding.add_parser(name, parents=[shared], help=text, description=text)
        added.set_defaults(command=command)
        return added

    similar = add("similar", commands.similar, "Tracks that sound like the given ones.")
    similar.add_argument("tracks", nargs="+", metavar="TRACK", help="track ids, URIs or URLs")
    similar.add_argument("--less", action="append", default=[], metavar="TRACK", help="less like this one (repeatable)")
    similar.add_argument("-k", type=int, default=10, help="how many results (%(default)s)")
    similar.add_argument("--max-per-artist", type=int, metavar="N", help="at most N results of one artist")
    similar.add_argument("--tags", help="only tracks with these tags, comma-separated")
    similar.add_argument("--diversity", type=float, metavar="D", help="0 most similar … 1 most varied")
    clip = add("clip", commands.clip, "Tracks that sound like a clip of your own.")
    clip.add_argument("file", metavar="FILE", help="mp3, ogg, opus, flac, wav or m4a; half a minute is enough")
    clip.add_argument("-k", type=int, default=10, help="how many results (%(default)s)")
    path = add("path", commands.path, "A listening journey from one track to another.")
    path.add_argument("start", metavar="FROM")
    path.add_argument("end", metavar="TO")
    path.add_argument("--steps", type=int, default=8, help="tracks in between (%(default)s)")
    tracks = add("tracks", commands.tracks, "Tracks of the catalogue by words and tags.")
    tracks.add_argument("words", nargs="*", metavar="WORD", help="beginnings of words in title, artists or album")
    tracks.add_argument("--tags", default="", help="only tracks with these tags, comma-separated")
    tracks.add_argument("--limit", type=int, default=20, help="how many (%(default)s)")
    crawl = add("crawl", commands.crawl, "Have a playlist crawled and watch it.")
    crawl.add_argument("playlist", help=f"playlist, album or track of {labels(Can.LIST)}, a manifest, or a folder")
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
        entries = add(name, commands.entries, text)
        entries.add_argument("crawl", nargs="?", metavar="CRAWL", help="the id of a crawl (the newest one)")
        states = ("unheard", "ready", "pending", "no_preview", "failed", "skipped", "missing")
        entries.add_argument("--status", choices=states, default=status, help="only those in this state")
        entries.add_argument("--reason", help="only those with this reason (docs/errors.md)")
        entries.add_argument("--limit", type=int, default=1000, help="how many at most (%(default)s)")
    watch = add("watch", commands.watch, "Have a folder crawled whenever it has changed.")
    watch.add_argument("folder", metavar="FOLDER", help="a folder of the machine that crawls, which is this one")
    watch.add_argument("--every", type=float, default=15.0, metavar="S", help="seconds between two looks (%(default)s)")
    forget = add("forget", commands.forget, "Forget a playlist, so that it holds no track any more.")
    forget.add_argument("playlist", metavar="PLAYLIST", help="as it was called, or the id of one of its crawls")
    forget.add_argument("--remove-tracks", action="store_true", help="with the tracks that no other playlist holds")
    add("status", commands.status, "What the API answers from, and the newest crawls.")
    return parser


def run() -> None:
    """Entry point of the installed command `earshot`."""
    sys.exit(main(sys.argv[1:]))
