"""The tracks table in DynamoDB. Every write is idempotent and conditional: events may repeat and overtake each other.

Two rules settle every race: an embedding of a newer preview wins over one of an older preview, and a track that is
ready is never turned back by somebody else's failure.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import Binary, TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from earshot.track import Status, Tag, Track, TrackInfo

Item = dict[str, Any]
"""An item as DynamoDB's wire format has it: ``{"track_id": {"S": …}, …}``."""

_BATCH_GET_LIMIT = 100
_INFO_FIELDS = tuple(f.name for f in fields(TrackInfo) if f.name != "track_id")
_NEWER_PREVIEW = "attribute_not_exists(preview_at) OR preview_at < :preview_at"
_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


def now_iso() -> str:
    """The current UTC time, ISO 8601 with microseconds: texts that sort like the times they name."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def track_from_item(item: Mapping[str, Any]) -> Track:
    """The track in a DynamoDB item or stream image (wire format, binary values as bytes)."""
    row = {name: _plain(_deserialize(value)) for name, value in item.items()}
    info = {name: row[name] for name in _INFO_FIELDS if name in row}
    info["artists"] = tuple(info.get("artists", ()))
    return Track(
        info=TrackInfo(track_id=row["track_id"], **{"source": "", **info}),
        status=Status(row.get("status", Status.PENDING)),
        tags=tuple(Tag(name, float(probability)) for name, probability in row.get("tags", ())),
        **{
            name: row.get(name)
            for name in (
                "reason",
                "model",
                "embedding",
                "drift",
                "provider",
                "preview_at",
                "created_at",
                "updated_at",
                "version_of",
            )
        },
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Binary):
        return bytes(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def _info_attributes(info: TrackInfo) -> dict[str, Any]:
    """Attributes of what is known: unknown values are left out so that they never erase known ones."""
    attributes = {name: getattr(info, name) for name in _INFO_FIELDS}
    attributes["artists"] = list(info.artists)
    return {name: value for name, value in attributes.items() if value not in (None, "", [])}


class TracksTable:
    """Reads and writes tracks.

    Args:
        client: a boto3 DynamoDB *client*.
        name: the table's name.
    """

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def get(self, track_id: str) -> Track | None:
        """The track, strongly consistent, or None."""
        item = self._client.get_item(TableName=self._name, Key=_key(track_id), ConsistentRead=True).get("Item")
        return track_from_item(item) if item else None

    def get_many(self, track_ids: Iterable[str]) -> dict[str, Track]:
        """Those of `track_ids` that exist, by id."""
        ids = list(dict.fromkeys(track_ids))
        found: dict[str, Track] = {}
        for start in range(0, len(ids), _BATCH_GET_LIMIT):
            wanted: dict[str, Any] = {
                self._name: {
                    "Keys": [_key(i) for i in ids[start : start + _BATCH_GET_LIMIT]],
                    "ConsistentRead": True,
                }
            }
            while wanted:
                answer = self._client.batch_get_item(RequestItems=wanted)
                for item in answer["Responses"].get(self._name, ()):
                    track = track_from_item(item)
                    found[track.track_id] = track
                wanted = answer.get("UnprocessedKeys") or {}
        return found

    def states(self, track_ids: Iterable[str]) -> dict[str, tuple[Status, str | None]]:
        """Status and reason of those of `track_ids` that exist, without their embeddings; eventually consistent.

        The reason of a track that shares another's embedding is ``version``.
        """
        ids = list(dict.fromkeys(track_ids))
        found: dict[str, tuple[Status, str | None]] = {}
        for start in range(0, len(ids), _BATCH_GET_LIMIT):
            wanted: dict[str, Any] = {
                self._name: {
                    "Keys": [_key(i) for i in ids[start : start + _BATCH_GET_LIMIT]],
                    "ProjectionExpression": "track_id, #status, #reason, version_of",
                    "ExpressionAttributeNames": {"#status": "status", "#reason": "reason"},
                }
            }
            while wanted:
                answer = self._client.batch_get_item(RequestItems=wanted)
                for item in answer["Responses"].get(self._name, ()):
                    reason = "version" if "version_of" in item else item.get("reason", {}).get("S")
                    found[item["track_id"]["S"]] = Status(item["status"]["S"]), reason
                wanted = answer.get("UnprocessedKeys") or {}
        return found

    def scan(self) -> Iterator[Track]:
        """Every track, page by page. For repairs only: it costs what exists."""
        return map(track_from_item, self.scan_items())

    def scan_items(self) -> Iterator[Item]:
        """Every item as stored, for a repair that has to survive one that is no track."""
        for page in self._client.get_paginator("scan").paginate(TableName=self._name, ConsistentRead=True):
            yield from page["Items"]

    def register(self, info: TrackInfo) -> bool:
        """Create the track as pending, or refresh what its source says of it. Status and embedding stay.

        Returns:
            Whether the track is new.
        """
        old = self._update(
            info.track_id,
            set_=_info_attributes(info),
            keep={"status": Status.PENDING.value, "created_at": now_iso()},
            returns="ALL_OLD",
        )
        return not old

    def reopen(self, track_id: str) -> bool:
        """Make a track without preview, or one that failed, pending again. False when it is neither."""
        return self._update_if(
            track_id,
            "#status IN (:failed, :no_preview)",
            set_={"status": Status.PENDING.value, "updated_at": now_iso()},
            remove=("reason",),
            values={":failed": Status.FAILED.value, ":no_preview": Status.NO_PREVIEW.value},
        )

    def store_embedding(
        self,
        info: TrackInfo,
        *,
        embedding: bytes,
        drift: bytes,
        tags: Iterable[Tag],
        model: str,
        preview_at: str,
        provider: str | None = None,
        version_of: str | None = None,
    ) -> bool:
        """Make the track ready, creating it from `info` where the table has lost it.

        `version_of`: the track whose embedding it shares.

        Returns:
            False when the table already holds this embedding or one of a newer preview.
        """
        keep = {**_info_attributes(info), "created_at": now_iso()}
        if provider is not None:
            keep["provider"] = provider
        return self._update_if(
            info.track_id,
            f"{_NEWER_PREVIEW} OR (preview_at = :preview_at AND (#status <> :ready OR #model <> :model))",
            set_={
                **({"version_of": version_of} if version_of else {}),
                "status": Status.READY.value,
                "embedding": embedding,
                "drift": drift,
                "tags": [[tag.name, Decimal(str(round(tag.probability, 6)))] for tag in tags],
                "model": model,
                "preview_at": preview_at,
                "updated_at": now_iso(),
            },
            keep=keep,
            remove=("reason",) if version_of else ("reason", "version_of"),
            values={":ready": Status.READY.value},
        )

    def mark_failed(self, info: TrackInfo, *, reason: str, preview_at: str) -> bool:
        """The preview fetched at `preview_at` cannot become an embedding. False when the track knows better."""
        return self._update_if(
            info.track_id,
            f"(attribute_not_exists(#status) OR #status <> :ready) AND ({_NEWER_PREVIEW} OR preview_at = :preview_at)",
            set_={
                "status": Status.FAILED.value,
                "reason": reason,
                "preview_at": preview_at,
                "updated_at": now_iso(),
            },
            keep={**_info_attributes(info), "created_at": now_iso()},
            values={":ready": Status.READY.value},
        )

    def mark_no_preview(self, track_id: str, *, reason: str) -> bool:
        """No provider has a preview. False when the track is ready or unknown."""
        return self._update_if(
            track_id,
            "attribute_exists(#status) AND #status <> :ready",
            set_={"status": Status.NO_PREVIEW.value, "reason": reason, "updated_at": now_iso()},
            values={":ready": Status.READY.value},
        )

    def mark_waiting(self, track_id: str, *, reason: str) -> bool:
        """Note why a pending track is still pending. False when it is not pending."""
        return self._update_if(
            track_id,
            "#status = :pending",
            set_={"status": Status.PENDING.value, "reason": reason, "updated_at": now_iso()},
            values={":pending": Status.PENDING.value},
        )

    def delete(self, track_id: str) -> None:
        """Remove the track; the stream carries the news to the index."""
        self._client.delete_item(TableName=self._name, Key=_key(track_id))

    def _update_if(self, track_id: str, condition: str, **update: Any) -> bool:
        try:
            self._update(track_id, condition=condition, **update)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def _update(
        self,
        track_id: str,
        *,
        set_: Mapping[str, Any],
        keep: Mapping[str, Any] | None = None,
        remove: Iterable[str] = (),
        condition: str | None = None,
        values: Mapping[str, Any] | None = None,
        returns: str = "NONE",
    ) -> Item:
        """One UpdateItem. `set_` overwrites, `keep` fills only what is missing."""
        keep = {name: value for name, value in (keep or {}).items() if name not in set_}
        assignments = [f"#{name} = :{name}" for name in set_]
        assignments += [f"#{name} = if_not_exists(#{name}, :{name})" for name in keep]
        expression = "SET " + ", ".join(assignments)
        names = {f"#{name}": name for name in (*set_, *keep)}
        if removed := tuple(remove):
            expression += " REMOVE " + ", ".join(f"#{name}" for name in removed)
            names |= {f"#{name}": name for name in removed}
        attribute_values = {f":{name}": _serialize(value) for name, value in {**set_, **keep}.items()}
        attribute_values |= {name: _serialize(value) for name, value in (values or {}).items()}
        request: dict[str, Any] = {
            "TableName": self._name,
            "Key": _key(track_id),
            "UpdateExpression": expression,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": attribute_values,
            "ReturnValues": returns,
        }
        if condition:
            request["ConditionExpression"] = condition
        old: Item = self._client.update_item(**request).get("Attributes", {})
        return old


def _key(track_id: str) -> dict[str, dict[str, str]]:
    return {"track_id": {"S": track_id}}
