"""What moto works out anew in every request is worked out once: four fifths of a test's time went there.

Nothing that moto answers changes; importing this module is enough.
"""

import functools
import time
from typing import Any

import moto.sqs.models
from moto.core import models
from moto.core.base_backend import BaseBackend
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser, Node
from moto.dynamodb.parsing.expressions import UpdateExpressionParser
from moto.dynamodb.parsing.validators import ActionCountValidator, OverlappingPathsValidator

# A mock answers the library `requests`, too, by 200 patterns for each of seven methods, which every account registers
# anew. Who asks AWS that way here uploads.
models.RESPONSES_METHODS[:] = ["PUT"]

# Who changes a tree works on a copy of it.
UpdateExpressionParser.make = functools.cache(UpdateExpressionParser.make)


def _copied(node: Any, memo: Any) -> Any:
    copy = object.__new__(type(node))
    copy.__dict__.update(node.__dict__, parent=None)
    if node.children is not None:
        copy.children = [_copied(child, memo) if isinstance(child, Node) else child for child in node.children]
        for child in copy.children:
            if isinstance(child, Node):
                child.parent = copy
    return copy


Node.__deepcopy__ = _copied

# These two look at everything below a node, and did so at each node again: what the root holds is all there is.
ActionCountValidator.traverse = ActionCountValidator.verify_action_counts
OverlappingPathsValidator.traverse = OverlappingPathsValidator.check_for_overlapping_paths

# The addresses of a service are those of its module; S3's was loaded anew twice in every request.
_addresses = BaseBackend.urls.fget
BaseBackend.urls = property(lambda backend: _addresses_of(type(backend)))


@functools.cache
def _addresses_of(kind: type[BaseBackend]) -> Any:
    return _addresses(object.__new__(kind))


_kinds: dict[type, tuple[type, ...]] = {}
_nodes_to_be_processed = DepthFirstTraverser.nodes_to_be_processed


def _remembered(traverser: Any) -> tuple[type, ...]:
    """The classes of nodes that a kind of traverser processes, always the same."""
    kind = type(traverser)
    if kind not in _kinds:
        _kinds[kind] = _nodes_to_be_processed(traverser)
    return _kinds[kind]


DepthFirstTraverser.nodes_to_be_processed = _remembered

_serialize_structure = BaseJSONSerializer._serialize_type_structure


def _serialize(serializer: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    """Of DynamoDB's ``{"S": "text"}`` only what is there is looked for, not every type by each name it might have."""
    if shape.name == "AttributeValue" and key and isinstance(value, dict) and shape.members.keys() >= value.keys():
        wrapper: dict[str, Any] = {}
        for kind, content in value.items():
            if content is not None:
                serializer._serialize(wrapper, content, shape.members[kind], kind)
        serializer._default_serialize(serialized, wrapper, shape, key)
    else:
        _serialize_structure(serializer, serialized, value, shape, key)


BaseJSONSerializer._serialize_type_structure = _serialize


def _now_millis() -> float:
    return time.time() * 1000


# Asked twice of each message, whenever one comes; by the calendar it took fifty times as long.
moto.sqs.models.unix_time_millis = _now_millis
