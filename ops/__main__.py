"""`python -m ops <verb>`: what can be done with a stage that runs, on this machine or in the cloud."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from config.local import LocalSettings
from earshot.errors import LocalStackError
from earshot.playlists import agreed
from earshot.running_stack import running
from earshot.terminal import spare_the_terminal
from ops.queue_table import queue_table
from ops.terminal import aws_in_words, in_words, say

Verb = Callable[[LocalSettings, argparse.Namespace], int]
"""Runs, and returns the exit code. Verbs import late, so that a refusal answers at once."""


def status(settings: LocalSettings, _options: argparse.Namespace) -> int:
    """What runs, and what the catalogue holds."""
    stack = running(settings.local_dir) if settings.stage == "local" else None
    if stack is None and settings.stage == "local":
        say(f"no stack runs on {settings.local_dir}; start it with: make up")
        return 1
    from ops import commands
    from ops.connection import connect

    connection = connect(settings)
    if stack is not None:
        say(f"{stack.api_url}  (process {stack.pid}, embedded AWS on {stack.aws_url})")
    commands.status(connection, say)
    return 0


def where(settings: LocalSettings, _options: argparse.Namespace) -> int:
    """Print the folder in which the stack on this machine, and the laboratory, keep what they have."""
    say(str(settings.local_dir))
    return 0


def crawl(settings: LocalSettings, options: argparse.Namespace) -> int:
    """Crawl playlists and wait until their tracks are searchable."""
    from ops import commands
    from ops.connection import connect

    return commands.crawl(connect(settings), options.playlists, say, remove_missing=options.remove_missing)


def extract(settings: LocalSettings, _options: argparse.Namespace) -> int:
    """Give every track that still awaits its embedding another try, and wait."""
    from ops import commands
    from ops.connection import connect

    return commands.extract(connect(settings), say)


def similar(settings: LocalSettings, options: argparse.Namespace) -> int:
    """The tracks that sound like a track."""
    from ops import commands
    from ops.connection import connect

    return commands.similar(connect(settings), options.track, options.k)


def repair(settings: LocalSettings, options: argparse.Namespace) -> int:
    """Make table, index and previews agree."""
    from ops.connection import reach
    from ops.repair import repair as make_agree

    repaired = make_agree(
        reach(settings),
        settings.local_dir / "cache" / "repair",
        table_lost=options.table_lost,
        rebuild=options.rebuild,
        say=say,
    )
    say(f"repaired: {repaired}")
    return 0


def promote(settings: LocalSettings, options: argparse.Namespace) -> int:
    """Let the index that a recipe has built serve."""
    from ops import indexes
    from ops.connection import reach

    work_dir = settings.local_dir / "cache" / "repair"
    say(indexes.promote(reach(settings), work_dir, options.recipe, incomplete=options.incomplete))
    return 0


def vectors(settings: LocalSettings, _options: argparse.Namespace) -> int:
    """Copy the version that serves to Amazon S3 Vectors, or what has changed since."""
    from config.vectors import VectorSettings
    from ops import indexes
    from ops.connection import reach

    if settings.stage == "local":
        raise LocalStackError("the AWS on this machine has no S3 Vectors", hint="Name a stage: make vectors STAGE=dev.")
    bucket = VectorSettings.load().vector_bucket
    copied = indexes.copy_to_vectors(reach(settings), settings.local_dir / "cache" / "vectors", bucket)
    say(
        f"S3 Vectors holds version {copied.version} ({copied.tracks} tracks, recall {copied.recall:.3f}): "
        f"{copied.put} put, {copied.deleted} deleted"
    )
    if copied.left_out:
        say(f"{copied.left_out} tracks have more to show than it takes and were left out; the log names them")
    return 0


def shards(settings: LocalSettings, options: argparse.Namespace) -> int:
    """Divide the index of the stack on this machine, and serve its shards behind a front door until Ctrl-C."""
    from ops.connection import reach
    from ops.shards import try_shards

    if settings.stage != "local":
        raise LocalStackError(
            f"the shards of stage {settings.stage} are not served from here", hint="docs/scaling.md says how they are."
        )
    return try_shards(reach(settings), settings.local_dir / "cache" / "shards", options.of, options.port, say)


def redrive(settings: LocalSettings, options: argparse.Namespace) -> int:
    """Show every queue's dead letters, and send back those asked for."""
    from ops import dead_letters
    from ops.connection import reach

    deployment = reach(settings)
    dead_letters.show(deployment, say)
    if queue := options.send:
        moved = dead_letters.send_back(deployment.sqs, settings.stage, queue)
        say(f"{moved} {'sent back to' if dead_letters.is_work(queue) else 'dropped from'} {queue}")
    return 0


def export(settings: LocalSettings, options: argparse.Namespace) -> int:
    """Save the whole catalogue to one file."""
    from ops import catalogue, catalogue_file
    from ops.connection import reach

    deployment = reach(settings)
    items = catalogue.scan(deployment.dynamodb, options.table or deployment.parameters["tracks-table"])
    say(f"{catalogue_file.write(options.file, items).tracks} tracks of stage {settings.stage} are in {options.file}")
    return 0


def import_(settings: LocalSettings, options: argparse.Namespace) -> int:
    """Load a catalogue from a file: tracks that the table lacks, or has in an older state."""
    from earshot.stores.digests import Digests
    from ops import catalogue
    from ops.connection import reach

    deployment = reach(settings)
    table = deployment.parameters["tracks-table"]
    imported = catalogue.load(deployment.dynamodb, table, options.file)
    Digests(deployment.dynamodb, deployment.parameters["crawls-table"]).renew()
    say(f"{imported.written} tracks written, {imported.kept} were there already; the index follows by itself")
    return 0


def smoke(settings: LocalSettings, options: argparse.Namespace) -> int:
    """Whether the stage works: its health, and with a playlist one crawl and one query."""
    from ops.connection import connect
    from ops.smoke import smoke as check

    return check(connect(settings), options.playlist, say)


def main(arguments: Sequence[str]) -> int:
    """Run one verb; errors that people can mend become two lines."""
    options = _parser().parse_args(arguments)
    run: Verb = options.run

    def in_the_stage(settings: LocalSettings) -> int:
        chosen = settings.model_copy(update={"stage": options.stage or settings.stage})
        with aws_in_words(chosen.stage):
            return run(chosen, options)

    return in_words(in_the_stage)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ops", description=__doc__)
    parser.add_argument("--stage", help="`local`, or the name of a deployment (EARSHOT_STAGE; local)")
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    def add(name: str, run: Verb) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=run.__doc__, description=run.__doc__)
        added.set_defaults(run=run)
        return added

    add("status", status)
    add("where", where)
    crawling = add("crawl", crawl)
    crawling.add_argument("playlists", nargs="+", metavar="PLAYLIST", help="a folder, or a playlist id, URI or URL")
    crawling.add_argument(
        "--remove-missing",
        nargs="?",
        type=agreed,
        const=0,
        metavar="N",
        help="remove tracks that have left the playlist; where that is doubtful only if told so: up to N, or `all`",
    )
    add("extract", extract)
    seeking = add("similar", similar)
    seeking.add_argument("track", metavar="TRACK", help="a track id, URI or URL")
    seeking.add_argument("-k", type=int, default=10, help="how many (1 to 100)")
    _add_repair_options(add("repair", repair))
    promoting = add("promote", promote)
    promoting.add_argument("recipe", metavar="RECIPE", help="its name (docs/models.md)")
    promoting.add_argument(
        "--incomplete", action="store_true", help="although it lacks tracks of the one that serves, which are left out"
    )
    add("vectors", vectors)
    sharding = add("shards", shards)
    sharding.add_argument("--of", type=int, choices=range(1, 17), default=4, metavar="N", help="1 to 16 (%(default)s)")
    sharding.add_argument("--port", type=int, default=8100, help="of the front door; shards follow (%(default)s)")
    add("redrive", redrive).add_argument("--send", choices=queue_table().names, help="whose dead letters go back")
    exporting = add("export", export)
    exporting.add_argument("file", type=Path, metavar="FILE")
    exporting.add_argument("--table", help="not the stage's own: one that was restored from its backup")
    add("import", import_).add_argument("file", type=Path, metavar="FILE")
    add("smoke", smoke).add_argument("--playlist", help="one to crawl; a small one")
    return parser


def _add_repair_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--table-lost", action="store_true", help="write what the index holds and the table lacks back into the table"
    )
    parser.add_argument("--rebuild", action="store_true", help="build the index anew from nothing but the table")


if __name__ == "__main__":
    spare_the_terminal()
    sys.exit(main(sys.argv[1:]))
