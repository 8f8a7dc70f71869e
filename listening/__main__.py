"""`python -m listening keep` and `learn`: what the clock does, at once; `trial`: another model for some listeners. The
environment says on which stage."""

import argparse
import sys
from collections.abc import Sequence

from botocore.exceptions import BotoCoreError, ClientError

from earshot.colistening.trial import Arm
from earshot.errors import EarshotError
from earshot.terminal import spare_the_terminal


def main(words: Sequence[str] | None = None) -> int:
    """Run what `words`, or the command line, say; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m listening", description="Keeps plays, and learns from them.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("keep", help="merge the lake, match plays again, forget who asked, make tastes")
    commands.add_parser("learn", help="learn from all that was played")
    trial = commands.add_parser("trial", help="try another model on some of the listeners")
    verbs = trial.add_subparsers(dest="verb", required=True)
    start = verbs.add_parser("start", help="from the next learning on")
    start.add_argument("name", help="of the trial; another name draws other listeners")
    start.add_argument("version", help="whose model is tried (a manifest in the index bucket)")
    start.add_argument("--share", type=float, default=0.1, help="of the listeners, at most 0.5 (%(default)s)")
    verbs.add_parser("report", help="how both arms do")
    verbs.add_parser("end", help="everybody gets one of the tables").add_argument(
        "--adopt", type=Arm, choices=list(Arm), default=Arm.CHAMPION, help="whose (%(default)s)"
    )
    said = parser.parse_args(words)
    try:
        if said.command == "trial":
            return _trial(said)
        return _keep() if said.command == "keep" else _learn()
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


def _trial(said: argparse.Namespace) -> int:
    from listening import bootstrap, trials  # as above

    store, listeners, shown = bootstrap.trials()
    if said.verb == "start":
        trial = trials.start(store, said.name, said.version, said.share)
        sys.stdout.write(f"{trial.name} begins with the next learning: python -m listening learn, or the clock.\n")
    elif said.verb == "end":
        sys.stdout.write(f"{trials.end(store, adopted=said.adopt).name} is over: the {said.adopt} serves everybody.\n")
    else:
        head = store.trial()
        found = trials.text(head.trial, trials.report(head.trial, listeners, shown)) if head else "No trial ever ran."
        sys.stdout.write(f"{found}\n")
    return 0


if __name__ == "__main__":
    spare_the_terminal()
    sys.exit(main(sys.argv[1:]))
