"""Asks the HTTP API."""

import http.client
import json
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from earshot.errors import LocalStackError

_TIMEOUT_S = 35.0


class ApiClient:
    """One connection to the API at `url`.

    Args:
        url: its address, without a path.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.netloc, timeout=_TIMEOUT_S)
        self._url = url

    def get(self, path: str, **query: str | int) -> tuple[int, dict[str, Any]]:
        """Status and JSON body of GET `path`.

        Raises:
            LocalStackError: no answer, or one that is not JSON.
        """
        target = f"{path}?{urlencode(query)}" if query else path
        for attempt in range(2):
            try:
                self._connection.request("GET", target)
                answer = self._connection.getresponse()
                body: dict[str, Any] = json.loads(answer.read())
            except (http.client.HTTPException, ConnectionError):  # an idle connection that the server has closed
                self._connection.close()
                if attempt:
                    raise LocalStackError(f"{self._url} does not answer") from None
            except (OSError, ValueError) as error:
                raise LocalStackError(f"no usable answer from {self._url}{path}: {error}") from None
            else:
                return answer.status, body
        raise AssertionError  # the second attempt returns or raises

    def is_searchable(self, track_id: str) -> bool:
        """Whether the index version that the API answers from holds the track."""
        return bool(self.track(track_id).get("indexed"))

    def track(self, track_id: str) -> dict[str, Any]:
        """What `GET /tracks/{id}` says, or an empty object where it knows nothing."""
        status, body = self.get(f"/tracks/{quote(track_id, safe='')}")
        return body if status == HTTPStatus.OK else {}

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
