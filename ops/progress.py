"""Shows how a crawl or an extraction proceeds: a bar on a terminal, a line now and then elsewhere."""

import sys
import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from earshot.track import Status
from ops.following import Standing

_LINE_EVERY_S = 5.0
_WIDTH = 140


def console() -> Console:
    """The terminal; where there is none, something as wide as the tables."""
    return Console() if sys.stdout.isatty() else Console(width=_WIDTH)


class Display:
    """A context manager to be shown every new standing.

    Args:
        title: what is going on.
    """

    def __init__(self, title: str) -> None:
        self._console = console()
        self._title = title
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._said = ""
        self._said_at = 0.0
        self._started = time.monotonic()

    def __enter__(self) -> "Display":
        if self._console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.fields[detail]}"),
                console=self._console,
            )
            self._bar.start()
            self._task = self._bar.add_task(self._title, total=None, detail="")
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, standing: Standing) -> None:
        """Draw `standing`."""
        detail = describe(standing, time.monotonic() - self._started)
        if self._bar is not None and self._task is not None:
            total = standing.total or None
            self._bar.update(self._task, total=total, completed=standing.settled, detail=detail)
        elif detail != self._said and (standing.done or time.monotonic() - self._said_at >= _LINE_EVERY_S):
            self._said, self._said_at = detail, time.monotonic()
            self._console.print(f"{self._title}: {standing.settled}/{standing.total}  {detail}", highlight=False)


def describe(standing: Standing, elapsed_s: float) -> str:
    """One line: what is on its way, how fast it goes, how long it will take."""
    parts = [f"{standing.ready} embedded", f"{standing.searchable} searchable"]
    if standing.reading:
        parts.insert(0, "reading the playlist")
    pending = standing.states[Status.PENDING]
    if pending:
        parts.append(f"{pending} on their way")
    if standing.waiting_until:
        parts.append(f"a provider asked to wait until {standing.waiting_until[:19]}Z")
    done = standing.total - pending
    if pending and done and elapsed_s > 2:
        rate = done / elapsed_s
        parts.append(f"{rate:.1f}/s, about {_duration(pending / rate)} left")
    return ", ".join(parts)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
