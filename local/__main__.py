"""`python -m local <verb>`: what stands behind `make up`, `make crawl`, `make demo` and the rest."""

import argparse
import signal
import sys
import threading
import time

from config.local import LocalSettings
from earshot.errors import EarshotError
from local import lock
from local.stack import Stack, use_local_aws

_DOWN_TIMEOUT_S = 120.0


def say(text: str) -> None:
    """A line on the terminal, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def up(settings: LocalSettings) -> int:
    """Run the stack until Ctrl-C or SIGTERM."""
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


def main(arguments: list[str]) -> int:
    """Run one verb; errors that people can mend become two lines."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("up", help="start everything; Ctrl-C stops it")
    verbs.add_parser("down", help="stop what `up` started")
    options = parser.parse_args(arguments)
    try:
        settings = LocalSettings.load()
        return {"up": up, "down": down}[options.verb](settings)
    except EarshotError as error:
        sys.stderr.write(f"error: {error.message}\n" + (f"{error.hint}\n" if error.hint else ""))
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
