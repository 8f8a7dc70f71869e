"""The OpenAPI document: what Powertools derives from the routes, completed where it falls short.

``python -m api.openapi > docs/openapi.json`` writes the copy that a test compares.
"""

import json
import sys
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from api.options import Options

_KEY = "key"
"""Needed only where the stage has keys."""
_FORM_LIST = {"style": "form", "explode": False}


def document(resolver: APIGatewayHttpResolver) -> dict[str, Any]:
    """OpenAPI 3.1, with everything that validation enforces."""
    found: dict[str, Any] = json.loads(resolver.get_openapi_json_schema())
    options = Options.model_json_schema()["properties"]
    for operation in _operations(found):
        names = {parameter["name"] for parameter in operation.get("parameters", ())}
        for parameter in operation.get("parameters", ()):
            if names >= options.keys() and parameter["name"] in options:
                parameter["schema"] = options[parameter["name"]]
            parameter["schema"] = _as_parameter(parameter["schema"])
            if parameter["schema"].get("type") == "array":
                parameter.update(_FORM_LIST)
        if "401" in operation["responses"]:
            operation["security"] = [{}, {_KEY: []}]
        if "304" in operation["responses"]:
            operation["responses"]["304"].pop("content", None)
        if "HTTPValidationError" in json.dumps(operation["responses"].get("422")):
            del operation["responses"]["422"]
        operation["responses"] = dict(sorted(operation["responses"].items()))
    found["components"]["securitySchemes"] = {_KEY: {"type": "apiKey", "in": "header", "name": "X-Api-Key"}}
    found["paths"] = dict(sorted(found["paths"].items()))
    _drop_unused_schemas(found)
    return found


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from path.values()


def _as_parameter(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter is left out rather than null, and is described beside its schema."""
    optional = schema.get("anyOf", ())
    if {"type": "null"} in optional:
        schema = optional[0] | {"title": schema["title"]}
    return {key: value for key, value in schema.items() if key not in ("description", "examples")}


def _drop_unused_schemas(document: dict[str, Any]) -> None:
    """Powertools always adds schemas of its own error bodies, which no answer of ours has."""
    schemas = document["components"]["schemas"]
    while True:
        text = json.dumps(document)
        unused = [name for name in schemas if f'"#/components/schemas/{name}"' not in text]
        if not unused:
            return
        for name in unused:
            del schemas[name]


@lru_cache(maxsize=1)
def document_text() -> str:
    """The document as it is served and committed."""
    from api.app import resolver  # the application imports this module

    return json.dumps(document(resolver()), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document_text())
