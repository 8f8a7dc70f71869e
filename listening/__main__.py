"""`python -m listening keep` and `learn`: what the clock does, at once. The environment says to which stage."""

import argparse
import sys
from collections.abc import Sequence

from botocore.exceptions import BotoCoreError, ClientError

from earshot.errors import EarshotError
from earshot.terminal import spare_the_terminal


def main(words: Sequence[str] | None = None) -> int:
    """Run what `words`, or the command line, say; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m listening", description="Keeps plays, and learns from them.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("keep", help="merge the lake, match plays again, forget who asked, make tastes")
    commands.add_parser("learn", help="learn from all that was played")
    command = parser.parse_args(words).command
    try:
        return _keep() if command == "keep" else _learn()
    except EarshotError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        return 1
    except (BotoCoreError, ClientError) as error:
        sys.stderr.write(f"AWS does not do it: {error}\nCheck your credentials and region.\n")
        return 1
    except KeyboardInterrupt:
        return 130


def _keep() -> int:
    from listening import bootstrap  # the terminal is spared before anything writes to it

    done = bootstrap.keep().run(lambda: False)
    sys.stdout.write(
        f"{done.merged} days merged, {done.expired} objects too old, {done.forgotten} listeners forgotten, "
        f"{done.matched} plays matched, {done.tastes} tastes made.\n"
    )
    return 0


def _learn() -> int:
    from listening import bootstrap  # as above

    snapshot = bootstrap.learn().run()
    said = f"{snapshot.plays} plays of {snapshot.listeners} listeners" if snapshot else "nothing"
    sys.stdout.write(f"Learned from {said}.\n")
    return 0


if __name__ == "__main__":
    spare_the_terminal()
    sys.exit(main(sys.argv[1:]))
