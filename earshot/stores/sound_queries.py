"""Queries by sound: a clip goes up, its features come back, and nothing stays.

In the previews bucket: ``clips/<id>`` is the clip (whose upload wakes the extractor by a queue that no crawl fills),
``queries/<id>.json`` what was heard. Both are removed within the hour, the clip as soon as it was
heard.
"""

import base64
import json
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from earshot.clock import age
from earshot.descriptors import Descriptors
from earshot.errors import ClipTooLarge, InvalidInput, QueryNotFound
from earshot.ids import QueryId
from earshot.reasons import Reason
from earshot.stores.s3 import get_object
from earshot.track import Tag, descriptors_in

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import GetObjectOutputTypeDef

    from earshot.embedding import Embedding  # numpy, which the crawler goes without

KEPT = timedelta(minutes=50)
"""After this a query is no more; whoever sweeps removes it within ten minutes."""
UPLOAD_S = 120
"""How long an upload may begin at its address."""
MAX_CLIP_BYTES = 32 * 1024 * 1024
"""Of a clip that is uploaded."""

_CLIPS = "clips/"
_RESULTS = "queries/"
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Hearing:
    """What a clip sounds like at one level."""

    embedding: "Embedding"
    tags: tuple[Tag, ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """What the extractor made of a clip: features of the network `model`, or the reason why it has none.

    `louder`: of a quiet clip, the same as loud as records are.
    """

    model: str
    embedding: "Embedding | None" = None
    tags: tuple[Tag, ...] = ()
    reason: Reason | None = None
    message: str = ""
    descriptors: Descriptors | None = None
    louder: Hearing | None = None

    @property
    def hearings(self) -> tuple[Hearing, ...]:
        """First as the clip came; none where it could not be heard."""
        plain = (Hearing(self.embedding, self.tags),) if self.embedding else ()
        return (*plain, self.louder) if self.louder else plain

    def to_json(self) -> str:
        """As stored."""
        return json.dumps(
            {
                "model": self.model,
                **_written(self.embedding, self.tags),
                "louder": _written(self.louder.embedding, self.louder.tags) if self.louder else None,
                "reason": self.reason,
                "message": self.message,
                "descriptors": self.descriptors.to_row() if self.descriptors else None,
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> "Heard":
        """Inverse of `to_json`.

        Raises:
            InvalidInput: not what `to_json` writes.
        """
        try:
            data = json.loads(text)
            plain = _read(data) if data["embedding"] else None
            return cls(
                model=data["model"],
                embedding=plain.embedding if plain else None,
                tags=plain.tags if plain else (),
                louder=_read(data["louder"]) if data.get("louder") else None,
                reason=Reason(data["reason"]) if data["reason"] else None,
                message=data["message"],
                descriptors=descriptors_in(data),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidInput(f"not the result of a query by sound ({error!r})") from None


def _written(embedding: "Embedding | None", tags: Sequence[Tag]) -> dict[str, object]:
    features, drift = embedding.to_bytes() if embedding else (b"", b"")
    return {
        "embedding": base64.b64encode(features).decode(),
        "drift": base64.b64encode(drift).decode(),
        "tags": [[tag.name, tag.probability] for tag in tags],
    }


def _read(written: Mapping[str, Any]) -> Hearing:
    from earshot.embedding import Embedding  # numpy: only who reads features pays for it

    features, drift = base64.b64decode(written["embedding"]), base64.b64decode(written["drift"])
    return Hearing(Embedding.from_bytes(features, drift), tuple(Tag(*tag) for tag in written["tags"]))


@dataclass(frozen=True, slots=True)
class Upload:
    """An address to which a clip can be PUT with these `headers`, by whoever has it."""

    url: str
    headers: Mapping[str, str]


def check_size(size: int) -> None:
    """Refuse a clip of more bytes than are taken.

    Raises:
        ClipTooLarge
    """
    if size > MAX_CLIP_BYTES:
        raise ClipTooLarge(f"the clip has {size} bytes, the limit is {MAX_CLIP_BYTES}")


def new_query_id() -> QueryId:
    """An id that nobody guesses."""
    return QueryId(secrets.token_hex(16))


def query_id_of_key(key: str) -> QueryId | None:
    """The query whose clip is stored under `key`, or None when `key` is another object's."""
    query_id = key.removeprefix(_CLIPS)
    return QueryId(query_id) if query_id != key and _ID.fullmatch(query_id) else None


class SoundQueries:
    """Keeps queries by sound for as long as they live.

    Args:
        client: a boto3 S3 client.
        bucket: the previews bucket.
    """

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def open(self, query_id: QueryId) -> None:
        """A new query begins to live."""
        self._put(f"{_RESULTS}{query_id}.json", b"")

    def upload(self, query_id: QueryId, size: int, media_type: str) -> Upload:
        """Where a clip of exactly `size` bytes can be PUT.

        Size, type and that nothing lies there yet are signed: S3 takes nothing else, and the clip once.

        Raises:
            ClipTooLarge: no clip may have so many bytes.
        """
        check_size(size)
        signed = {"ContentLength": size, "ContentType": media_type, "IfNoneMatch": "*"}
        url = self._client.generate_presigned_url(
            "put_object", Params={"Bucket": self._bucket, "Key": _CLIPS + query_id, **signed}, ExpiresIn=UPLOAD_S
        )
        return Upload(url, {"Content-Type": media_type, "If-None-Match": "*"})

    @cached_property
    def origin(self) -> str:
        """Where uploads go, as a web page's policy names it: ``https://<bucket>.s3.<region>.amazonaws.com``."""
        url = self._client.generate_presigned_url("put_object", Params={"Bucket": self._bucket, "Key": "-"})
        return "{0.scheme}://{0.netloc}".format(urlsplit(url))

    def put_clip(self, query_id: QueryId, clip: bytes) -> None:
        """Store the clip, as its uploader would."""
        self._put(_CLIPS + query_id, clip)

    def clip(self, query_id: QueryId, *, max_bytes: int) -> bytes | None:
        """The clip, None when it is not there (or no longer).

        Raises:
            InvalidInput: it is larger than `max_bytes`; it was not read.
        """
        answer = self._get(_CLIPS + query_id)
        if answer is None:
            return None
        with answer["Body"] as body:
            if answer["ContentLength"] > max_bytes:
                raise InvalidInput(f"the clip has {answer['ContentLength']} bytes, the limit is {max_bytes}")
            return body.read()

    def is_open(self, query_id: QueryId) -> bool:
        """Whether the query lives and nothing was heard of it so far."""
        answer = self._get(f"{_RESULTS}{query_id}.json")
        return answer is not None and answer["ContentLength"] == 0

    def remove_clip(self, query_id: QueryId) -> None:
        """Remove the clip, if it is there."""
        self._client.delete_object(Bucket=self._bucket, Key=_CLIPS + query_id)

    def settle(self, query_id: QueryId, heard: Heard) -> None:
        """Keep what was heard; then remove the clip. May be repeated."""
        self.answer(query_id, heard)
        self.remove_clip(query_id)

    def answer(self, query_id: QueryId, heard: Heard) -> None:
        """Keep what was heard, where the query still lives."""
        if self._get(f"{_RESULTS}{query_id}.json") is not None:
            self._put(f"{_RESULTS}{query_id}.json", heard.to_json().encode())

    def heard(self, query_id: str) -> Heard | None:
        """What was heard; None while the clip has not been.

        Raises:
            QueryNotFound: there is no such query, or no longer.
        """
        answer = self._get(f"{_RESULTS}{query_id}.json") if _ID.fullmatch(query_id) else None
        if answer is None or age(answer["LastModified"]) > KEPT:
            raise QueryNotFound(f"no query {query_id[:40]!r}")
        with answer["Body"] as body:
            text = body.read()
        return Heard.from_json(text) if text else None

    def sweep(self) -> int:
        """Remove clips and results whose time is over; returns how many."""
        over = [key for prefix in (_CLIPS, _RESULTS) for key in self._over(prefix)]
        for key in over:
            self._client.delete_object(Bucket=self._bucket, Key=key)
        return len(over)

    def _put(self, key: str, body: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=key, Body=body)

    def _get(self, key: str) -> "GetObjectOutputTypeDef | None":
        return get_object(self._client, self._bucket, key)

    def _over(self, prefix: str) -> Iterator[str]:
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
            yield from (entry["Key"] for entry in page.get("Contents", ()) if age(entry["LastModified"]) > KEPT)
