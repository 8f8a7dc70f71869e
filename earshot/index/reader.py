"""Keeps the newest intact index version open: pays for what changed, never trades a good version for a bad one."""

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from earshot.errors import DamagedIndex, NoIndexYet
from earshot.index.cache import SegmentCache
from earshot.index.manifest import Manifest, transform_key
from earshot.index.searcher import Searcher
from earshot.index.segment import Segment
from earshot.index.store import Head, IndexStore
from earshot.index.transform import CatalogueTransform
from earshot.telemetry import emit, logger

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_RETRY_DAMAGED_S = 30.0

_log = logger()


class IndexReader:
    """Serves queries from the newest version; safe to share between threads.

    Args:
        s3_client: a boto3 S3 client.
        bucket: the index bucket.
        cache_dir: where segment files are kept; it belongs to this reader.
        check_every_s: how often `current` asks S3 for a newer version, at most.
    """

    def __init__(self, s3_client: "S3Client", bucket: str, cache_dir: Path | str, check_every_s: float = 3.0) -> None:
        self._store = IndexStore(s3_client, bucket)
        self._cache = SegmentCache(self._store, Path(cache_dir))
        self._check_every_s = check_every_s
        self._lock = threading.Lock()
        self._due = 0.0
        self._seen: Head | None = None
        self._searcher: Searcher | None = None
        self._segments: dict[str, Segment] = {}
        self._transform: tuple[str, CatalogueTransform] | None = None

    def current(self) -> Searcher:
        """The newest intact version; the one before it while that cannot be had.

        A thread that finds another one loading keeps using the version at hand.

        Raises:
            NoIndexYet: nothing has been published.
            DamagedIndex: the only version there is cannot be used.
        """
        searcher = self._searcher
        if searcher is not None and time.monotonic() < self._due and searcher.is_untouched():
            return searcher
        if self._lock.acquire(blocking=searcher is None or not searcher.is_untouched()):
            try:
                self._update(force=False)
                searcher = self._searcher
            finally:
                self._lock.release()
        if searcher is None:
            raise NoIndexYet("no index version has been published")
        return searcher

    def refresh(self) -> None:
        """Look for a newer version now (a version was announced).

        Raises:
            DamagedIndex: the only version there is cannot be used.
        """
        with self._lock:
            self._update(force=True)

    def look_again(self) -> None:
        """Let the next `current` ask S3, whatever the clock says: in a copy of a machine it may have been set back."""
        with self._lock:
            self._due = 0.0

    def transform(self, searcher: Searcher) -> CatalogueTransform:
        """What turns embeddings into vectors of this version; fetched when first asked for.

        Raises:
            DamagedIndex: it is not what the manifest promises.
        """
        stored = searcher.transform
        known = self._transform
        if known is None or known[0] != stored.sha256:
            body = self._store.read(transform_key(stored), stored)
            known = self._transform = stored.sha256, CatalogueTransform.from_bytes(body)
        return known[1]

    def _update(self, *, force: bool) -> None:
        if self._searcher is not None and not self._searcher.is_untouched():
            self._report("a file of the open index version was written to; loading it anew")
            self._searcher, self._seen, self._segments = None, None, {}
        if not force and self._searcher is not None and time.monotonic() < self._due:
            return
        self._due = time.monotonic() + self._check_every_s
        try:
            head = self._store.head_if_changed(self._seen) if self._seen else self._store.head()
            if head is not None:
                self._open(head)
        except DamagedIndex as error:
            self._report(f"damaged index: {error.message}")
            self._due = time.monotonic() + max(_RETRY_DAMAGED_S, self._check_every_s)
            if self._searcher is None:
                raise
        except OSError as error:
            self._report(f"cannot store the newer index version: {error}")
            self._due = time.monotonic() + max(_RETRY_DAMAGED_S, self._check_every_s)
            if self._searcher is None:
                raise
        except (ClientError, BotoCoreError):
            if self._searcher is None:
                raise
            _log.warning("cannot check for a newer index version", serving=self._searcher.version, exc_info=True)

    def _open(self, head: Head) -> None:
        if self._searcher is None or head.pointer.version != self._searcher.version:
            manifest = self._store.manifest(head.pointer)
            segments = open_segments(self._cache, manifest, self._segments)
            self._searcher = Searcher(manifest, tuple(segments.values()))
            self._segments = segments
            self._cache.keep_only(segments)
        self._seen = head

    def _report(self, message: str) -> None:
        _log.error(message, serving=self._searcher.version if self._searcher else None)
        emit("IndexDamaged", 1)


def open_segments(cache: SegmentCache, manifest: Manifest, already: dict[str, Segment]) -> dict[str, Segment]:
    """The segments of `manifest` by id, in its order; those `already` open are used again.

    Raises:
        DamagedIndex: one of them is not what the manifest says.
    """
    return {entry.id: already.get(entry.id) or Segment(cache, entry, dim=manifest.dim) for entry in manifest.segments}
