"""Makes table, index and previews agree again after any kind of death; here at every start, elsewhere on demand.

The stream is a wake-up signal, the table is the truth, S3 is the backup. Everything here may be repeated, also while
the functions run.
"""

import time
from dataclasses import dataclass
from pathlib import Path

from annoy_service.generations import succeed
from annoy_service.index import announce
from annoy_service.repair import (
    Progress,
    check_index,
    index_missing,
    rebuild_from_table,
    restore_table_from_index,
)
from earshot.errors import DamagedIndex
from earshot.stores.tracks_table import TracksTable
from ops.deployment import Deployment
from ops.indexes import index_services
from ops.terminal import Say

_SAY_EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class Repaired:
    """What had to be done; all zero when everything agreed."""

    restored: int = 0
    indexed: int = 0
    unindexed: int = 0
    resumed: int = 0
    redriven: int = 0
    unreadable: int = 0

    def __str__(self) -> str:
        parts = [
            (self.restored, "tracks restored from the index into the table"),
            (self.indexed, "tracks added to the index"),
            (self.unindexed, "tracks removed from the index"),
            (self.resumed, "crawls taken up again"),
            (self.redriven, "tracks given back to the crawler or the extractor"),
            (self.unreadable, "tracks that cannot be read (see the log)"),
        ]
        return ", ".join(f"{count} {what}" for count, what in parts if count) or "everything agrees"


def repair(
    deployment: Deployment,
    work_dir: Path,
    *,
    table_lost: bool,
    messages_lost: bool = True,
    check: bool = True,
    rebuild: bool = False,
    say: Say,
) -> Repaired:
    """Bring everything into agreement.

    Args:
        deployment: the stage.
        work_dir: for index files.
        table_lost: whether the table may lack what the index holds. A table that is empty counts as lost in any case:
            taking it for the truth would empty the index.
        messages_lost: whether messages may be lost: every crawl and track that waits gets one then, at once. Otherwise
            only what is overdue does.
        check: read every object of the index, instead of only what is compared with the table.
        rebuild: build the index anew from nothing but the table, even where it can be read.
        say: told of steps that take long, and how far they have come.
    """
    services = index_services(deployment, work_dir)
    restored = 0
    try:
        if table_lost or _is_empty(deployment.tracks):
            restored = restore_table_from_index(services, _progress(say, "tracks of the index looked at")).restored
        if check and not rebuild:
            check_index(services, _progress(say, "tracks of the index checked"))
        if not rebuild:
            agreement = index_missing(services, _progress(say, "tracks of the table compared with the index"))
    except DamagedIndex as error:
        say(f"the index cannot be read ({error.message}); rebuilding it from the table")
        rebuild = True
    if rebuild:
        agreement = rebuild_from_table(services, _progress(say, "tracks of the table read"))
    outcome = succeed(services)
    if outcome and not announce(outcome, services).serves:
        recipe = services.leading.recipe.name
        say(
            f"the index of {recipe} does not serve yet: it lacks tracks of the one that does. "
            f"Crawl again, or leave those tracks out: make promote RECIPE={recipe} ARGS=--incomplete"
        )
    reconcile = deployment.reconcile.at_once() if messages_lost else deployment.reconcile
    resumed, given_back = reconcile.resume_crawls(), reconcile.give_back_tracks()
    return Repaired(
        restored=restored,
        indexed=agreement.added,
        unindexed=agreement.removed,
        resumed=resumed.crawls,
        redriven=len(given_back.to_extract) + len(given_back.to_fetch),
        unreadable=len(agreement.unreadable),
    )


def _progress(say: Say, what: str) -> Progress:
    """Says how many every few seconds; nothing of what is quickly done."""
    said_at = time.monotonic()

    def progress(tracks: int) -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= _SAY_EVERY_S:
            say(f"{tracks:,} {what}")
            said_at = time.monotonic()

    return progress


def _is_empty(table: TracksTable) -> bool:
    return next(iter(table.scan_items()), None) is None
