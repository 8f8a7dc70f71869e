"""The rows of the newest version, for whoever reads all and searches nothing: neither engine nor shelf is fetched."""

from pathlib import Path
from typing import TYPE_CHECKING

from earshot.index.arrays import Mask
from earshot.index.cache import SegmentCache
from earshot.index.segment import StoredSegment
from earshot.index.store import IndexStore

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

StoredRows = list[tuple[StoredSegment, Mask | None]]
"""Segments, each with the mask of its dead rows (None: all live)."""


def newest_rows(s3_client: "S3Client", bucket: str, folder: Path) -> StoredRows:
    """The segments of the version that serves; none where nothing has been published.

    Args:
        s3_client: a boto3 S3 client.
        bucket: the index bucket.
        folder: room for files, of nobody else.

    Raises:
        DamagedIndex: the version cannot be used, or was removed meanwhile.
    """
    store = IndexStore(s3_client, bucket)
    head = store.head()
    if head is None:
        return []
    manifest, cache = store.manifest(head.pointer), SegmentCache(store, folder)
    return [(StoredSegment(cache, entry, dim=manifest.dim), entry.dead_mask()) for entry in manifest.segments]
