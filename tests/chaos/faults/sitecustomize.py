"""Loaded by every Python process that has this folder on its path: makes the functions' AWS calls fail at random.

EARSHOT_FAULTS is the share of HTTP requests that fail: a third is throttled, a third never leaves, and a third is
carried out with its answer lost. The hook sits below botocore's own retries, where a real network fails.
"""

import importlib.abc
import importlib.machinery
import os
import random
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

_MODULE = "botocore.httpsession"
_SHARE = float(os.environ.get("EARSHOT_FAULTS", "0"))
_THROTTLED_JSON = b'{"__type":"ThrottlingException","message":"injected"}'
_THROTTLED_XML = b"<Error><Code>SlowDown</Code><Message>injected</Message></Error>"


def _throttled(request: Any) -> Any:
    from botocore.awsrequest import AWSResponse

    class _Body:
        def __init__(self, content: bytes) -> None:
            self._content = content

        def stream(self, **_: object) -> Any:
            yield self._content

        def read(self, *_: object) -> bytes:
            content, self._content = self._content, b""
            return content

    is_json = "json" in str(request.headers.get("Content-Type", ""))
    body = _THROTTLED_JSON if is_json else _THROTTLED_XML
    return AWSResponse(request.url, 400 if is_json else 503, {"content-length": str(len(body))}, _Body(body))


def _patch(module: ModuleType) -> None:
    original = module.URLLib3Session.send

    def send(session: Any, request: Any) -> Any:
        if random.random() >= _SHARE:
            return original(session, request)
        from botocore.exceptions import ConnectionClosedError, EndpointConnectionError

        match random.randrange(3):
            case 0:
                return _throttled(request)
            case 1:
                raise EndpointConnectionError(endpoint_url=request.url, error="injected")
            case _:
                original(session, request)
                raise ConnectionClosedError(endpoint_url=request.url, request=request)

    module.URLLib3Session.send = send


class _Loader(importlib.abc.Loader):
    def __init__(self, loader: importlib.abc.Loader) -> None:
        self._loader = loader

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        _patch(module)


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


if _SHARE and os.environ.get("AWS_LAMBDA_FUNCTION_NAME"):
    sys.meta_path.insert(0, _Finder())
