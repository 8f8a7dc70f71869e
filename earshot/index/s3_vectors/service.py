"""An index of Amazon S3 Vectors: puts, deletes, looks up and asks for what is nearest, within the service's limits.

The limits are those of the service's documentation as of 2026-10 (limitations and restrictions of S3 Vectors); sizes of
requests and errors are those of its API (botocore's `s3vectors`, 2025-07-15).
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

import numpy as np
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection

from earshot.embedding import Vector
from earshot.errors import DamagedIndex, IndexRefused, IndexUnavailable
from earshot.index.arrays import StoredVectors
from earshot.index.transform import unit
from earshot.stores.s3 import code_of

PUT_AT_ONCE = 500
"""Vectors of one PutVectors, and keys of one DeleteVectors."""
GET_AT_ONCE = 100
MOST_NEAREST = 10_000
"""Results of one query, which come in pages."""
MOST_TEXT = 39_000
"""Bytes; of metadata a vector may have 40 kB in all."""
_PUT_BYTES = 12 << 20
"""Of what vectors carry, as JSON, in one PutVectors: a request may have 20 MiB, the numbers in it are 1.4."""
_TEXT, _NUMBERS = "text", "numbers"
"""Metadata: what is shown, and the stored vector once more (float16, base64). A query brings these along; to look up
the vectors of what it found costs twenty times as much. They cannot be filtered by, so no query is billed for them."""
_FOR_A_WHILE = frozenset(
    {"TooManyRequestsException", "ServiceUnavailableException", "InternalServerException", "RequestTimeoutException"}
)

ASKING = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 3})
"""Of who answers requests: twelve seconds and two short pauses at most for one call."""
WRITING = Config(connect_timeout=5, read_timeout=30, retries={"mode": "adaptive", "total_max_attempts": 8})
"""Of who has time: slows down by itself when the service says so."""


class VectorsClient(Protocol):
    """What is used of ``boto3.client("s3vectors")``."""

    def create_index(self, **request: Any) -> Mapping[str, Any]: ...  # noqa: D102 (AWS describes these)
    def get_index(self, **request: Any) -> Mapping[str, Any]: ...  # noqa: D102
    def delete_index(self, **request: Any) -> Mapping[str, Any]: ...  # noqa: D102
    def list_indexes(self, **request: Any) -> Mapping[str, Any]: ...  # noqa: D102
    def put_vectors(self, **request: Any) -> Mapping[str, Any]: ...  # noqa: D102
    def delete_vectors(self, **request: Any) -> Mapping[str, Any]: ...  # noqa: D102
    def get_vectors(self, **request: Any) -> Mapping[str, Any]: ...  # noqa: D102
    def query_vectors(self, **request: Any) -> Mapping[str, Any]: ...  # noqa: D102


class Carrying(NamedTuple):
    """A key, its vector (dim,) as float16, and a text that comes back with it."""

    key: str
    numbers: StoredVectors
    text: str

    @property
    def vector(self) -> Vector:
        """The vector with length 1, float32: what is compared."""
        vector: Vector = unit(self.numbers[None])[0]
        return vector


class Nearest(NamedTuple):
    """What is stored, and its cosine similarity to the query (-1..1)."""

    carried: Carrying
    similarity: float

    @property
    def key(self) -> str:
        """Of what is stored."""
        return self.carried.key


class VectorIndex:
    """One index, which need not exist.

    Every method raises `IndexUnavailable` when the service does not answer or has too much to do, after the retries of
    the client, and `IndexRefused` when it will not do what it was asked. Those that need the index to be there raise
    `DamagedIndex` when it is not.

    Args:
        client: of boto3, with `ASKING` or `WRITING`.
        bucket: the vector bucket.
        name: of the index: 3 to 63 lower-case letters, digits, hyphens and dots.
    """

    def __init__(self, client: VectorsClient, bucket: str, name: str) -> None:
        self.name = name
        self._client = client
        self._place = {"vectorBucketName": bucket, "indexName": name}

    def create(self, dim: int) -> None:
        """Make the index, for vectors (dim,) compared by their cosine, unless it is there."""
        with _in_words("make an index"):
            try:
                self._client.get_index(**self._place)
            except ClientError as error:
                if code_of(error) != "NotFoundException":
                    raise
            else:
                return
            self._client.create_index(
                **self._place,
                dataType="float32",
                dimension=dim,
                distanceMetric="cosine",
                metadataConfiguration={"nonFilterableMetadataKeys": [_TEXT, _NUMBERS]},
            )

    def drop(self) -> None:
        """Remove the index, if it is there, with all it holds."""
        with _in_words("remove an index"):
            try:
                self._client.delete_index(**self._place)
            except ClientError as error:
                if code_of(error) != "NotFoundException":
                    raise

    def put(self, vectors: Iterable[Carrying]) -> None:
        """Add vectors, or replace those of the same keys."""
        for batch in _batches(vectors):
            with _in_words("put vectors"):
                self._client.put_vectors(**self._place, vectors=[_described(one) for one in batch])

    def delete(self, keys: Sequence[str]) -> None:
        """Remove vectors. Those that are not there are no error."""
        for start in range(0, len(keys), PUT_AT_ONCE):
            with _in_words("delete vectors"):
                self._client.delete_vectors(**self._place, keys=list(keys[start : start + PUT_AT_ONCE]))

    def get(self, keys: Sequence[str]) -> dict[str, Carrying]:
        """What is there of these keys, by key."""
        found: dict[str, Carrying] = {}
        for start in range(0, len(keys), GET_AT_ONCE):
            with _in_words("get vectors"):
                answer = self._client.get_vectors(
                    **self._place, keys=list(keys[start : start + GET_AT_ONCE]), returnMetadata=True
                )
            found |= {one["key"]: _carried(one) for one in answer["vectors"]}
        return found

    def nearest(self, vector: Vector, k: int) -> list[Nearest]:
        """About the `k` keys nearest to the unit `vector`, at most `MOST_NEAREST`, the nearest first."""
        found: list[Nearest] = []
        page: dict[str, str] = {}
        while True:
            with _in_words("search"):
                answer = self._client.query_vectors(
                    **self._place,
                    topK=min(k, MOST_NEAREST),
                    queryVector={"float32": vector.tolist()},
                    returnDistance=True,
                    returnMetadata=True,
                    **page,
                )
            found += [Nearest(_carried(one), min(1.0, max(-1.0, 1.0 - one["distance"]))) for one in answer["vectors"]]
            if not (token := answer.get("nextToken")):
                return found
            page = {"nextToken": token}


def _described(one: Carrying) -> dict[str, object]:
    numbers = base64.b64encode(one.numbers.astype("<f2").tobytes()).decode()
    metadata = {_TEXT: one.text, _NUMBERS: numbers}
    return {"key": one.key, "data": {"float32": one.vector.tolist()}, "metadata": metadata}


def _carried(answered: Mapping[str, Any]) -> Carrying:
    """Raises DamagedIndex: what is stored is not what was put."""
    try:
        metadata = answered["metadata"]
        numbers = np.frombuffer(base64.b64decode(metadata[_NUMBERS], validate=True), "<f2")
        return Carrying(answered["key"], numbers, metadata[_TEXT])
    except (KeyError, ValueError, TypeError) as error:
        raise DamagedIndex(f"S3 Vectors holds {answered.get('key')!r} otherwise than it was put: {error!r}") from None


def indexes_in(client: VectorsClient, bucket: str, prefix: str) -> Iterator[str]:
    """Names of the indexes in a vector bucket that begin with `prefix`.

    Raises:
        IndexUnavailable, IndexRefused, DamagedIndex: see `VectorIndex`.
    """
    page: dict[str, str] = {}
    while True:
        with _in_words("list indexes"):
            answer = client.list_indexes(vectorBucketName=bucket, prefix=prefix, **page)
        yield from (one["indexName"] for one in answer["indexes"] if one["indexName"].startswith(prefix))
        if not (token := answer.get("nextToken")):
            return
        page = {"nextToken": token}


def _batches(vectors: Iterable[Carrying]) -> Iterator[list[Carrying]]:
    """As many at a time as one request may hold."""
    batch: list[Carrying] = []
    size = 0
    for one in vectors:
        own = len(json.dumps(one.text))
        if len(batch) == PUT_AT_ONCE or (batch and size + own > _PUT_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += own
    if batch:
        yield batch


@contextmanager
def _in_words(doing: str) -> Iterator[None]:
    """What goes wrong at AWS, as an error of ours."""
    try:
        yield
    except ClientError as error:
        code = code_of(error)
        if code in _FOR_A_WHILE:
            raise IndexUnavailable(f"S3 Vectors does not {doing} now: {code}") from None
        if code == "NotFoundException":
            raise DamagedIndex(
                f"S3 Vectors cannot {doing}: {error.response['Error']['Message']}",
                hint="If it was removed by hand: delete s3-vectors.json in the index bucket, then make vectors.",
            ) from None
        raise IndexRefused(
            f"S3 Vectors will not {doing}: {code}: {error.response['Error']['Message']}",
            hint="AccessDenied: what the role may do is in infra/modules/vectors. Otherwise a limit of the service.",
        ) from None
    except (HTTPClientError, NoConnection) as error:
        raise IndexUnavailable(f"S3 Vectors does not {doing} now: {type(error).__name__}") from None
