"""Loaded by every Python process that has this folder on its path: what real life breaks.

The functions' AWS calls fail at random: EARSHOT_FAULTS is the share of HTTP requests that do. A third is throttled, a
third never leaves, and a third is carried out with its answer lost. The hook sits below botocore's own retries, where a
real network fails.

The decoder is killed by files that end in an ID3v1 tag with the title `kills its decoder`.
"""

import ctypes
import importlib.abc
import importlib.machinery
import os
import random
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

_SHARE = float(os.environ.get("EARSHOT_FAULTS", "0"))
_THROTTLED_JSON = b'{"__type":"ThrottlingException","message":"injected"}'
_THROTTLED_XML = b"<Error><Code>SlowDown</Code><Message>injected</Message></Error>"
_KILLER = b"TAGkills its decoder"
_TAG_BYTES = 128


def _throttled(request: Any) -> Any:
    from botocore.awsrequest import AWSResponse
    from botocore.compat import HTTPHeaders

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
    headers = HTTPHeaders.from_pairs([("content-length", str(len(body)))])
    return AWSResponse(request.url, 400 if is_json else 503, headers, _Body(body))


def _fail_at_random(http: ModuleType) -> None:
    original = http.URLLib3Session.send

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

    http.URLLib3Session.send = send


def _die_of_marked_files(decode: ModuleType) -> None:
    original = vars(decode)["decode_file"]

    def decode_file(file: int, *arguments: Any) -> Any:
        if os.pread(file, len(_KILLER), max(0, os.fstat(file).st_size - _TAG_BYTES)) == _KILLER:
            ctypes.string_at(0)
        return original(file, *arguments)

    vars(decode)["decode_file"] = decode_file


class _Loader(importlib.abc.Loader):
    def __init__(self, loader: importlib.abc.Loader, patch: Callable[[ModuleType], None]) -> None:
        self._loader = loader
        self._patch = patch

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        self._patch(module)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, patches: dict[str, Callable[[ModuleType], None]]) -> None:
        self._patches = patches

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in self._patches:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._patches[fullname])
        return spec


if _SHARE and os.environ.get("AWS_LAMBDA_FUNCTION_NAME"):
    sys.meta_path.insert(0, _Finder({"botocore.httpsession": _fail_at_random}))
if "extractor.audio.decode_worker" in sys.orig_argv:
    sys.meta_path.insert(0, _Finder({"extractor.audio.decode": _die_of_marked_files}))
