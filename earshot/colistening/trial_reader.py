"""Keeps the trial that runs open, with the table of its challenger."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from earshot.colistening.store import ColisteningStore, TrialHead
from earshot.colistening.table import ColisteningTable
from earshot.colistening.trial import Arm, Trial
from earshot.errors import DamagedIndex
from earshot.index.cache import FileCache
from earshot.index.newest import Newest
from earshot.plays import ListenerId

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True)
class RunningTrial:
    """A trial and its table; None where nothing was fitted yet, or it is over."""

    trial: Trial
    table: ColisteningTable | None

    @property
    def version(self) -> str:
        """Its name, for log lines."""
        return self.trial.name

    def is_untouched(self) -> bool:
        """Whether the table's files are as they were."""
        return self.table is None or self.table.is_untouched()

    def table_for(self, listener: ListenerId) -> ColisteningTable | None:
        """The challenger's table where the listener is in its arm."""
        return self.table if self.trial.arm_of(listener) is Arm.CHALLENGER else None


class TrialReader(Newest[TrialHead, RunningTrial]):
    """Answers from the newest word on trials; safe to share between threads.

    Args:
        s3_client: a boto3 S3 client.
        bucket: the index bucket.
        cache_dir: where files of tables are kept; it belongs to this reader.
        check_every_s: how often S3 is asked, at most.
    """

    def __init__(self, s3_client: "S3Client", bucket: str, cache_dir: Path | str, check_every_s: float) -> None:
        super().__init__("trial", check_every_s)
        self._store = ColisteningStore(s3_client, bucket)
        self._cache = FileCache(self._store, Path(cache_dir) / "trial")
        self._nothing_until = 0.0

    def table_for(self, listener: ListenerId) -> ColisteningTable | None:
        """The challenger's table, where a trial runs, the listener is in its arm, and its table is intact."""
        if self._serving is None and time.monotonic() < self._nothing_until:
            return None
        try:
            running = self._newest()
        except DamagedIndex:  # told already; the champion serves everybody
            return None
        return running.table_for(listener) if running else None

    def _look(self, seen: TrialHead | None) -> TrialHead | None:
        head = self._store.trial(unless=seen)
        if head is None and seen is None:
            self._nothing_until = time.monotonic() + self._check_every_s
        return head

    def _opened(self, head: TrialHead, serving: RunningTrial | None) -> RunningTrial:
        trial = head.trial
        if trial.pointer is None or not trial.share:
            return RunningTrial(trial, None)
        table = serving.table if serving else None
        if table is None or table.version != trial.pointer.version:
            table = ColisteningTable(self._store.manifest(trial.pointer), self._cache)
            self._cache.keep_only([table.manifest.table.id])
        return RunningTrial(trial, table)
