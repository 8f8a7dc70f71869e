"""Requests as they come: parameters and bodies, checked as the API checks them; what is not served is said."""

from collections.abc import Mapping
from typing import Any, TypeVar, get_origin
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError

from api.http.options import OptionParameters
from earshot.errors import InvalidRequest, NotServedHere

_MOST_PROBLEMS = 5
NOT_SERVED = ("genre", "not_artist", "folder", "listening", "format", "path_root")
"""Options of the API that a shard cannot answer for its part: names with commas mean what the whole catalogue says they
mean, and what is played together is of all tracks."""

_Asked = TypeVar("_Asked", bound=BaseModel)


def in_query(model: type[_Asked], query: str) -> _Asked:
    """What the query string of an address asks for. A parameter that is repeated is joined by commas, as gateways do.

    Raises:
        InvalidRequest: it breaks the contract.
    """
    given: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        given[name] = f"{given[name]},{value}" if name in given else value
    lists = {name for name, field in model.model_fields.items() if get_origin(field.annotation) is list}
    return _checked(model, {name: value.split(",") if name in lists else value for name, value in given.items()})


def in_body(model: type[_Asked], body: bytes) -> _Asked:
    """What a body of JSON asks for.

    Raises:
        InvalidRequest: it breaks the contract.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise _refusal(error) from None


def _checked(model: type[_Asked], given: Mapping[str, Any]) -> _Asked:
    if strange := [name for name in given if name in NOT_SERVED]:
        raise _not_served(strange[0])
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise _refusal(error) from None


def check_served(options: OptionParameters) -> None:
    """Refuse what cannot be asked of shards.

    Raises:
        NotServedHere
    """
    for name in NOT_SERVED:
        if name in options.model_fields_set and getattr(options, name):
            raise _not_served(name)


def _not_served(name: str) -> NotServedHere:
    return NotServedHere(
        f"`{name}` is not answered for a catalogue in shards", hint="docs/scaling.md says what the front door answers."
    )


def _refusal(error: ValidationError) -> InvalidRequest:
    """Which parameter was wrong and why, without echoing what was sent."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)[:_MOST_PROBLEMS]
    return InvalidRequest(
        "; ".join(f"{'.'.join(str(part)[:40] for part in one['loc']) or 'body'}: {one['msg']}" for one in problems)
    )
