"""`python -m local up|down`: what stands behind `make up` and `make down`."""

import argparse
import signal
import sys
import threading
import time

from config.local import LOOPBACK, LocalSettings
from earshot.running_stack import running
from earshot.terminal import spare_the_terminal
from local.lan import invitation, key_of
from ops import lock
from ops.terminal import in_words, only_local, say

_DOWN_TIMEOUT_S = 120.0


def up(settings: LocalSettings) -> int:
    """Run the stack until Ctrl-C or SIGTERM."""
    from local.stack import Stack  # with everything that repairs need, which `down` does not
    from ops.connection import use_local_aws

    only_local(settings)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    use_local_aws(settings.aws_url)
    started = time.monotonic()
    with Stack(settings, say) as stack:
        say(f"Earshot is up after {time.monotonic() - started:.1f} s: {settings.api_url}  (Ctrl-C stops it)")
        if settings.local_host != LOOPBACK:
            say(invitation(settings.port, key_of(settings.local_dir)))
        stack.watch(stop)
        say("stopping …")
    say("stopped; everything is kept under " + str(settings.local_dir))
    return 0


def down(settings: LocalSettings) -> int:
    """Stop the stack that runs, and wait until it is gone."""
    stack = running(settings.local_dir)
    if stack is None:
        say("no stack runs here")
        return 0
    lock.terminate(settings.local_dir, stack, timeout_s=_DOWN_TIMEOUT_S)
    say(f"stopped (process {stack.pid})")
    return 0


def main(arguments: list[str]) -> int:
    """Run one verb."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("up", help="start everything; Ctrl-C stops it")
    verbs.add_parser("down", help="stop what `up` started")
    return in_words({"up": up, "down": down}[parser.parse_args(arguments).verb])


if __name__ == "__main__":
    spare_the_terminal()
    sys.exit(main(sys.argv[1:]))
