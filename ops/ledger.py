"""Which crawls were asked for, noted outside the embedded AWS, which forgets them when it is killed."""

import json
import time
from collections.abc import Callable, Set
from dataclasses import dataclass
from pathlib import Path

from earshot.clock import now_iso
from earshot.ids import CrawlId, TrackId
from earshot.track import Status
from ops.deployment import Deployment

_NAME = "crawls.jsonl"


@dataclass(frozen=True, slots=True)
class Asked:
    """A crawl as it was asked for."""

    playlist: str
    remove_missing: bool = False


class Ledger:
    """Append-only notes: crawls that were started, crawls that have settled. Several processes may write them.

    Args:
        directory: the stack's state directory.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / _NAME
        self._known, self._settled = self._read()
        self._not_before = 0.0

    def started(self, crawl_id: str, playlist: str, *, remove_missing: bool = False) -> None:
        """Note a crawl, once."""
        if crawl_id not in self._known:
            self._known[crawl_id] = Asked(playlist, remove_missing)
            self._append(
                {"crawl_id": crawl_id, "playlist": playlist, "remove_missing": remove_missing, "noted": now_iso()}
            )

    def settled(self, crawl_id: str) -> None:
        """Note that nothing of it is left to do."""
        if crawl_id not in self._settled:
            self._settled.add(crawl_id)
            self._append({"crawl_id": crawl_id, "settled": True})

    def unsettled(self) -> dict[str, Asked]:
        """By id every crawl that was cut short, oldest first."""
        return {crawl_id: asked for crawl_id, asked in self._known.items() if crawl_id not in self._settled}

    def update(self, deployment: Deployment, in_index: Callable[[Set[TrackId]], Set[TrackId]]) -> None:
        """Note the crawls that the crawls table lists, however they were started, and those that are safe.

        A crawl is safe when nothing of it is pending and all that is ready is in the index: a table that was lost is
        written back from there, and from nowhere else. Looking costs what the crawls hold, so it is left out when the
        last look was short ago for its length.

        Args:
            deployment: the stage.
            in_index: gives those of some tracks that the index holds.
        """
        began = time.monotonic()
        if began < self._not_before:
            return
        for summary in deployment.crawls.list(None):
            if summary.crawl_id not in self._settled:
                remove_missing = summary.step is not None and summary.step.remove_missing
                self.started(summary.crawl_id, summary.playlist, remove_missing=remove_missing)
                unwanted = summary.cancelled is not None  # it must not begin anew
                if summary.finished and (unwanted or _is_safe(summary.crawl_id, deployment, in_index)):
                    self.settled(summary.crawl_id)
        self._not_before = time.monotonic() + 20 * (time.monotonic() - began)

    def _append(self, note: dict[str, object]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            # The line break comes first too: the line before may have been cut short by a death.
            file.write(f"\n{json.dumps(note)}\n")

    def _read(self) -> tuple[dict[str, Asked], set[str]]:
        known: dict[str, Asked] = {}
        settled: set[str] = set()
        if self._path.exists():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                try:
                    note = json.loads(line)
                except ValueError:
                    continue  # cut short by a death while it was written, or empty
                if note.get("settled"):
                    settled.add(note["crawl_id"])
                else:
                    known[note["crawl_id"]] = Asked(note["playlist"], note.get("remove_missing", False))
        return known, settled


def _is_safe(crawl_id: CrawlId, deployment: Deployment, in_index: Callable[[Set[TrackId]], Set[TrackId]]) -> bool:
    states = deployment.tracks.states(entry.track_id for entry in deployment.crawls.entries(crawl_id) if entry.track_id)
    by_status: dict[Status, set[TrackId]] = {status: set() for status in Status}
    for track_id, (status, _) in states.items():
        by_status[status].add(track_id)
    return not by_status[Status.PENDING] and by_status[Status.READY] <= in_index(by_status[Status.READY])
