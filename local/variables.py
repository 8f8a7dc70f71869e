"""The variables of serverless.yml: `${sls:…}`, `${opt:…}`, `${env:…}`, `${ssm:…}`, `${self:…}`, `${file(x.json):…}`."""

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from earshot.errors import InvalidSettings

Lookup = Callable[[str], str]
"""The value of an SSM parameter by its name."""

_VARIABLE = re.compile(r"\$\{((?:[^${}]|\$(?!\{))*)\}")
_FILE = re.compile(r"file\((.+\.json)\)")


class Resolver:
    """Replaces `${…}`: stage, environment, options, SSM parameters, other places of the file and of JSON files.

    Args:
        stage: value of `${sls:stage}`.
        ssm: looks up `${ssm:…}`.
        document: the whole file, for `${self:…}`.
        folder: what the paths of `${file(…)}` start from.
    """

    def __init__(self, *, stage: str, ssm: Lookup, document: Mapping[str, object], folder: Path) -> None:
        self._stage = stage
        self._ssm = ssm
        self._document = document
        self._folder = folder

    def resolve(self, value: object, where: str) -> object:
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

    def _variable(self, expression: str, where: str) -> object:
        address, *fallback = (part.strip() for part in expression.split(",", 1))
        kind, _, name = address.partition(":")
        found: object = None
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
                found = self._at(self._document, name, where)
            case _ if file := _FILE.fullmatch(kind):
                found = self._at(self._read(file[1], where), name, where)
            case _:
                raise InvalidSettings(f"{where}: the local stack cannot resolve ${{{expression}}}")
        if found is None:
            if not fallback:
                raise InvalidSettings(f"{where}: ${{{expression}}} has no value and no default")
            return fallback[0].strip("'\"")
        return found

    def _at(self, found: object, address: str, where: str) -> object:
        """What stands at `address` (keys and dots) below `found`; None where nothing does."""
        for key in address.split("."):
            found = self.resolve(found, where) if isinstance(found, str) else found
            found = found.get(key) if isinstance(found, dict) else None
        return found

    def _read(self, name: str, where: str) -> object:
        try:
            return json.loads((self._folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InvalidSettings(f"{where}: {name} cannot be read: {error}") from None
