"""`python -m local <verb>`: what stands behind `make up`, `make crawl`, `make demo` and the rest."""

import argparse
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from config.local import LocalSettings
from earshot.errors import EarshotError, InvalidSettings, LocalStackError
from local import lock

_DOWN_TIMEOUT_S = 120.0


def say(text: str) -> None:
    """A line on the terminal, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def up(settings: LocalSettings) -> int:
    """Run the stack until Ctrl-C or SIGTERM."""
    from local.stack import Stack, use_local_aws  # with everything that repairs need, which no other verb does

    _only_local(settings)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    use_local_aws(settings.aws_url)
    started = time.monotonic()
    with Stack(settings, say) as stack:
        say(f"Earshot is up after {time.monotonic() - started:.1f} s: {settings.api_url}  (Ctrl-C stops it)")
        stack.watch(stop)
        say("stopping …")
    say("stopped; everything is kept under " + str(settings.local_dir))
    return 0


def down(settings: LocalSettings) -> int:
    """Stop the stack that runs, and wait until it is gone."""
    stack = lock.running(settings.local_dir)
    if stack is None:
        say("no stack runs here")
        return 0
    lock.terminate(settings.local_dir, stack, timeout_s=_DOWN_TIMEOUT_S)
    say(f"stopped (process {stack.pid})")
    return 0


def status(settings: LocalSettings) -> int:
    """What runs, and what the catalogue holds."""
    stack = lock.running(settings.local_dir) if settings.stage == "local" else None
    if stack is None and settings.stage == "local":
        say(f"no stack runs on {settings.local_dir}; start it with: make up")
        return 1
    from local import commands  # late, so that `down` and a refusal answer at once

    connection = commands.connect(settings)
    if stack is not None:
        say(f"{stack.api_url}  (process {stack.pid}, embedded AWS on {stack.aws_url})")
    commands.status(connection, say)
    return 0


def repair(settings: LocalSettings, *, table_lost: bool, rebuild: bool, incomplete: bool) -> int:
    """Make table, index and previews agree."""
    import boto3  # late: see `status`

    from local.commands import connect
    from local.deployment import Deployment
    from local.repair import repair as make_agree

    is_local = settings.stage == "local"
    deployment = connect(settings).deployment if is_local else Deployment(boto3.Session(), settings.stage)
    work_dir = settings.local_dir / "cache" / "repair"
    repaired = make_agree(deployment, work_dir, table_lost=table_lost, rebuild=rebuild, incomplete=incomplete, say=say)
    say(f"repaired: {repaired}")
    return 0


def demo(settings: LocalSettings, music: Path | None) -> int:
    """The whole pipeline on real music, then stop."""
    from local import demo as show  # late: see `up`

    _only_local(settings)
    return show.run(settings, music, say)


def talk(options: argparse.Namespace, settings: LocalSettings) -> int:
    """The verbs that talk to a stage that runs: crawl, extract, similar."""
    from local import commands  # late: see `status`

    connection = commands.connect(settings)
    if options.verb == "crawl":
        return commands.crawl(connection, options.playlists, say, remove_missing=options.remove_missing)
    if options.verb == "extract":
        return commands.extract(connection, say)
    return commands.similar(connection, options.track, options.k)


def _only_local(settings: LocalSettings) -> None:
    if settings.stage != "local":
        raise InvalidSettings(
            f"STAGE={settings.stage}: only the stage `local` runs on this machine", hint="Leave STAGE out."
        )


def main(arguments: list[str]) -> int:
    """Run one verb; errors that people can mend become two lines."""
    options = _parser().parse_args(arguments)
    try:
        settings = LocalSettings.load()
        return _run(options, settings)
    except KeyboardInterrupt:
        return 130
    except EarshotError as error:
        sys.stderr.write(f"error: {error.message}\n" + (f"{error.hint}\n" if error.hint else ""))
        return 1


def _run(options: argparse.Namespace, settings: LocalSettings) -> int:
    verbs: dict[str, Callable[[], int]] = {
        "up": lambda: up(settings),
        "down": lambda: down(settings),
        "demo": lambda: demo(settings, options.music),
    }
    if options.verb in verbs:
        return verbs[options.verb]()
    with _aws_in_words(settings):
        if options.verb == "status":
            return status(settings)
        if options.verb == "repair":
            return repair(
                settings, table_lost=options.table_lost, rebuild=options.rebuild, incomplete=options.incomplete
            )
        return talk(options, settings)


@contextmanager
def _aws_in_words(settings: LocalSettings) -> Iterator[None]:
    """What AWS refuses, or the end of the stack in the middle of a command, is no defect of the command."""
    from botocore.exceptions import BotoCoreError, ClientError  # late: see `status`

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        hint = "See what runs: make status." if settings.stage == "local" else "Check your AWS credentials and region."
        raise LocalStackError(f"stage {settings.stage}: {error}", hint=hint) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("up", help="start everything; Ctrl-C stops it")
    verbs.add_parser("down", help="stop what `up` started")
    verbs.add_parser("status", help="what runs, and what the catalogue holds")
    crawl = verbs.add_parser("crawl", help="crawl playlists and wait until their tracks are searchable")
    crawl.add_argument("playlists", nargs="+", metavar="PLAYLIST", help="a folder, or a playlist id, URI or URL")
    crawl.add_argument("--remove-missing", action="store_true", help="remove tracks that have left the playlist")
    verbs.add_parser("extract", help="give every track that still awaits its embedding another try, and wait")
    similar = verbs.add_parser("similar", help="the tracks that sound like a track")
    similar.add_argument("track", metavar="TRACK", help="a track id, URI or URL")
    similar.add_argument("-k", type=int, default=10, help="how many (1 to 100)")
    mend = verbs.add_parser("repair", help="make table, index and previews agree")
    mend.add_argument(
        "--table-lost", action="store_true", help="write what the index holds and the table lacks back into the table"
    )
    mend.add_argument("--rebuild", action="store_true", help="build the index anew from nothing but the table")
    mend.add_argument(
        "--incomplete",
        action="store_true",
        help="let a new model's index serve although it lacks tracks of the old one's",
    )
    show = verbs.add_parser("demo", help="the whole pipeline on real music, then stop")
    show.add_argument("--music", type=Path, help="a folder of your own instead of the demo's playlist")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
