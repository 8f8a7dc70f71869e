"""Keeps open the newest version that S3 Vectors holds: of the index bucket only small objects are read."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from earshot.errors import DamagedIndex, NoIndexYet
from earshot.index.neighbours import Neighbours
from earshot.index.newest import Newest
from earshot.index.reader import Transforms
from earshot.index.s3_vectors.record import RECORD_KEY, Record, Serving
from earshot.index.s3_vectors.searcher import VectorsSearcher
from earshot.index.s3_vectors.service import VectorIndex, VectorsClient
from earshot.index.store import IndexStore
from earshot.index.transform import CatalogueTransform

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True)
class Head:
    """What the record says that serves, with the record's ETag."""

    etag: str
    serving: Serving


class VectorsReader(Newest[Head, VectorsSearcher]):
    """Serves queries from the newest version in S3 Vectors; safe to share between threads.

    Args:
        s3_client: a boto3 S3 client.
        bucket: the index bucket.
        vectors_client: a boto3 client of S3 Vectors, with `earshot.index.s3_vectors.service.ASKING`.
        vector_bucket: the vector bucket.
        check_every_s: how often `current` asks S3 for a newer version, at most.
    """

    def __init__(
        self,
        s3_client: "S3Client",
        bucket: str,
        vectors_client: VectorsClient,
        vector_bucket: str,
        check_every_s: float = 3.0,
    ) -> None:
        super().__init__("copy in S3 Vectors", check_every_s)
        self._store = IndexStore(s3_client, bucket)
        self._client = vectors_client
        self._vector_bucket = vector_bucket
        self._transforms = Transforms(self._store)

    def current(self) -> VectorsSearcher:
        """The newest version that has been copied.

        Raises:
            NoIndexYet: none has been.
            DamagedIndex: its manifest cannot be read.
        """
        searcher = self._newest()
        if searcher is None:
            raise NoIndexYet("no index version has been copied to S3 Vectors", hint="Copy it: make vectors.")
        return searcher

    def transform(self, searcher: Neighbours) -> CatalogueTransform:
        """What turns embeddings into vectors of this version; fetched when first asked for.

        Raises:
            DamagedIndex: it is not what the manifest promises.
        """
        return self._transforms.of(searcher)

    def _look(self, seen: Head | None) -> Head | None:
        found = self._store.see(RECORD_KEY, unless=seen.etag if seen else None)
        serving = Record.from_bytes(found.body).serving if found else None
        return Head(found.etag, serving) if found and serving else None

    def _opened(self, head: Head, serving: VectorsSearcher | None) -> VectorsSearcher:
        named = head.serving
        if serving is not None and serving.version == named.version:
            return serving
        manifest = self._store.old_manifest(named.version)
        if manifest is None:
            raise DamagedIndex(
                f"the manifest of version {named.version}, which S3 Vectors holds, is missing",
                hint="Copy the version that serves: make vectors.",
            )
        return VectorsSearcher(manifest, VectorIndex(self._client, self._vector_bucket, named.index), named.recall)
