"""The variables of serverless.yml: `${sls:stage}`, `${opt:stage, …}`, `${env:…}`, `${ssm:…}` and `${self:…}`."""

import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from earshot.errors import InvalidSettings

Lookup = Callable[[str], str]
"""The value of an SSM parameter by its name."""

_VARIABLE = re.compile(r"\$\{((?:[^${}]|\$(?!\{))*)\}")


class Resolver:
    """Replaces `${…}`: stage, environment, options, SSM parameters and other places of the file."""

    def __init__(self, *, stage: str, ssm: Lookup, document: Mapping[str, Any]) -> None:
        self._stage = stage
        self._ssm = ssm
        self._document = document

    def resolve(self, value: Any, where: str) -> Any:
        """`value` with every variable in it replaced, at any depth. `where` is named in errors.

        Raises:
            InvalidSettings: an unknown kind of variable, or one without value and default.
        """
        if isinstance(value, dict):
            return {key: self.resolve(inner, f"{where}.{key}") for key, inner in value.items()}
        if isinstance(value, list):
            return [self.resolve(inner, f"{where}[{number}]") for number, inner in enumerate(value)]
        if not isinstance(value, str):
            return value
        while match := _VARIABLE.search(value):
            found = self._variable(match[1], where)
            if match[0] == value:
                return self.resolve(found, where)
            value = value[: match.start()] + str(found) + value[match.end() :]
        return value

    def _variable(self, expression: str, where: str) -> Any:
        address, *fallback = (part.strip() for part in expression.split(",", 1))
        kind, _, name = address.partition(":")
        found: Any = None
        match kind:
            case "sls" if name == "stage":
                found = self._stage
            case "opt":
                found = self._stage if name == "stage" else None
            case "env":
                found = os.environ.get(name)
            case "ssm":
                return self._ssm(name)
            case "self":
                found = self._document
                for key in name.split("."):
                    found = found.get(key) if isinstance(found, dict) else None
            case _:
                raise InvalidSettings(f"{where}: the local stack cannot resolve ${{{expression}}}")
        if found is None:
            if not fallback:
                raise InvalidSettings(f"{where}: ${{{expression}}} has no value and no default")
            return fallback[0].strip("'\"")
        return found
