"""A DynamoDB table as rows of plain values: keys, batches, pages and conditions, for all the tables."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

from boto3.dynamodb.types import Binary, TypeDeserializer, TypeSerializer

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.literals import ReturnValueType
    from types_boto3_dynamodb.type_defs import (
        AttributeValueTypeDef,
        KeysAndAttributesTypeDef,
        KeysAndAttributesUnionTypeDef,
        ScanInputTypeDef,
        WriteRequestUnionTypeDef,
    )

Item = Mapping[str, "AttributeValueTypeDef"]
"""A row as DynamoDB's wire format has it: ``{"track_id": {"S": …}, …}``."""
Row = Mapping[str, Any]
"""Attributes by name: texts, numbers, bytes, lists and mappings of these."""

_BATCH_GET_LIMIT = 100
_BATCH_WRITE_LIMIT = 25
_EXACT = 10**38
"""DynamoDB's numbers have so many digits."""
_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize
_T = TypeVar("_T")


class _Condition(TypedDict, total=False):
    ConditionExpression: str
    ExpressionAttributeValues: Mapping[str, "AttributeValueTypeDef"]


class Table:
    """Reads and writes rows. Reads are strongly consistent; writes may ask that a condition holds.

    Args:
        client: a boto3 DynamoDB *client*.
        name: the table's name.
    """

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self._client = client
        self._name = name
        # Looked up here, before threads share the client: two that do it at once get two different classes.
        self._refused = client.exceptions.ConditionalCheckFailedException

    def get(self, key: Row) -> Row | None:
        """The row with this key, or None."""
        answer = self._client.get_item(TableName=self._name, Key=to_item(key), ConsistentRead=True)
        return from_item(answer["Item"]) if "Item" in answer else None

    def glance(self, key: Row) -> Row | None:
        """The same as it may have been a moment ago, at half the cost."""
        answer = self._client.get_item(TableName=self._name, Key=to_item(key))
        return from_item(answer["Item"]) if "Item" in answer else None

    def get_many(self, keys: Iterable[Row], attributes: Sequence[str] = ()) -> Iterator[Row]:
        """Those of the rows that exist, in any order; with `attributes`, only these of them."""
        for batch in batches(keys, _BATCH_GET_LIMIT):
            left: KeysAndAttributesUnionTypeDef | None = _wanted(batch, attributes)
            while left:
                answer = self._client.batch_get_item(RequestItems={self._name: left})
                yield from map(from_item, answer["Responses"].get(self._name, ()))
                left = answer.get("UnprocessedKeys", {}).get(self._name)

    def query(self, key: Row) -> Iterator[Row]:
        """The rows of a partition (`key`: its one attribute), in order."""
        return self._with_key(key, ConsistentRead=True)

    def indexed(self, index: str, key: Row) -> Iterator[Row]:
        """What the secondary index holds of the rows with `key` (its one attribute), in any order. What was written
        within the last second or so may be missing."""
        return self._with_key(key, IndexName=index)

    def _with_key(self, key: Row, **where: Any) -> Iterator[Row]:
        ((name, value),) = to_item(key).items()
        pages = self._client.get_paginator("query").paginate(
            TableName=self._name,
            KeyConditionExpression=f"{name} = :{name}",
            ExpressionAttributeValues={f":{name}": value},
            **where,
        )
        for page in pages:
            yield from map(from_item, page["Items"])

    def some(self, first: Row, count: int) -> list[Row]:
        """The first `count` rows of a partition from the key `first` on, which need not be there itself."""
        (partition, _), (sort, _) = first.items()
        answer = self._client.query(
            TableName=self._name,
            ConsistentRead=True,
            KeyConditionExpression=f"#{partition} = :{partition} AND #{sort} >= :{sort}",
            ExpressionAttributeNames={f"#{name}": name for name in first},
            ExpressionAttributeValues=to_item({f":{name}": value for name, value in first.items()}),
            Limit=count,
        )
        return [from_item(item) for item in answer["Items"]]

    def last(self, key: Row, count: int) -> Iterator[Row]:
        """The last `count` rows of a partition (`key`: its one attribute), last first. It costs what they are."""
        ((name, value),) = to_item(key).items()
        pages = self._client.get_paginator("query").paginate(
            TableName=self._name,
            ConsistentRead=True,
            ScanIndexForward=False,
            KeyConditionExpression=f"{name} = :{name}",
            ExpressionAttributeValues={f":{name}": value},
            PaginationConfig={"MaxItems": count, "PageSize": count},
        )
        for page in pages:
            yield from map(from_item, page["Items"])

    def before(self, last: Row, first: str, count: int) -> Iterator[Row]:
        """Up to `count` rows of a partition, last first, whose sort key lies between `first` and that of `last`."""
        (partition, _), (sort, _) = last.items()
        pages = self._client.get_paginator("query").paginate(
            TableName=self._name,
            ConsistentRead=True,
            ScanIndexForward=False,
            KeyConditionExpression=f"#{partition} = :{partition} AND #{sort} BETWEEN :first AND :{sort}",
            ExpressionAttributeNames={f"#{name}": name for name in last},
            ExpressionAttributeValues=to_item({f":{name}": value for name, value in last.items()} | {":first": first}),
            PaginationConfig={"MaxItems": count, "PageSize": count},
        )
        for page in pages:
            yield from map(from_item, page["Items"])

    def scan(self, segment: int = 0, segments: int = 1) -> Iterator[Item]:
        """Every item of one of `segments` parts as stored, page by page. It costs what exists."""
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._name, ConsistentRead=True, Segment=segment, TotalSegments=segments
        )
        for page in pages:
            yield from page["Items"]

    def pages(
        self, attributes: Sequence[str], filter_: str, values: Row, after: Row | None = None
    ) -> Iterator[tuple[list[Row], Row | None]]:
        """Every row for which `filter_` (of `values`) holds, these attributes of it, and the key to go on after.

        In `filter_` an attribute `name` of `values` is called ``#name``. It costs what exists.
        """
        named = {*attributes, *(name.removeprefix(":") for name in values)}
        request: ScanInputTypeDef = {
            "TableName": self._name,
            "FilterExpression": filter_,
            "ProjectionExpression": ", ".join(map("#{}".format, attributes)),
            "ExpressionAttributeNames": {f"#{name}": name for name in sorted(named)},
            "ExpressionAttributeValues": to_item(values),
        }
        if after:
            request["ExclusiveStartKey"] = to_item(after)
        while True:
            answer = self._client.scan(**request)
            last = answer.get("LastEvaluatedKey")
            yield [from_item(item) for item in answer["Items"]], from_item(last) if last else None
            if not last:
                return
            request["ExclusiveStartKey"] = last

    def put(self, row: Row, condition: str | None = None, values: Row | None = None) -> bool:
        """Write the whole row. False when `condition` (of `values`: ``{":name": …}``) did not hold."""
        try:
            self._client.put_item(TableName=self._name, Item=to_item(row), **_condition(condition, values))
        except self._refused:
            return False
        return True

    def put_many(self, rows: Iterable[Row]) -> None:
        """Write whole rows."""
        for batch in batches(rows, _BATCH_WRITE_LIMIT):
            left: Sequence[WriteRequestUnionTypeDef] = [{"PutRequest": {"Item": to_item(row)}} for row in batch]
            while left:
                answer = self._client.batch_write_item(RequestItems={self._name: left})
                left = answer.get("UnprocessedItems", {}).get(self._name, ())

    def delete_many(self, keys: Iterable[Row]) -> None:
        """Remove rows, those that are there."""
        for batch in batches(keys, _BATCH_WRITE_LIMIT):
            left: Sequence[WriteRequestUnionTypeDef] = [{"DeleteRequest": {"Key": to_item(key)}} for key in batch]
            while left:
                answer = self._client.batch_write_item(RequestItems={self._name: left})
                left = answer.get("UnprocessedItems", {}).get(self._name, ())

    def update(
        self,
        key: Row,
        *,
        set_: Row,
        keep: Row | None = None,
        add: Row | None = None,
        remove: Sequence[str] = (),
        condition: str | None = None,
        values: Row | None = None,
        returns: "ReturnValueType" = "NONE",
    ) -> Row | None:
        """Write some attributes, creating the row where it is missing.

        `set_` overwrites, `keep` fills what is missing, `add` adds to numbers (a missing one is 0).

        In `condition` an attribute that is written is called ``#name``, and the value that it is set to ``:name``.

        Returns:
            What `returns` asks for, empty where that is nothing; None when `condition` did not hold.
        """
        kept = {name: value for name, value in (keep or {}).items() if name not in set_}
        assignments = [f"#{name} = :{name}" for name in set_]
        assignments += [f"#{name} = if_not_exists(#{name}, :{name})" for name in kept]
        addition = " ADD " + ", ".join(f"#{name} :{name}" for name in add) if add else ""
        removal = " REMOVE " + ", ".join(map("#{}".format, remove)) if remove else ""
        assigned = {f":{name}": value for name, value in {**set_, **kept, **(add or {})}.items()}
        try:
            answer = self._client.update_item(
                TableName=self._name,
                Key=to_item(key),
                UpdateExpression="SET " + ", ".join(assignments) + addition + removal,
                ExpressionAttributeNames={f"#{name}": name for name in (*set_, *kept, *(add or ()), *remove)},
                ReturnValues=returns,
                **_condition(condition, {**assigned, **(values or {})}),
            )
        except self._refused:
            return None
        return from_item(answer.get("Attributes", {}))

    def delete(self, key: Row, condition: str | None = None, values: Row | None = None) -> bool:
        """Remove the row, if it is there. False when `condition` did not hold."""
        try:
            self._client.delete_item(TableName=self._name, Key=to_item(key), **_condition(condition, values))
        except self._refused:
            return False
        return True


def to_item(row: Row) -> dict[str, "AttributeValueTypeDef"]:
    """The row on the wire."""
    return {name: _to_value(value) for name, value in row.items()}


def from_item(item: Item) -> Row:
    """The row in an item or a stream's image (with binary values as bytes)."""
    return {n: value["S"] if "S" in value else _plain(_deserialize(value)) for n, value in item.items()}


def _to_value(value: object) -> "AttributeValueTypeDef":
    # What rows mostly consist of; boto3's own way goes through decimal numbers and ten questions of what it is.
    if isinstance(value, str):
        return {"S": value}
    if type(value) is int and -_EXACT < value < _EXACT:
        return {"N": str(value)}
    if type(value) is list:
        return {"L": [_to_value(part) for part in value]}
    return _serialize(_decimal(value))


def _decimal(value: object) -> object:
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, dict):
        return {name: _decimal(part) for name, part in value.items()}
    return [_decimal(part) for part in value] if isinstance(value, list) else value


def _plain(value: object) -> object:
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case Binary():
            return bytes(value)  # type: ignore[call-overload]  # it has __bytes__, its stubs do not
        case list():
            return [_plain(part) for part in value]
        case dict():
            return {name: _plain(part) for name, part in value.items()}
    return value


def _wanted(keys: Iterable[Row], attributes: Sequence[str]) -> "KeysAndAttributesTypeDef":
    wanted: KeysAndAttributesTypeDef = {"Keys": [to_item(key) for key in keys], "ConsistentRead": True}
    if attributes:
        wanted["ProjectionExpression"] = ", ".join(map("#{}".format, attributes))
        wanted["ExpressionAttributeNames"] = {f"#{name}": name for name in attributes}
    return wanted


def _condition(expression: str | None, values: Row | None) -> _Condition:
    condition: _Condition = {}
    if expression:
        condition["ConditionExpression"] = expression
    if values:
        condition["ExpressionAttributeValues"] = to_item(values)
    return condition


def batches(rows: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """`rows` in lists of `size`, the last one perhaps shorter."""
    remaining = iter(rows)
    while batch := list(islice(remaining, size)):
        yield batch
