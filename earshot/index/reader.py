"""Keeps the newest intact index version open, and pays for what changed."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from earshot.errors import NoIndexYet
from earshot.index.cache import SegmentCache
from earshot.index.manifest import Manifest, SegmentEntry, transform_key
from earshot.index.neighbours import Neighbours
from earshot.index.newest import Newest
from earshot.index.searcher import Searcher
from earshot.index.segment import Segment
from earshot.index.store import Head, IndexStore
from earshot.index.transform import CatalogueTransform

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_AT_ONCE = 4
"""Segments that are fetched at a time: a base is a gigabyte, and one connection to S3 brings some 90 MB a second."""


class IndexReader(Newest[Head, Searcher]):
    """Serves queries from the newest version; safe to share between threads.

    Args:
        s3_client: a boto3 S3 client.
        bucket: the index bucket.
        cache_dir: where segment files are kept; it belongs to this reader.
        check_every_s: how often `current` asks S3 for a newer version, at most.
    """

    def __init__(self, s3_client: "S3Client", bucket: str, cache_dir: Path | str, check_every_s: float = 3.0) -> None:
        super().__init__("index", check_every_s)
        self._store = IndexStore(s3_client, bucket)
        self._cache = SegmentCache(self._store, Path(cache_dir))
        self._segments: dict[str, Segment] = {}
        self._transforms = Transforms(self._store)

    def current(self) -> Searcher:
        """The newest intact version; the one before it while that cannot be had.

        Raises:
            NoIndexYet: nothing has been published.
            DamagedIndex: the only version there is cannot be used.
        """
        searcher = self._newest()
        if searcher is None:
            raise NoIndexYet("no index version has been published")
        return searcher

    def transform(self, searcher: Neighbours) -> CatalogueTransform:
        """What turns embeddings into vectors of this version; fetched when first asked for.

        Raises:
            DamagedIndex: it is not what the manifest promises.
        """
        return self._transforms.of(searcher)

    def _look(self, seen: Head | None) -> Head | None:
        return self._store.head_if_changed(seen) if seen else self._store.head()

    def _opened(self, head: Head, serving: Searcher | None) -> Searcher:
        if serving is not None and head.pointer.version == serving.version:
            return serving
        manifest = self._store.manifest(head.pointer)
        segments = open_segments(self._cache, manifest, self._segments if serving else {})
        self._segments = segments
        self._cache.keep_only(segments)
        return Searcher(manifest, tuple(segments.values()))


class Transforms:
    """Catalogue transforms of versions; the last one is remembered.

    Args:
        store: where they are.
    """

    def __init__(self, store: IndexStore) -> None:
        self._store = store
        self._known: tuple[str, CatalogueTransform] | None = None

    def of(self, searcher: Neighbours) -> CatalogueTransform:
        """That of a version.

        Raises:
            DamagedIndex: it is not what the manifest promises.
        """
        stored, known = searcher.transform, self._known
        if known is None or known[0] != stored.sha256:
            body = self._store.read(transform_key(stored), stored)
            known = self._known = stored.sha256, CatalogueTransform.from_bytes(body)
        return known[1]


def open_segments(cache: SegmentCache, manifest: Manifest, already: dict[str, Segment]) -> dict[str, Segment]:
    """The segments of `manifest` by id, in its order; those `already` open are used again, others are fetched together.

    Raises:
        DamagedIndex: one of them is not what the manifest says.
    """

    def opened(entry: SegmentEntry) -> Segment:
        return already.get(entry.id) or Segment(cache, entry, dim=manifest.dim)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return dict(zip((entry.id for entry in manifest.segments), pool.map(opened, manifest.segments), strict=True))
