"""How the demo ends: with the page, in a browser where there is one, for as long as somebody looks at it."""

import os
import signal
import sys
import threading
import webbrowser
from collections.abc import Mapping
from dataclasses import dataclass

from local.stack import Stack
from ops.terminal import Say


@dataclass(frozen=True, slots=True)
class Ending:
    """Whether the demo goes on until Ctrl-C, and whether it opens a browser."""

    keeps_on: bool
    opens: bool

    @classmethod
    def of(cls, *, keep: bool, may_open: bool, is_terminal: bool, environ: Mapping[str, str]) -> "Ending":
        """Who sits at a terminal gets the page; a script, and CI, gets an end, unless it asks to `keep`."""
        is_watched = is_terminal and not environ.get("CI")
        return cls(keep or is_watched, is_watched and may_open and _has_windows(environ))


def _has_windows(environ: Mapping[str, str]) -> bool:
    """Elsewhere `webbrowser` would start a browser for terminals, in the demo's own."""
    return sys.platform in ("darwin", "win32") or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


def ending(*, keep: bool, may_open: bool) -> Ending:
    """The same, of this process."""
    return Ending.of(keep=keep, may_open=may_open, is_terminal=sys.stdout.isatty(), environ=os.environ)


def stay(stack: Stack, how: Ending, say: Say) -> None:
    """Say where the page is, open it, and let everything run until Ctrl-C or SIGTERM."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    say(f"The page, with this music in it: {stack.settings.api_url}/  (Ctrl-C ends the demo)")
    if how.opens:
        webbrowser.open(f"{stack.settings.api_url}/")
    stack.watch(stop)
