"""A small client of the HTTP API: the standard library is enough."""

import json
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any
from urllib.parse import quote, urlencode

_TIMEOUT_S = 35.0


class ApiError(Exception):
    """What the API refused, or that it does not answer."""

    def __init__(self, message: str, hint: str = "", status: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.status = status


class Client:
    """Asks the API at `url`.

    Args:
        url: its address; http or https.
        key: an API key, where the stage wants one.

    Raises:
        ApiError: another scheme.
    """

    def __init__(self, url: str, *, key: str | None = None) -> None:
        if not url.startswith(("http://", "https://")):
            raise ApiError(f"not the address of an API: {url!r}", "Use http:// or https://.")
        self._url = url.rstrip("/")
        self._key = key

    def get(self, path: str, **query: Any) -> Any:
        """The JSON answer to GET `path`; parameters that are None are left out."""
        given = {name: value for name, value in query.items() if value is not None}
        return self._ask("GET", f"{path}?{urlencode(given, errors='replace')}" if given else path)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The JSON answer to POST `path`."""
        return self._ask("POST", path, json.dumps(body).encode())

    def _ask(self, method: str, path: str, body: bytes | None = None) -> Any:
        headers = {"Content-Type": "application/json"} | ({"X-Api-Key": self._key} if self._key else {})
        try:
            request = urllib.request.Request(self._url + path, body, headers, method=method)  # noqa: S310 (checked above)
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise _refusal(error) from None
        except (OSError, ValueError, HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise ApiError(
                f"no usable answer from {self._url}: {reason}", "Is it running? make up starts it."
            ) from None


def _refusal(error: urllib.error.HTTPError) -> ApiError:
    with error:
        try:
            problem = json.loads(error.read())["error"]
            return ApiError(problem["message"], problem["hint"], error.code)
        except (ValueError, KeyError, TypeError):
            return ApiError(f"the server answered {error.code}", status=error.code)


def segment(text: str) -> str:
    """`text` as one segment of a path."""
    return quote(text, safe="")
