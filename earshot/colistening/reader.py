"""Keeps the newest intact co-listening table open."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from earshot.colistening.store import ColisteningStore, Head
from earshot.colistening.table import ColisteningTable
from earshot.index.cache import FileCache
from earshot.index.newest import Newest

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


class ColisteningReader(Newest[Head, ColisteningTable]):
    """Answers from the newest version; safe to share between threads.

    Args:
        s3_client: a boto3 S3 client.
        bucket: the index bucket.
        cache_dir: where files of tables are kept; it belongs to this reader.
        check_every_s: how often `current` asks S3 for a newer version, at most.
    """

    def __init__(self, s3_client: "S3Client", bucket: str, cache_dir: Path | str, check_every_s: float = 3.0) -> None:
        super().__init__("co-listening table", check_every_s)
        self._store = ColisteningStore(s3_client, bucket)
        self._cache = FileCache(self._store, Path(cache_dir) / "tables")
        self._nothing_until = 0.0

    def current(self) -> ColisteningTable | None:
        """The newest intact version, the one before it while that cannot be had; None: nothing has been learned yet.

        Raises:
            DamagedIndex: the only version there is cannot be used.
        """
        if self._serving is None and time.monotonic() < self._nothing_until:
            return None
        return self._newest()

    def look_again(self) -> None:
        """Let the next question ask S3, whatever the clock says."""
        super().look_again()
        self._nothing_until = 0.0

    def _look(self, seen: Head | None) -> Head | None:
        head = self._store.head(unless=seen)
        if head is None and seen is None:  # many have no plays, and each of their answers would ask again
            self._nothing_until = time.monotonic() + self._check_every_s
        return head

    def _opened(self, head: Head, serving: ColisteningTable | None) -> ColisteningTable:
        if serving is not None and head.pointer.version == serving.version:
            return serving
        table = ColisteningTable(self._store.manifest(head.pointer), self._cache)
        self._cache.keep_only([table.manifest.table.id])
        return table
