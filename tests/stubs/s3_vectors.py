"""Amazon S3 Vectors as its documentation says (userguide/s3-vectors*.html and API_S3VectorBuckets_*.html, 2026-10): the
operations of indexes and vectors, their limits and errors; search is exact, of which AWS only says that it nearly is.

What is cosine distance is not said there; it is one minus the cosine here, as in AWS's own adapter for LangChain.
"""

import json
import re
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.stubs.web import Answer, Request

PAGE = 100
"""Results of a query on a page, and no caller can ask for another number."""
_STATUS = {
    "ValidationException": 400, "ServiceQuotaExceededException": 402, "AccessDeniedException": 403,
    "NotFoundException": 404, "RequestTimeoutException": 408, "ConflictException": 409, "TooManyRequestsException": 429,
    "InternalServerException": 500, "ServiceUnavailableException": 503,
}  # fmt: skip
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ARN = "arn:aws:s3vectors:eu-central-1:123456789012:bucket"
_MOST_BYTES = 20 << 20
Vector = npt.NDArray[np.float32]


class Refused(Exception):
    """An error as the service names it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def error(code: str, message: str = "as asked for") -> Answer:
    """It as the service sends it."""
    return Answer.json({"message": message}, _STATUS[code], x_amzn_ErrorType=code)


@dataclass
class Index:
    """One index."""

    dimension: int
    metric: str
    unfilterable: Collection[str]
    vectors: dict[str, tuple[Vector, dict[str, Any]]] = field(default_factory=dict)


@dataclass
class S3VectorsStub:
    """`failing`: codes of the errors that the next requests get; `may`: the caller's permissions, None: all.

    `distance_of`: from a cosine.
    """

    buckets: dict[str, dict[str, Index]] = field(default_factory=dict)
    failing: list[str] = field(default_factory=list)
    may: set[str] | None = None
    distance_of: Callable[[float], float] = lambda cosine: 1 - cosine
    _pages: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request) -> Answer:
        operation = request.path.strip("/")
        with self._lock:
            if self.failing:
                return error(self.failing.pop(0))
            if len(request.body) > _MOST_BYTES:
                return error("ValidationException", "the payload is larger than 20 MiB")
            asked = json.loads(request.body)
            try:
                self._check_permission(operation, asked)
                return Answer.json(OPERATIONS[operation](self, asked))
            except Refused as refused:
                return error(refused.code, str(refused))

    def _check_permission(self, operation: str, asked: dict[str, Any]) -> None:
        needed = {operation}
        if operation in {"QueryVectors", "ListVectors"} and {"returnMetadata", "filter", "returnData"} & {
            name for name, value in asked.items() if value
        }:
            needed.add("GetVectors")
        if self.may is not None and needed - self.may:
            raise Refused("AccessDeniedException", f"not authorized to perform: s3vectors:{min(needed - self.may)}")

    def _bucket(self, asked: dict[str, Any]) -> dict[str, Index]:
        if asked["vectorBucketName"] not in self.buckets:
            raise Refused("NotFoundException", "The specified vector bucket could not be found")
        return self.buckets[asked["vectorBucketName"]]

    def _index(self, asked: dict[str, Any]) -> Index:
        if asked["indexName"] not in self._bucket(asked):
            raise Refused("NotFoundException", "The specified index could not be found")
        return self._bucket(asked)[asked["indexName"]]

    def create_vector_bucket(self, asked: dict[str, Any]) -> dict[str, Any]:
        name = asked["vectorBucketName"]
        if name in self.buckets:
            raise Refused("ConflictException", "A vector bucket with the specified name already exists")
        self.buckets[name] = {}
        return {"vectorBucketArn": f"{_ARN}/{name}"}

    def create_index(self, asked: dict[str, Any]) -> dict[str, Any]:
        bucket, name = self._bucket(asked), asked["indexName"]
        if not _NAME.fullmatch(name):
            raise Refused("ValidationException", f"Invalid index name {name}")
        if name in bucket:
            raise Refused("ConflictException", "An index with the specified name already exists")
        if not 1 <= asked["dimension"] <= 4096 or asked["dataType"] != "float32":
            raise Refused("ValidationException", "dimension must be 1 to 4096, of float32")
        keys = asked.get("metadataConfiguration", {}).get("nonFilterableMetadataKeys", [])
        if len(keys) > 10 or not all(1 <= len(key) <= 63 for key in keys):
            raise Refused("ValidationException", "at most 10 non-filterable keys of at most 63 characters")
        bucket[name] = Index(asked["dimension"], asked["distanceMetric"], keys)
        return {"indexArn": f"{_ARN}/{asked['vectorBucketName']}/index/{name}"}

    def get_index(self, asked: dict[str, Any]) -> dict[str, Any]:
        index = self._index(asked)
        return {"index": {**_named(asked), "dimension": index.dimension, "distanceMetric": index.metric}}

    def delete_index(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._index(asked)
        del self._bucket(asked)[asked["indexName"]]
        return {}

    def list_indexes(self, asked: dict[str, Any]) -> dict[str, Any]:
        names = sorted(name for name in self._bucket(asked) if name.startswith(asked.get("prefix", "")))
        start, most = int(asked.get("nextToken", 0)), asked.get("maxResults", 500)
        page = [_named({**asked, "indexName": name}) for name in names[start : start + most]]
        return {"indexes": page, **({"nextToken": str(start + most)} if start + most < len(names) else {})}

    def put_vectors(self, asked: dict[str, Any]) -> dict[str, Any]:
        index, vectors = self._index(asked), asked["vectors"]
        if not 1 <= len(vectors) <= 500:
            raise Refused("ValidationException", f"{len(vectors)} vectors; 1 to 500 in one request")
        checked = {one["key"]: (self._checked(index, one), one.get("metadata", {})) for one in vectors}
        index.vectors |= checked  # all or none
        return {}

    def _checked(self, index: Index, one: dict[str, Any]) -> Vector:
        vector, metadata = np.array(one["data"]["float32"], np.float32), one.get("metadata", {})
        if not 1 <= len(one["key"]) <= 1024:
            raise Refused("ValidationException", "keys have 1 to 1024 characters")
        if vector.shape != (index.dimension,):
            raise Refused(
                "ValidationException",
                f"Invalid record for key '{one['key']}': vector must have length {index.dimension}, but has length "
                f"{len(vector)}",
            )
        if not np.isfinite(vector).all() or (index.metric == "cosine" and not vector.any()):
            raise Refused("ValidationException", f"Invalid record for key '{one['key']}': not finite, or zero")
        filterable = {key: value for key, value in metadata.items() if key not in index.unfilterable}
        if len(metadata) > 50 or _bytes(metadata) > 40_960 or _bytes(filterable) > 2_048:
            raise Refused("ValidationException", f"Invalid record for key '{one['key']}': too much metadata")
        return vector

    def delete_vectors(self, asked: dict[str, Any]) -> dict[str, Any]:
        index = self._index(asked)
        if not 1 <= len(asked["keys"]) <= 500:
            raise Refused("ValidationException", "1 to 500 keys in one request")
        for key in asked["keys"]:
            index.vectors.pop(key, None)
        return {}

    def get_vectors(self, asked: dict[str, Any]) -> dict[str, Any]:
        index = self._index(asked)
        if not 1 <= len(asked["keys"]) <= 100:
            raise Refused("ValidationException", "1 to 100 keys in one request")
        return {"vectors": [_shown(index, key, asked) for key in asked["keys"] if key in index.vectors]}

    def list_vectors(self, asked: dict[str, Any]) -> dict[str, Any]:
        index, start, most = self._index(asked), int(asked.get("nextToken", 0)), asked.get("maxResults", 500)
        if not 1 <= most <= 1000:
            raise Refused("ValidationException", "1 to 1000 vectors on a page")
        keys = sorted(index.vectors)
        page = [_shown(index, key, asked) for key in keys[start : start + most]]
        return {"vectors": page, **({"nextToken": str(start + most)} if start + most < len(keys) else {})}

    def query_vectors(self, asked: dict[str, Any]) -> dict[str, Any]:
        index = self._index(asked)
        if token := asked.get("nextToken"):
            if token not in self._pages:
                raise Refused("ValidationException", "the token has expired")
            found = self._pages.pop(token)
        else:
            found = self._nearest(index, asked)
        page, rest = found[:PAGE], found[PAGE:]
        answer: dict[str, Any] = {"vectors": page, "distanceMetric": index.metric}
        if rest:
            token = f"page-{len(self._pages)}-{len(rest)}"
            self._pages[token] = rest
            answer["nextToken"] = token
        return answer

    def _nearest(self, index: Index, asked: dict[str, Any]) -> list[dict[str, Any]]:
        query = np.array(asked["queryVector"]["float32"], np.float32)
        if not 1 <= asked["topK"] <= 10_000:
            raise Refused("ValidationException", "topK must be 1 to 10000")
        if query.shape != (index.dimension,) or not np.isfinite(query).all() or not query.any():
            raise Refused("ValidationException", "the query vector has another dimension, or no direction")
        if "filter" in asked:
            raise Refused("ValidationException", "this stub knows no filters")
        if not index.vectors:
            return []
        keys = list(index.vectors)
        matrix = np.stack([index.vectors[key][0] for key in keys]).astype(np.float64)
        cosines = matrix @ query / (np.linalg.norm(matrix, axis=1) * np.linalg.norm(query.astype(np.float64)))
        order = np.argsort(-cosines, kind="stable")[: asked["topK"]].tolist()
        return [
            _shown(index, keys[i], {"returnMetadata": asked.get("returnMetadata")})
            | ({"distance": float(np.float32(self.distance_of(cosines[i])))} if asked.get("returnDistance") else {})
            for i in order
        ]


def _named(asked: dict[str, Any]) -> dict[str, Any]:
    bucket, name = asked["vectorBucketName"], asked["indexName"]
    return {
        "vectorBucketName": bucket, "indexName": name, "indexArn": f"{_ARN}/{bucket}/index/{name}",
        "creationTime": 1_795_000_000, "dataType": "float32",
    }  # fmt: skip


def _shown(index: Index, key: str, asked: dict[str, Any]) -> dict[str, Any]:
    vector, metadata = index.vectors[key]
    shown: dict[str, Any] = {"key": key}
    if asked.get("returnData"):
        shown["data"] = {"float32": vector.astype(float).tolist()}
    if asked.get("returnMetadata"):
        shown["metadata"] = metadata
    return shown


def _bytes(metadata: dict[str, Any]) -> int:
    return len(json.dumps(metadata, ensure_ascii=False).encode()) if metadata else 0


OPERATIONS: dict[str, Callable[[S3VectorsStub, dict[str, Any]], dict[str, Any]]] = {
    "CreateVectorBucket": S3VectorsStub.create_vector_bucket,
    "CreateIndex": S3VectorsStub.create_index,
    "GetIndex": S3VectorsStub.get_index,
    "DeleteIndex": S3VectorsStub.delete_index,
    "ListIndexes": S3VectorsStub.list_indexes,
    "PutVectors": S3VectorsStub.put_vectors,
    "DeleteVectors": S3VectorsStub.delete_vectors,
    "GetVectors": S3VectorsStub.get_vectors,
    "ListVectors": S3VectorsStub.list_vectors,
    "QueryVectors": S3VectorsStub.query_vectors,
}
