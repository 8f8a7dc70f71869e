"""What moto and its client work out anew in every request is worked out once: most of a test's time went there.

Nothing that moto answers changes; importing this module is enough.
"""

import functools
import string
import time
from collections import deque
from importlib import import_module
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlsplit

from requests.structures import CaseInsensitiveDict


def _part(name: str) -> Any:
    """A module of moto, of whose inside its types say nothing."""
    return import_module(f"moto.{name}")


_core, _responses, _backend, _json, _stubber = map(
    _part, ("core.models", "core.responses", "core.base_backend", "core.serialize", "core.botocore_stubber")
)
_random = _part("moto_api._internal.moto_random")
_sqs, _values, _comparisons = map(_part, ("sqs.models", "dynamodb.models.dynamo_type", "dynamodb.comparisons"))
_trees, _expressions, _validators = (
    _part(f"dynamodb.parsing.{name}") for name in ("ast_nodes", "expressions", "validators")
)

# A mock answers the library `requests`, too, by 200 patterns for each of seven methods, which every account registers
# anew. Who asks AWS that way here uploads.
_core.RESPONSES_METHODS[:] = ["PUT"]

# Who changes a tree works on a copy of it.
_parser = _expressions.UpdateExpressionParser
_parser.make = functools.cache(_parser.make)


def _copied(node: Any, memo: Any) -> Any:
    copy = object.__new__(type(node))
    copy.__dict__.update(node.__dict__, parent=None)
    if node.children is not None:
        copy.children = [_copied(child, memo) if isinstance(child, _trees.Node) else child for child in node.children]
        for child in copy.children:
            if isinstance(child, _trees.Node):
                child.parent = copy
    return copy


_trees.Node.__deepcopy__ = _copied

# These two look at everything below a node, and did so at each node again: what the root holds is all there is.
_counts, _overlaps = _validators.ActionCountValidator, _validators.OverlappingPathsValidator
_counts.traverse = _counts.verify_action_counts
_overlaps.traverse = _overlaps.check_for_overlapping_paths

# A condition's words are those of its text; a list of them is consumed, the words are not changed.
_conditions = _comparisons.ConditionExpressionParser
_words = _conditions._lex_condition_expression


@functools.cache
def _words_of(text: str) -> tuple[Any, ...]:
    return tuple(_words(_conditions(text, None, None)))


_conditions._lex_condition_expression = lambda parser: deque(_words_of(parser.condition_expression))

# Whose a request is, each service was asked in the order of the alphabet. No address of these three is another's, too.
_part("backend_index").backend_url_patterns.sort(key=lambda known: known[0] not in ("dynamodb", "sqs", "s3"))

_normalize = _stubber.normalize_request


def _what_is_asked(request: Any) -> Any:
    """Of a request in JSON what moto reads of it; the environment of a web server is made for others alone."""
    target = request.headers.get("X-Amz-Target", "")
    if not (target if isinstance(target, str) else target.decode()).startswith(("DynamoDB_", "AmazonSQS")):
        return _normalize(request)
    named = {name: text.decode() if isinstance(text, bytes) else text for name, text in request.headers.items()}
    headers, path = CaseInsensitiveDict(named), urlsplit(request.url).path
    return SimpleNamespace(
        **{"method": request.method, "raw_url": request.url, "path": path, "raw_path": path, "headers": headers},
        **{"data": request.body or b"", "form": {}, "files": {}, "values": {}, "environ": {}},
        **{"content_type": headers["Content-Type"], "content_encoding": None, "from_wsgi_server": False},
    )


_stubber.normalize_request = _what_is_asked

# The addresses of a service are those of its module; S3's was loaded anew twice in every request.
_addresses = _backend.BaseBackend.urls.fget
_addresses_of: Any = functools.cache(lambda kind: _addresses(object.__new__(kind)))
_backend.BaseBackend.urls = property(lambda backend: _addresses_of(type(backend)))


_responses.method_names_from_class = functools.cache(_responses.method_names_from_class)
_underscores = functools.cache(_responses.camelcase_to_underscores)
_responses.camelcase_to_underscores = _sqs.camelcase_to_underscores = _underscores

# Keys are compared by the thousand; a text is its own value.
_cast = _values.DynamoType.cast_value.fget
_values.DynamoType.cast_value = property(lambda typed: typed.value if typed.type == "S" else _cast(typed))

_kinds: dict[type, tuple[type, ...]] = {}
_nodes_to_be_processed = _trees.DepthFirstTraverser.nodes_to_be_processed


def _remembered(traverser: Any) -> tuple[type, ...]:
    """The classes of nodes that a kind of traverser processes, always the same."""
    kind = type(traverser)
    if kind not in _kinds:
        _kinds[kind] = _nodes_to_be_processed(traverser)
    return _kinds[kind]


_trees.DepthFirstTraverser.nodes_to_be_processed = _remembered

_serialize_structure = _json.BaseJSONSerializer._serialize_type_structure


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


_json.BaseJSONSerializer._serialize_type_structure = _serialize


def _now_millis() -> float:
    return time.time() * 1000


# Asked twice of each message, whenever one comes; by the calendar it took fifty times as long.
_sqs.unix_time_millis = _now_millis


def _random_string(source: Any, length: int = 20, include_digits: bool = True, lower_case: bool = False) -> str:
    found = "".join(source.choices(string.ascii_letters + (string.digits if include_digits else ""), k=length))
    return found.lower() if lower_case else found


# Each request has an id of 52 letters, which were drawn one by one.
_random.MotoRandom.get_random_string = _random_string

_auth, _agent, _utils = (cast("Any", import_module(f"botocore.{name}")) for name in ("auth", "useragent", "utils"))

# A client says of itself the same in every request, letter by letter, and reads the same times.
_agent.sanitize_user_agent_string_component = functools.cache(_agent.sanitize_user_agent_string_component)
_utils._parse_timestamp_with_tzinfo = functools.lru_cache(4096)(_utils._parse_timestamp_with_tzinfo)

_add_auth = _auth.SigV4Auth.add_auth


def _name_who_asks(signer: Any, request: Any) -> None:
    """Say who asks, and where; nobody here reads the signature. A signed address has one all the same."""
    if type(signer) not in (_auth.SigV4Auth, _auth.S3SigV4Auth) or signer.credentials is None:
        _add_auth(signer, request)
        return
    request.context["timestamp"] = _auth.get_current_datetime().strftime(_auth.SIGV4_TIMESTAMP)
    signer._modify_request_before_signing(request)
    scope = signer.scope(request)
    request.headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"


_auth.SigV4Auth.add_auth = _name_who_asks
