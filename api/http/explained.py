"""What the OpenAPI document says for people: what each operation does, and an example of everything that travels.

Descriptions are the docstrings of the routes; examples lie in examples.json, which
``python -m tests.api_examples`` writes.
"""

import inspect
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

Schema = dict[str, Any]

_EXAMPLES = Path(__file__).parent / "examples.json"
_JSON = "application/json"


def explain(resolver: APIGatewayHttpResolver, document: Mapping[str, Any]) -> None:
    """Give every operation its description, and it, its parameters and its bodies their examples."""
    said = _docstrings(resolver)
    examples = json.loads(_EXAMPLES.read_text(encoding="utf-8"))
    for path in document["paths"].values():
        for operation in path.values():
            if operation["operationId"] in said:
                _explain(operation, said[operation["operationId"]], examples, document["components"]["schemas"])


def _explain(operation: Schema, said: str, examples: Schema, schemas: Schema) -> None:
    name = operation["operationId"]
    operation["description"] = said
    for parameter in operation.get("parameters", ()):
        shown = examples["after"] if parameter["name"] == "after" else examples["parameters"]
        key = name if parameter["name"] == "after" else parameter["name"]
        if key in shown:
            parameter["example"] = shown[key]
    if body := operation.get("requestBody"):
        content = body["content"][_JSON]
        body["description"] = _described(content["schema"], schemas)
        if name in examples["bodies"]:
            content["example"] = examples["bodies"][name]
    answer = next(response for status, response in operation["responses"].items() if status < "300")
    media = answer["content"].get(_JSON) or next(iter(answer["content"].values()))
    if name in examples["answers"]:
        media["example"] = examples["answers"][name]


def _described(schema: Schema, schemas: Schema) -> str:
    """The first line of what a body's model says of itself."""
    model = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return str(model.get("description", "")).partition("\n")[0]


def _docstrings(resolver: APIGatewayHttpResolver) -> dict[str, str]:
    """What the routes in the document say of themselves, by operation."""
    routes = [*resolver._static_routes, *resolver._dynamic_routes]  # it tells nobody else
    return {route.operation_id: inspect.getdoc(route.func) or "" for route in routes if route.include_in_schema}
