"""The OpenAPI document: what Powertools derives from the routes, completed where it falls short."""

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NotRequired, TypedDict

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from api.http.explained import explain
from api.http.families import families
from api.http.options import FilterParameters, OptionParameters, RadioParameters, RecommendParameters
from earshot.lists.writing import MEDIA_TYPES

NAMES_WITH_COMMAS = ("genre", "not_artist")
"""Lists that are given by repeating the parameter; others by commas."""
_KEY = "key"
"""Needed only where the stage has keys."""

Schema = dict[str, Any]
_LISTS: Schema = {media.partition(";")[0]: {} for media in MEDIA_TYPES.values()}
"""What answers also are, as `format` or Accept say."""


class _Parameter(TypedDict):
    name: str
    description: NotRequired[str]
    schema: Schema
    style: NotRequired[str]
    explode: NotRequired[bool]


class _Operation(TypedDict):
    parameters: NotRequired[list[_Parameter]]
    requestBody: NotRequired[Schema]
    responses: dict[str, Schema]
    security: NotRequired[list[dict[str, list[str]]]]


class _Components(TypedDict):
    schemas: dict[str, Schema]
    securitySchemes: NotRequired[dict[str, dict[str, str]]]


class Document(TypedDict):
    """OpenAPI 3.1, as far as it is completed here."""

    paths: dict[str, dict[str, _Operation]]
    components: _Components


@lru_cache(maxsize=1)
def document(resolver: APIGatewayHttpResolver) -> Document:
    """What the routes declare, with everything that validation enforces."""
    found: Document = json.loads(resolver.get_openapi_json_schema())
    models: list[dict[str, Schema]] = [
        model.model_json_schema()["properties"]
        for model in (RecommendParameters, RadioParameters, OptionParameters, FilterParameters)
    ]
    for operation in _operations(found):
        names = {parameter["name"] for parameter in operation.get("parameters", ())}
        options = next((properties for properties in models if names >= properties.keys()), {})
        for parameter in operation.get("parameters", ()):
            if parameter["name"] in options:
                parameter["schema"] = options[parameter["name"]]
            if "description" not in parameter and "description" in parameter["schema"]:
                parameter["description"] = parameter["schema"]["description"]
            parameter["schema"] = _as_parameter(parameter["schema"])
            if parameter["schema"].get("type") == "array":
                parameter["style"], parameter["explode"] = "form", parameter["name"] in NAMES_WITH_COMMAS
        if "format" in names | _names_in_body(operation, found["components"]["schemas"]):
            operation["responses"]["200"]["content"] = operation["responses"]["200"]["content"] | _LISTS
        if "401" in operation["responses"]:
            operation["security"] = [{}, {_KEY: []}]
        if "304" in operation["responses"]:
            operation["responses"]["304"].pop("content", None)
        if "HTTPValidationError" in json.dumps(operation["responses"].get("422")):
            del operation["responses"]["422"]
        operation["responses"] = dict(sorted(operation["responses"].items()))
    explain(resolver, found)
    found["paths"] |= families()
    found["components"]["securitySchemes"] = {_KEY: {"type": "apiKey", "in": "header", "name": "X-Api-Key"}}
    found["paths"] = dict(sorted(found["paths"].items()))
    _drop_unused_schemas(found)
    return found


def _operations(document: Document) -> Iterator[_Operation]:
    for path in document["paths"].values():
        yield from path.values()


def _names_in_body(operation: _Operation, schemas: dict[str, Schema]) -> set[str]:
    """The fields of what is sent, where that is a schema of its own."""
    text = json.dumps(operation.get("requestBody"))
    sent = [schema for name, schema in schemas.items() if f'"#/components/schemas/{name}"' in text]
    return {name for schema in sent for name in schema.get("properties", {})}


def _as_parameter(schema: Schema) -> Schema:
    """A parameter is left out rather than null, and is described beside its schema."""
    optional = schema.get("anyOf")
    if isinstance(optional, list) and {"type": "null"} in optional:
        schema = optional[0] | {"title": schema["title"]}
    return {key: value for key, value in schema.items() if key not in ("description", "examples")}


def _drop_unused_schemas(document: Document) -> None:
    """Powertools always adds schemas of its own error bodies, which no answer of ours has."""
    schemas = document["components"]["schemas"]
    while True:
        text = json.dumps(document)
        unused = [name for name in schemas if f'"#/components/schemas/{name}"' not in text]
        if not unused:
            return
        for name in unused:
            del schemas[name]


def text_of(resolver: APIGatewayHttpResolver) -> str:
    """The document as it is committed; what is served is half as long, without the spaces."""
    return json.dumps(document(resolver), indent=2, ensure_ascii=False) + "\n"
