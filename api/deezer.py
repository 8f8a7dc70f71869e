"""Asks Deezer where the preview of a track can be heard now: the addresses it signs last a quarter of an hour."""

import http.client
import json
from urllib.parse import urlsplit

from aws_lambda_powertools import Logger

_logger = Logger(service="api")
_TIMEOUT_S = 3.0
_MAX_BYTES = 64 * 1024


def preview_url(api_url: str, number: str) -> str:
    """A freshly signed address of the preview of track `number`; empty where Deezer gives none, or no usable answer.

    `api_url` comes from the settings: https, or http on this machine. Redirects are not followed.
    """
    api = urlsplit(api_url)
    kind = http.client.HTTPSConnection if api.scheme == "https" else http.client.HTTPConnection
    connection = kind(api.netloc, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", f"{api.path.rstrip('/')}/track/{number}")
        found = json.loads(connection.getresponse().read(_MAX_BYTES)).get("preview")
    except (OSError, ValueError, AttributeError, http.client.HTTPException) as error:
        _logger.warning("Deezer gave no usable answer", error=repr(error))
        return ""
    finally:
        connection.close()
    return found if isinstance(found, str) else ""
