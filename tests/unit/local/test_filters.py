import json
from typing import Any

import pytest

from earshot.errors import InvalidSettings
from local.filters import checked, matches

_EMBEDDED = {"dynamodb": {"NewImage": {"embedding": {"B": [{"exists": True}]}}}}


@pytest.mark.parametrize(
    ("pattern", "event", "expected"),
    [
        (_EMBEDDED, {"dynamodb": {"NewImage": {"embedding": {"B": "AAA="}}}}, True),
        (_EMBEDDED, {"dynamodb": {"NewImage": {"embedding": {"NULL": True}}}}, False),
        (_EMBEDDED, {"dynamodb": {"NewImage": {"status": {"S": "pending"}}}}, False),
        (_EMBEDDED, {"dynamodb": {"OldImage": {"embedding": {"B": "AAA="}}}}, False),
        ({"a": [{"exists": False}]}, {}, True),
        ({"a": {"b": [{"exists": False}]}}, {}, True),
        ({"a": [{"exists": False}]}, {"a": 1}, False),
        ({"a": [{"exists": True}]}, {"a": {"b": 1}}, False),  # only leaves exist
        ({"a": [{"exists": True}]}, {"a": None}, True),
        ({"eventName": ["INSERT", "MODIFY"]}, {"eventName": "MODIFY"}, True),
        ({"eventName": ["INSERT", "MODIFY"]}, {"eventName": "REMOVE"}, False),
        ({"n": [1]}, {"n": True}, False),
        ({"a": ["x"], "b": ["y"]}, {"a": "x", "b": "z"}, False),
        ({"a": [{"prefix": "file:"}]}, {"a": "file:12"}, True),
        ({"a": [{"prefix": "file:"}]}, {"a": 12}, False),
        ({"a": [{"anything-but": ["x"]}]}, {"a": "y"}, True),
        ({"a": [{"anything-but": ["x"]}]}, {"a": "x"}, False),
        ({"a": [{"anything-but": "x"}]}, {}, False),
    ],
)
def test_a_pattern_matches_what_lambda_would_match(
    pattern: dict[str, Any], event: dict[str, Any], expected: bool
) -> None:
    checked(pattern, "here")
    assert matches(pattern, event) is expected


@pytest.mark.parametrize(
    "pattern",
    [
        {},
        "text",
        {"a": "x"},
        {"a": []},
        {"a": [["x"]]},
        {"a": [{"numeric": [">", 1]}]},
        {"a": [{"exists": True, "prefix": "x"}]},
        {"a": {"b": {}}},
    ],
)
def test_an_unknown_or_malformed_rule_is_refused_when_the_file_is_read(pattern: Any) -> None:
    with pytest.raises(InvalidSettings, match="here"):
        checked(pattern, "here")


def test_the_refusal_names_the_place_and_the_rule() -> None:
    pattern = json.loads('{"dynamodb": {"NewImage": {"plays": {"N": [{"numeric": [">", 1]}]}}}}')
    with pytest.raises(InvalidSettings, match=r"patterns\[0\]\.dynamodb\.NewImage\.plays\.N.*numeric"):
        checked(pattern, "patterns[0]")
