"""The command line: asks the HTTP API, prints tables for people and JSON for programs.

``earshot similar TRACK``, ``clip FILE``, ``path FROM TO``, ``tracks [WORDS]``, ``crawl PLAYLIST``,
``playlist NAME TRACK``, ``proxy``, ``status``.
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
from earshot.sources import Can, labels

_DEFAULT_PORT = "8000"

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
    crawl = add("crawl", commands.crawl, "Have a playlist crawled and watch it.")
    crawl.add_argument("playlist", help=f"playlist, album or track of {labels(Can.LIST)}, a manifest, or a folder")
    crawl.add_argument("--no-wait", action="store_true", help="do not watch, just print the crawl's id")
    crawl.add_argument("--remove-missing", action="store_true", help="remove tracks that have left the playlist")
    proxy = adding.add_parser("proxy", help="A media server with Earshot's ears, for its players.", add_help=False)
    proxy.add_argument("words", nargs=argparse.REMAINDER)
    add("status", commands.status, "What the API answers from, and the newest crawls.")
    return parser


def run() -> None:
    """Entry point of the installed command `earshot`."""
    sys.exit(main(sys.argv[1:]))
