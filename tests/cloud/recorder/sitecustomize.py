"""Loaded by every Python process that has this folder on its path: notes each AWS call that a function makes.

One JSON line per call goes into the folder EARSHOT_RECORD_AWS_CALLS: function, service, operation, parameters. The
hook is set when botocore is imported, because a function brings its own botocore in its zip.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

_MODULE = "botocore.session"
_FUNCTION = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
_FOLDER = os.environ.get("EARSHOT_RECORD_AWS_CALLS")


def _record(params: dict[str, Any], model: Any, **_: object) -> None:
    named = {name: value for name, value in params.items() if isinstance(value, str) and name != "Body"}
    names = params.get("Names")
    if isinstance(names, list):
        named["Names"] = ",".join(names)
    tables = params.get("RequestItems")
    if isinstance(tables, dict):
        named["TableName"] = ",".join(tables)
    line = {
        "function": _FUNCTION,
        "service": model.service_model.service_name,
        "operation": model.name,
        "params": {name: value for name, value in named.items() if len(value) < 2000},
    }
    with Path(str(_FOLDER), f"{os.getpid()}.jsonl").open("a") as sink:
        sink.write(json.dumps(line) + "\n")


class _Loader(importlib.abc.Loader):
    def __init__(self, loader: importlib.abc.Loader) -> None:
        self._loader = loader

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        original = module.Session.__init__

        def hooked(session: Any, *args: Any, **kwargs: Any) -> None:
            original(session, *args, **kwargs)
            session.register("before-parameter-build", _record)

        module.Session.__init__ = hooked


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != _MODULE:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


if _FUNCTION and _FOLDER:
    sys.meta_path.insert(0, _Finder())
